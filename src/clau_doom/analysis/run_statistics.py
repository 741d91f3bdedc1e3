"""Differences between the runs of two conditions."""

from collections.abc import Mapping
from dataclasses import dataclass

from clau_doom.number_format import p_relation
from clau_doom.statistics.blocked_groups import SeedDesign, compare_groups
from clau_doom.statistics.difference_tests import DifferenceTest, welch_test
from clau_doom.statistics.interval_format import interval
from clau_doom.statistics.intervals import Interval

__all__ = ["RunDifference", "difference_sentence", "run_difference", "runs_text"]

_FEWEST_RUNS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDifference:
    """Difference of the means of two conditions.

    Attributes:
        condition: Number of the condition, compared with condition 0.
        difference: Mean of the condition minus that of condition 0, with its interval.
        test: Name of the test that the interval belongs to. The seeds of the runs choose it.
        p: P-value of the test without correction, or None without a test.
        paired: Whether all runs are paired by seed.
        n: Number of pairs, or of the condition's runs.
        n_theirs: Number of pairs, or of condition 0's runs.
    """

    condition: int
    difference: Interval
    test: str
    p: float | None
    paired: bool
    n: int
    n_theirs: int


def run_difference(condition: int, ours: Mapping[int, float], theirs: Mapping[int, float]) -> RunDifference:
    """Compare a condition with condition 0. The seeds of their runs are blocks (`blocked_groups`).

    Runs with the same seed have the same validation seeds and often the same first generation.

    Args:
        condition: Number of the condition.
        ours: Value of each of its runs, by seed; at least one.
        theirs: Value of each run of condition 0, by seed; at least one.
    """
    sizes = {"n": len(ours), "n_theirs": len(theirs)}
    if min(sizes.values()) < _FEWEST_RUNS:
        found = welch_test([*ours.values()], [*theirs.values()])
        return _difference(condition, found, paired=False, **sizes)
    compared = compare_groups([theirs, ours])
    (found,) = compared.contrasts
    paired = compared.design is SeedDesign.COMPLETE_BLOCKS
    return _difference(condition, found, paired=paired, **sizes)


def difference_sentence(found: RunDifference, labels: tuple[str, str], measure: str) -> str:
    """Return the conclusion from a difference at 5 %, without correction.

    Args:
        found: The difference.
        labels: Labels of the condition and of condition 0.
        measure: Name of the compared value.
    """
    us, them = (f'"{label}"' for label in labels)
    values = f"{interval(found.difference)} in {measure}"
    if found.p is None:
        return f"{us} and {them} are not tested, because {found.difference.reason}: difference {values}."
    details = f"({runs_text(found)}{' of runs' if found.paired else ' runs'}; {found.test}, {p_relation(found.p)})"
    if found.difference.excludes(0.0):
        higher = "higher" if found.difference.mean > 0.0 else "lower"
        return f"{us} is {higher} than {them} in an exploratory test: difference {values} {details}."
    return f"No difference between {us} and {them} is shown: {values} {details}."


def _difference(condition: int, found: DifferenceTest, *, paired: bool, n: int, n_theirs: int) -> RunDifference:
    return RunDifference(
        condition=condition,
        difference=found.difference,
        test=found.test,
        p=found.p,
        paired=paired,
        n=n,
        n_theirs=n_theirs,
    )


def runs_text(found: RunDifference) -> str:
    """Format the numbers of runs of a difference."""
    return f"{found.n} pairs" if found.paired else f"{found.n} and {found.n_theirs}"
