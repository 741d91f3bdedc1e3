"""Terminal output and JSON of an experiment's status."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.app.catalog.experiment_outline import ExperimentOutline
from clau_doom.app.catalog.folder_source import LIVE, ExperimentOverview, overview_of
from clau_doom.app.text_format import clock
from clau_doom.cli.shared_options import resume_command
from clau_doom.domain import AgentStatus, Purpose
from clau_doom.domain.budget import BudgetUnit, running_totals
from clau_doom.domain.event_consumer_failure import LogReaderFailure
from clau_doom.domain.experiment import ExperimentState, GenerationSummary
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.processor_time import ProcessorTime
from clau_doom.domain.run_environment import RunEnvironment
from clau_doom.domain.snapshot import Snapshot
from clau_doom.escaping import printable, printable_message
from clau_doom.number_format import number
from clau_doom.storage import move_command

__all__ = ["experiment_json", "experiment_view", "next_command", "overview_json", "reader_failure_line"]

_KINDS = {"tensorboard", "mlflow", "wandb", "jsonl", "webhook"}
_TRACKER = " tracker"
"""End of a tracker's name, such as ``mlflow tracker``; that of a second one ends with its number."""


def overview_json(overview: ExperimentOverview) -> dict[str, object]:
    """Return an entry of the list of experiments."""
    active = datetime.fromtimestamp(overview.last_activity, UTC).isoformat(timespec="seconds")
    failures = [
        {"reader": each.reader, "failures": each.failures, "failing": each.failing, "error": each.error}
        for each in overview.reader_failures
    ]
    budget = overview.budget
    fields = asdict(overview)
    spent = fields.pop("spent")
    return {
        **fields,
        "generations_planned": overview.generations_planned,
        "budget": {"unit": budget.unit.value, "amount": budget.amount, "spent": spent},
        "state": overview.state.value,
        "last_activity": active,
        "reader_failures": failures,
    }


def reader_failure_line(failure: LogReaderFailure) -> Text:
    """Return a message about a failed reader of the log."""
    times = "once" if failure.failures == 1 else f"{failure.failures} times"
    outcome = ("is failing", "bold red") if failure.failing else ("was restarted", "yellow")
    return Text.assemble(
        f"{printable(failure.reader)} failed {times} and ", outcome, f": {printable_message(failure.error)}"
    )


def experiment_json(outline: ExperimentOutline, folder: str) -> dict[str, object]:
    """Return all data of an experiment in a folder, except its agents, which `agent list` has."""
    snapshot = outline.snapshot
    name, deviations = snapshot.experiment.id, snapshot.deviations
    champion = None
    if snapshot.champion is not None:
        ref, fitness = snapshot.champion
        champion = {"agent": ref.agent_id(snapshot.experiment.id), "validation_fitness": fitness}
    return {
        **overview_json(overview_of(outline, folder)),
        "seed": snapshot.experiment.seed,
        "history_sha256": history_sha256(snapshot.finished_generations),
        "deviations": {**asdict(deviations), "total": deviations.total},
        "champion": champion,
        "failed_agents": _failed_agents(snapshot),
        "unfinished_generation": _unfinished(outline),
        "generations": _summaries_json(name, snapshot.summaries),
        "processor_seconds": _processor_json(snapshot.processor_time),
        "provenance": dict(snapshot.experiment.provenance.facts),
        "environments": [_environment_json(each) for each in snapshot.environments],
    }


def next_command(outline: ExperimentOutline, folder: str, output_dir: Path) -> str | None:
    """Return the command that resumes an interrupted experiment or repairs a copied folder; None for others.

    The command is printed on its own line, because a table would wrap it.
    """
    name = outline.snapshot.experiment.id
    if folder != name:
        return move_command(output_dir / folder, name)
    return resume_command(name, output_dir) if outline.state is ExperimentState.INTERRUPTED else None


