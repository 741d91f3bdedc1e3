"""Performance profiles of conditions, as means over the profiles of their runs' champions.

The interval is over runs, as for other shares of runs (`share_interval`). An interval over the pooled episodes would be
too narrow, because episodes of one champion are not independent samples of the condition.
"""

from dataclasses import dataclass

from clau_doom.analysis.comparison import ExperimentComparison
from clau_doom.statistics.intervals import Interval, share_interval

__all__ = ["ConditionProfile", "condition_profiles"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionProfile:
    """Mean performance profile of a condition.

    Attributes:
        condition: Number of the condition.
        runs: Number of runs.
        thresholds: Thresholds, ascending.
        above: Mean over the runs of the share of held-out episodes above each threshold, with its interval.
    """

    condition: int
    runs: int
    thresholds: tuple[float, ...]
    above: tuple[Interval, ...]


def condition_profiles(comparison: ExperimentComparison) -> tuple[ConditionProfile, ...]:
    """Return the mean profile of each condition. Repeated runs are left out.

    Args:
        comparison: Comparison of the experiments.
    """
    profiles = {row.id: row.profile for row in comparison.entrants}
    found = []
    for each in comparison.conditions:
        of_runs = [profiles[name] for name in each.experiments]
        shares = zip(*(profile.above for profile in of_runs), strict=True)
        found.append(
            ConditionProfile(
                condition=each.number,
                runs=len(of_runs),
                thresholds=of_runs[0].thresholds,
                above=tuple(share_interval(row) for row in shares),
            )
        )
    return tuple(found)
