"""Terminal output of an experiment's results: generations, and contestants on held-out seeds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.analysis import (
    ROLE_NAMES,
    GenerationRow,
    ResultTable,
    SelectionBias,
    generation_rows,
    held_out_table,
    telling_measures,
)
from clau_doom.cli.console import ExitCode, data_console, progress_console
from clau_doom.config import ExperimentConfig
from clau_doom.domain import AgentRef, Purpose, agent_id
from clau_doom.domain.snapshot import Snapshot
from clau_doom.number_format import number, number_with_interval, p_value, percent
from clau_doom.statistics.interval_format import interval, percent_interval

if TYPE_CHECKING:
    from clau_doom.analysis.experiment_analysis import HeldOut
    from clau_doom.statistics.effects import Contrast

__all__ = ["contrasts_table", "generations_table", "generations_view", "never_better", "result_view", "show_result"]


def generations_view(snapshot: Snapshot) -> RenderableType:
    """Return the finished generations as a table."""
    return generations_table(generation_rows(snapshot.finished_generations), snapshot.experiment.id)


def generations_table(rows: Sequence[GenerationRow], experiment: str) -> Table:
    """Return generations as a table; the best agent has its interval if known."""
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    known = any(row.best_interval for row in rows)
    for heading in ("generation", "best [95 %]" if known else "best", "mean [95 %]", "worst", "failed"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("best agent", overflow="fold")
    for row in rows:
        table.add_row(
            str(row.index),
            Text(interval(row.best_interval) if row.best_interval else number(row.best_fitness), "bold"),
            interval(row.mean),
            number(row.worst_fitness),
            Text(str(row.failed), "red") if row.failed else Text("0", "dim"),
            Text(_id(experiment, row.best) if row.best else "-", "dim"),
        )
    return table


def result_view(
    results: ResultTable | None,
    *,
    held_out: "Sequence[HeldOut]" = (),
    contrasts: "Sequence[Contrast]" = (),
    never_better: bool = False,
) -> RenderableType:
    """Return the results of the contestants on held-out seeds, with remarks.

    Args:
        results: The contestants, or None before their episodes.
        held_out: Robust estimates of the contestants; may be empty.
        contrasts: Comparisons of the champion with the others; if empty, only mean differences are shown.
        never_better: Whether generation 0's best is the champion.
    """
    if results is None:
        return Text("Nobody has played the held-out seeds yet: they are played when the last generation is finished.")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("held out", style="dim", header_style="dim", no_wrap=True)
    for row in results.rows:
        table.add_column(ROLE_NAMES[row.role], style="bold green" if row.role == "champion" else "", overflow="fold")
    table.add_row("agent", *(row.agent for row in results.rows))
    table.add_row("episodes", *(str(row.fitness.n) for row in results.rows))
    table.add_row("fitness", *(interval(row.fitness) for row in results.rows))
    if held_out:
        table.add_row("its median", *(interval(each.aggregates.median) for each in held_out))
        table.add_row("its interquartile mean", *(interval(each.aggregates.iqm) for each in held_out))
    for place, (name, _) in enumerate(results.rows[0].measures):
        table.add_row(name.replace("_", " "), *(interval(row.measures[place][1]) for row in results.rows))
    _add_contrasts(table, contrasts)
    parts: list[RenderableType] = [table, Text("means with 95 % intervals", "dim")]
    parts += [_how(contrasts)] if contrasts else _leads(results)
    if never_better:
        parts.append(Text("generation 0's best is the champion: no later agent did better on the validation seeds."))
    if results.bias:
        parts.append(_bias(results.bias))
    return Group(*parts)


def contrasts_table(contrasts: "Sequence[Contrast]", names: Sequence[str] = ()) -> RenderableType:
    """Return comparisons with one baseline as a table, a row each.

    Args:
        contrasts: One family of comparisons.
        names: Display names; default: the names of the compared items.
    """
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("compared", overflow="fold")
    for heading in ("n", "difference [95 %]", "effect", "better in [95 %]", "p", "power", "80 % at"):
        table.add_column(heading, justify="right")
    for each, name in zip(contrasts, names or [each.ours for each in contrasts], strict=True):
        ahead = (each.difference.low or 0.0) > 0.0
        table.add_row(
            Text(name, "bold"),
            _count(each),
            Text(interval(each.difference), "bold green" if ahead else "bold"),
            _effect(each),
            percent_interval(each.improvement),
            p_value(each.p_holm),
            percent(each.power),
            "-" if each.needed is None else f"n = {each.needed}",
        )
    return Group(table, _how(contrasts))


def _add_contrasts(table: Table, contrasts: "Sequence[Contrast]") -> None:
    """Add the champion's comparisons to the rows of the other contestants."""
    if not contrasts:
        return
    rows: list[tuple[str, list[str | Text]]] = [
        ("champion ahead by", [Text(interval(each.difference), "bold") for each in contrasts]),
        ("effect", [_effect(each) for each in contrasts]),
        ("Cliff's delta", [interval(each.cliff_delta) for each in contrasts]),
        ("better in", [percent_interval(each.improvement) for each in contrasts]),
        ("p", [p_value(each.p_holm) for each in contrasts]),
        ("power", [_power(each) for each in contrasts]),
    ]
    table.add_section()
    for name, cells in rows:
        table.add_row(name, "", *cells)