def experiment_view(outline: ExperimentOutline, folder: str, state_style: str) -> RenderableType:
    """Return the overview of an experiment, without its generations."""
    snapshot, config, deviations = outline.snapshot, outline.configuration, outline.snapshot.deviations
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("experiment", Text(folder, "bold"))
    if folder != snapshot.experiment.id:
        grid.add_row("copy of", f"{snapshot.experiment.id}: this folder is read-only")
    grid.add_row("state", Text(f"● {outline.state.value}", state_style))
    if snapshot.reason:
        grid.add_row("reason", snapshot.reason)
    grid.add_row("scenario", f"{config.scenario}, {config.policy} policy, {config.strategy}")
    budget = config.budget
    planned = f" of {budget.amount}" if budget.unit is BudgetUnit.GENERATIONS else ""
    grid.add_row("generations", f"{len(snapshot.summaries)}{planned}, {config.population} agents each")
    if not planned:
        grid.add_row("budget", budget.progress(snapshot.summaries))
    if unfinished := _unfinished(outline):
        grid.add_row("running", "generation {index}: {episodes_finished} of {episodes} episodes".format(**unfinished))
    if snapshot.champion:
        ref, fitness = snapshot.champion
        champion = (ref.agent_id(snapshot.experiment.id), "bold green")
        grid.add_row("champion", Text.assemble(champion, f", {number(fitness)} on validation seeds"))
    grid.add_row("running time", clock(snapshot.running_seconds))
    grid.add_row("processor time", snapshot.processor_time.summary)
    for commit in snapshot.environments[-1].commits if snapshot.environments else ():
        grid.add_row("commit", Text(f"{commit.summary} ({commit.folder})"))
    grid.add_row("history", Text(history_sha256(snapshot.finished_generations), "cyan"))
    parts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in asdict(deviations).items() if count)
    grid.add_row("deviations", Text(parts, "yellow") if parts else Text("none", "green"))
    if failed := _failed_agents(snapshot):
        grid.add_row("failed agents", Text(str(failed), "red"))
    for failure in outline.reader_failures:
        grid.add_row("log reader", reader_failure_line(failure).append(_tracker_remedy(failure, outline, folder)))
    return grid


def _tracker_remedy(failure: LogReaderFailure, outline: ExperimentOutline, folder: str) -> str:
    """Return the command that continues a failing tracker after the run, or an empty text."""
    name, mark, _ = failure.reader.partition(_TRACKER)
    if not mark or not failure.failing or outline.state in LIVE:
        return ""
    kind = name if name in _KINDS else "class"
    return f"; continue with clau-doom track {folder} --to {kind} and the tracker's options"


def _unfinished(outline: ExperimentOutline) -> dict[str, int] | None:
    snapshot = outline.snapshot
    if len(snapshot.generations) <= len(snapshot.summaries):
        return None
    index = snapshot.under_way
    agents = snapshot.generations[index]
    return {
        "index": index,
        "agents": len(agents),
        "agents_finished": sum(each.status is not AgentStatus.PENDING for each in agents),
        "episodes": len(agents) * outline.configuration.episodes,
        "episodes_finished": sum(len(snapshot.episodes.get(each.agent.ref, ())) for each in agents),
    }


def _failed_agents(snapshot: Snapshot) -> int:
    return sum(each.status is AgentStatus.FAILED for row in snapshot.generations for each in row)


def _processor_json(found: ProcessorTime) -> dict[str, float | int]:
    seconds = {purpose.value: found.of(purpose) for purpose in Purpose}
    return {**seconds, "total": found.total, "unmeasured_episodes": found.unmeasured}


def _environment_json(environment: RunEnvironment) -> dict[str, object]:
    return {
        "commits": [asdict(each) for each in environment.commits],
        "packages_sha256": environment.packages_sha256,
        "packages": dict(environment.packages),
    }


def _summaries_json(name: str, summaries: Sequence[GenerationSummary]) -> list[dict[str, object]]:
    episodes, tics = (running_totals(unit, summaries) for unit in (BudgetUnit.EPISODES, BudgetUnit.TICS))
    rows = []
    for summary, episodes_total, tics_total in zip(summaries, episodes, tics, strict=True):
        values = {key: value for key, value in asdict(summary).items() if key != "best"}
        totals = {"episodes_total": episodes_total, "tics_total": tics_total}
        rows.append({**values, **totals, "best_agent": summary.best.agent_id(name)})
    return rows
