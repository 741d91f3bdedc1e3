"""Terminal output of an experiment's results: generations, and agents on held-out seeds."""

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from clau_doom.analysis.document import Block
from clau_doom.app.document_rendering import block_view, section_view
from clau_doom.cli.console import ExitCode, data_console, progress_console
from clau_doom.domain import Purpose
from clau_doom.domain.budget import running_totals
from clau_doom.domain.snapshot import Snapshot

if TYPE_CHECKING:
    from clau_doom.app.catalog.experiment_outline import ExperimentOutline
    from clau_doom.config import ExperimentConfig

__all__ = ["generations_view", "show_result"]


def generations_view(outline: "ExperimentOutline") -> RenderableType:
    """Return the finished generations as a table, with the reasons why intervals are withheld."""
    from clau_doom.analysis.generation_table import generations_table, withheld_note
    from clau_doom.analysis.result_tables import generation_rows

    snapshot, unit = outline.snapshot, outline.configuration.budget.unit
    rows = generation_rows(snapshot.finished_generations)
    table = generations_table(rows, snapshot.experiment.id, unit, running_totals(unit, snapshot.summaries))
    blocks: list[Block] = [table, *withheld_note(rows)]
    return Group(*(block_view(block, whole=True) for block in blocks))


def show_result(snapshot: Snapshot, config: "ExperimentConfig", *, replay: str) -> ExitCode:
    """Print the results of a completed experiment, and return the command's exit code.

    Args:
        snapshot: The experiment.
        config: The configuration of the experiment.
        replay: The command that replays its champion.
    """
    from clau_doom.analysis.sections import held_out
    from clau_doom.app.analyze import analyse
    from clau_doom.ports import StoredExperiment

    stored = StoredExperiment(snapshot=snapshot, config=config, state=snapshot.state, last_activity=0.0)
    data_console().print(section_view(held_out.describe(analyse(stored)), whole=False))
    if snapshot.champion:
        progress_console().print(Text(f"film the champion: {replay}"), soft_wrap=True)
    played = [row for (purpose, _), row in snapshot.judging.items() if purpose is Purpose.HELD_OUT]
    missing = any(len(row) < config.holdout.episodes for row in played)
    failed = missing or any(summary.failed for summary in snapshot.summaries)
    return ExitCode.AGENTS_FAILED if failed else ExitCode.DONE