def _count(contrast: "Contrast") -> str:
    return f"{contrast.n} pairs" if contrast.paired else f"{contrast.n} and {contrast.n_theirs}"


def _effect(contrast: "Contrast") -> str:
    return f"{'d_z' if contrast.paired else 'd'} {number(contrast.effect)}"


def _power(contrast: "Contrast") -> str:
    needed = "" if contrast.needed is None else f" (80 % at n = {contrast.needed})"
    return f"{percent(contrast.power)}{needed}"


def _how(contrasts: "Sequence[Contrast]") -> Text:
    tests = " and ".join(dict.fromkeys(each.test for each in contrasts))
    many = f", corrected by Holm for {len(contrasts)} comparisons" if len(contrasts) > 1 else ""
    pairs = [each.n for each in contrasts if each.paired]
    seeds = f"; {min(pairs)} common seeds" if pairs else ""
    return Text(f"p: {tests}{many}{seeds}; power: of that test, for the effect seen", "dim")


def show_result(snapshot: Snapshot, config: ExperimentConfig, *, replay: str) -> ExitCode:
    """Print the results of a completed experiment, and return the command's exit code.

    Args:
        snapshot: The experiment.
        config: The configuration of the experiment.
        replay: The command that replays its champion.
    """
    from clau_doom.app.plan import make_fitness

    fitness, measures = make_fitness(config), telling_measures(config.scenario.name)
    results = held_out_table(snapshot, fitness, measures)
    data_console().print(result_view(results, never_better=never_better(snapshot)))
    if snapshot.champion:
        progress_console().print(Text(f"see the champion play: {replay}"), soft_wrap=True)
    held_out = [row for (purpose, _), row in snapshot.judging.items() if purpose is Purpose.HELD_OUT]
    lacking = any(len(row) < config.holdout.episodes for row in held_out)
    failed = lacking or any(summary.failed for summary in snapshot.summaries)
    return ExitCode.AGENTS_FAILED if failed else ExitCode.DONE


def never_better(snapshot: Snapshot) -> bool:
    """Return whether the champion is generation 0's best."""
    return bool(snapshot.champion and snapshot.summaries and snapshot.champion[0] == snapshot.summaries[0].best)


def _leads(results: ResultTable) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for row in results.comparisons:
        apart = {True: "; the two intervals overlap", False: "; the two intervals do not overlap", None: ""}
        ahead = f"champion minus {ROLE_NAMES[row.role]}, seed by seed: {interval(row.difference)}{apart[row.overlap]}"
        lines.append(Text(ahead, "green" if (row.difference.low or 0) > 0 else ""))
    return lines


def _bias(bias: SelectionBias) -> Text:
    told = f"{number(bias.training)} in training, {number(bias.held_out)} held out, n = {bias.n}"
    estimate = number_with_interval(bias.value, bias.low, bias.high)
    return Text(f"selection bias of the champion's fitness: {estimate} ({told})")


def _id(experiment: str, ref: AgentRef) -> str:
    return agent_id(experiment, ref.generation, ref.index)
