"""Table of the expected running times to targets, with the caution about hits by noise."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from clau_doom.analysis.anytime import ConditionRuntimes, Targets
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Block, Cell, Column, Marked, Paragraph, Share, Table
from clau_doom.number_format import decimals_of, fixed
from clau_doom.statistics.anytime_performance import FEWEST_HITS, FEWEST_RUNS, SIMULATED, ExpectedRuntime

__all__ = ["runtime_blocks"]

_SHOWN = (0, 10, 20, 30, 40, 45, 50)
"""Rows of the table, if the targets follow the rule: 0, 20, 40, 60, 80, 90 and 100 % of the range."""

_NOTE = (
    "ERT, expected running time: the {unit} of all runs, up to the hit or to the end of the run, over the number of "
    "hits (Hansen et al. 2009). Without a hit, the {unit} of all runs are a lower bound. The 95 % interval is "
    "Student's t over runs on the log scale (Cochran 1977, Katz et al. 1978). It is withheld for fewer than "
    f"{FEWEST_HITS} hits or {FEWEST_RUNS} runs, and for runtimes of which most are equal. Restarts: a run without a "
    "hit is followed by another run, until a run has a hit. The column has the percentiles of the total {unit} in "
    f"{SIMULATED:,} simulated sequences. They describe single runtimes, and are not an interval of the ERT. Fewer than "
    f"{FEWEST_HITS} hits have no percentiles. Champions: champions with at least this mean on held-out seeds."
)


def runtime_blocks(data: ComparisonData, targets: Targets, conditions: Sequence[ConditionRuntimes]) -> Iterator[Block]:
    """Yield the table of the expected running times, and a caution if hits exceed the champions.

    Args:
        data: The compared experiments.
        targets: Targets of all conditions.
        conditions: Runtimes of each condition.
    """
    shown = _texts(targets, range(len(targets.values)) if targets.given else _SHOWN)
    rows = [(at, each) for at in shown for each in conditions]
    yield Table(
        title=f"Expected running time to targets, in {data.axis.noun}",
        columns=(
            Column("target"),
            *(() if targets.given else (Column("of range"),)),
            Column("condition", text=True),
            Column("hits"),
            Column("champions"),
            Column("ERT [95 %]"),
            Column("10 to 90 % of restarts"),
        ),
        rows=tuple((shown[at], *_row(data, targets, at, each)) for at, each in rows),
        note=" ".join([_NOTE.format(unit=data.axis.unit), *([] if targets.given else [_range([*shown.values()])])]),
    )
    if any(_exceeds(at, each) for at, each in rows):
        yield Paragraph(
            text=(
                "In rows with more hits than champions, many hits are noise of the validation fitness. Their running "
                "times are too small, and do not show that a condition reaches the target."
            ),
            kind="caution",
        )


def _range(targets: Sequence[str]) -> str:
    return (
        f"Of range: 0 % is {targets[0]}, the mean of generation 0's best agents on validation seeds. 100 % is "
        f"{targets[-1]}, the "
        "mean of the best of all compared champions on held-out seeds. Both ends follow from these runs. Targets that "
        "were set before the runs (`--target`) do not."
    )


def _exceeds(at: int, condition: ConditionRuntimes) -> bool:
    return condition.expected[at].successes > condition.champions[at]


def _row(data: ComparisonData, targets: Targets, at: int, condition: ConditionRuntimes) -> tuple[Cell, ...]:
    found, runs = condition.expected[at], len(condition.runs)
    middle = None if found.low is None or found.high is None else f"{found.low:,.0f} to {found.high:,.0f}"
    hits, champions = f"{found.successes} of {runs}", f"{condition.champions[at]} of {runs}"
    return (
        *(() if targets.given else (Share(value=at / (len(targets.values) - 1)),)),
        data.label(condition.condition),
        Marked(hits, "warning") if _exceeds(at, condition) else hits,
        champions,
        _ert(found),
        middle,
    )


def _texts(targets: Targets, shown: Sequence[int]) -> dict[int, str]:
    """Return the targets by place, with the decimals that distinguish neighbours, at least 2."""
    values = {at: targets.values[at] for at in shown}
    steps = [high - low for low, high in pairwise(values.values())]
    decimals = max(decimals_of(min(steps)) if steps else 2, 2)
    return {at: fixed(value, decimals) for at, value in values.items()}


def _ert(found: ExpectedRuntime) -> str:
    if found.ert is None:
        return f"> {found.evaluations:,}"
    if found.ert_low is None or found.ert_high is None:
        return f"{found.ert:,.0f}"
    return f"{found.ert:,.0f} [{found.ert_low:,.0f}, {found.ert_high:,.0f}]"
