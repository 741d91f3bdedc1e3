"""Terminal output of a comparison of experiments."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.analysis.comparison import ExperimentComparison, Setup
from clau_doom.analysis.contrast_blocks import contrast_tables
from clau_doom.analysis.sections.ranking import ranking_section
from clau_doom.analysis.topsis import Ranking
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.cli.views.document import block_view, section_view
from clau_doom.statistics.effects import Contrast
from clau_doom.statistics.interval_format import interval

__all__ = ["comparison_view"]

_MANY_RUNS = 10


def comparison_view(comparison: ExperimentComparison) -> RenderableType:
    """Return the champions, the configurations, and each comparison with the baseline."""
    parts: list[RenderableType] = [
        Text(f"\nchampions on held-out seeds: {comparison.fitness} on {comparison.scenario}", "bold"),
        _champions(comparison),
        Text(f"\nagainst the champion of {comparison.baseline}", "bold"),
        *_contrasts(comparison.contrasts, [each.ours for each in comparison.contrasts]),
        Text("\nsetups: experiments that differ in name and seed only are runs of one setup", "bold"),
        _setups(comparison.setups),
        *_cautions(comparison.setups),
        _setup_contrasts(comparison),
    ]
    if isinstance(comparison.ranking, Ranking):
        parts.append(section_view(ranking_section(comparison.ranking), whole=True))
    parts += [Text(f"note: {remark}", "yellow") for remark in comparison.remarks]
    return Group(*parts)


def _champions(comparison: ExperimentComparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("champion", overflow="fold")
    for heading in ("setup", "seed", "episodes", "mean [95 %]", "interquartile mean [95 %]"):
        table.add_column(heading, justify="right")
    for row in comparison.entrants:
        base = row.id == comparison.baseline
        table.add_row(
            Text(row.agent, "bold green" if base else "bold"),
            str(row.setup),
            str(row.seed),
            str(row.fitness.n),
            interval(row.fitness),
            interval(row.aggregates.iqm),
        )
    return table


def _setups(setups: tuple[Setup, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("setup", justify="right")
    table.add_column("runs", justify="right")
    table.add_column("mean of runs [95 %]", justify="right")
    table.add_column("interquartile mean [95 %]", justify="right")
    table.add_column("experiments", overflow="fold")
    table.add_column("what differs from setup 0", overflow="fold")
    for setup in setups:
        table.add_row(
            str(setup.number),
            str(len(setup.experiments)),
            "-" if isinstance(setup.mean, Unavailable) else Text(interval(setup.mean), "bold"),
            "-" if isinstance(setup.runs, Unavailable) else interval(setup.runs.iqm),
            ", ".join(setup.experiments),
            "; ".join(setup.changes) or "-",
        )
    return table


def _cautions(setups: tuple[Setup, ...]) -> list[Text]:
    few = any(1 < len(setup.experiments) < _MANY_RUNS for setup in setups)
    told = f"of fewer than {_MANY_RUNS} runs, the bootstrap's interval of the interquartile mean is too narrow"
    return [Text(told, "dim")] if few else []


def _setup_contrasts(comparison: ExperimentComparison) -> RenderableType:
    if isinstance(comparison.setup_contrasts, Unavailable):
        return Text(comparison.setup_contrasts.missing, "dim")
    return Group(
        *_contrasts(comparison.setup_contrasts, [f"setup {setup.number}" for setup in _able(comparison.setups)]),
        Text("each run is one value, its champion's held-out mean; runs are independent samples", "dim"),
    )


def _contrasts(contrasts: Sequence[Contrast], names: Sequence[str]) -> list[RenderableType]:
    return [block_view(table, whole=True) for table in contrast_tables(contrasts, names)]


def _able(setups: tuple[Setup, ...]) -> list[Setup]:
    return [setup for setup in setups if setup.number and not isinstance(setup.runs, Unavailable)]
