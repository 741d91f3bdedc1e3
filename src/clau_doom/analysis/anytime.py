"""Anytime performance of compared conditions: runtimes to targets, and areas under the learning curves.

A run is measured by the cross-validated fitness of its champion so far (see `run_curves`). Its budget is counted in
the unit of the curves: training episodes, tics of training episodes, or generations. A target is reached at the end of
the first generation after which the champion so far has at least this fitness. Validation episodes are not counted,
because they do not influence the evolution.

The targets are given, or follow a fixed rule: `TARGETS` values at equal distances from the start to the best champion.
The start is the mean over the runs of the first champion, generation 0's best agent. The end is the largest mean of the
champions on held-out seeds. Neither is a maximum over the noise of the measured curves. COCO uses 51 targets too, but
on a logarithmic scale of the distance from a known optimum, which does not exist here.

The measured fitness is a mean over few episodes. Noise therefore makes first hits early by luck, although less than for
the largest mean so far, because the champion changes rarely. The effect is equal for runs with equal numbers of
generations and validation episodes. The area under the curve uses no first hit, and noise does not raise it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clau_doom.analysis.evolution_axis import EvolutionAxis
from clau_doom.analysis.run_curves import ConditionCurve, RunCurve
from clau_doom.analysis.run_statistics import RunDifference, run_difference
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import generator
from clau_doom.parameter_names import parameter
from clau_doom.statistics.anytime_performance import (
    ExpectedRuntime,
    Runtime,
    expected_runtime,
    mean_height,
    reached_share,
    runtime_to,
)
from clau_doom.statistics.intervals import Interval, mean_interval, share_interval

__all__ = [
    "TARGETS",
    "AreaComparison",
    "ConditionArea",
    "ConditionRuntimes",
    "RuntimeShare",
    "Targets",
    "compare_areas",
    "compare_runtimes",
    "condition_runtimes",
    "standard_error",
    "targets_between",
]

TARGETS = 51
"""Number of targets if none are given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Targets:
    """Targets of the runtimes.

    Attributes:
        values: Fitness to reach, ascending.
        given: Whether the user gave the targets.
    """

    values: tuple[float, ...]
    given: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeShare:
    """Value of a runtime distribution.

    Attributes:
        spent: Amount of evolution.
        share: Share of pairs of a run and a target with a runtime of at most this amount, with its interval over runs.
    """

    spent: int
    share: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionRuntimes:
    """Runtimes of a condition's runs to the targets.

    Attributes:
        condition: Number of the condition.
        budget: Amount of evolution of the run that ended first. The distribution ends there.
        runs: Ids of the runs.
        runtimes: Runtime of each run to each target, by run and target.
        expected: Expected running time to each target.
        champions: Number of champions with at least this mean fitness on held-out seeds, for each target.
        distribution: Runtime distribution at each amount at which a generation of a run ended.
    """

    condition: int
    budget: int
    runs: tuple[str, ...]
    runtimes: tuple[tuple[Runtime, ...], ...]
    expected: tuple[ExpectedRuntime, ...]
    champions: tuple[int, ...]
    distribution: tuple[RuntimeShare, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionArea:
    """Areas under the learning curves of a condition's runs.

    Attributes:
        condition: Number of the condition.
        runs: Ids of the runs.
        areas: Mean height of each run's curve, in units of the fitness.
        mean: Mean over the runs with its interval.
    """

    condition: int
    runs: tuple[str, ...]
    areas: tuple[float, ...]
    mean: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaComparison:
    """Areas under the learning curves over the part of the axis that all runs have in common.

    Attributes:
        start: Largest amount of evolution at which a run has finished its first generation.
        end: Smallest amount at which a run ends.
        conditions: Areas of each condition, in the order of the curves.
        differences: Differences of the other conditions from the first.
    """

    start: int
    end: int
    conditions: tuple[ConditionArea, ...]
    differences: tuple[RunDifference, ...]


def targets_between(curves: Sequence[ConditionCurve], champions: Sequence[float]) -> Targets | Unavailable:
    """Return targets at equal distances from the runs' start to the best champion.

    Args:
        curves: Curves of the conditions.
        champions: Mean fitness of each champion on held-out seeds.
    """
    if missing := _unmeasured(curves):
        return missing
    starts = [value for curve in curves for run in curve.runs if (value := run.champion[0]) is not None]
    low, high = math.fsum(starts) / len(starts), max(champions)
    if high <= low:
        return Unavailable(
            missing="no champion is better than generation 0's best: give targets with "
            f"{parameter('targets', option='target')}"
        )
    steps = TARGETS - 1
    return Targets(values=tuple(low + (high - low) * at / steps for at in range(TARGETS)), given=False)


def compare_runtimes(
    curves: Sequence[ConditionCurve], targets: Targets | Unavailable, champions: Mapping[str, float]
) -> tuple[ConditionRuntimes, ...] | Unavailable:
    """Return the runtimes of each condition's runs, or the reason why they are unavailable.

    Args:
        curves: Curves of the conditions.
        targets: Targets of all conditions, or the reason why they are unavailable.
        champions: Mean fitness of each run's champion on held-out seeds, by id of the run.
    """
    if isinstance(targets, Unavailable):
        return targets
    return _unmeasured(curves) or tuple(condition_runtimes(curve, targets.values, champions) for curve in curves)


def condition_runtimes(
    curve: ConditionCurve, targets: Sequence[float], champions: Mapping[str, float]
) -> ConditionRuntimes:
    """Return the runtimes of a condition's runs.

    Args:
        curve: Curves of the runs.
        targets: Fitness to reach, at least one.
        champions: Mean fitness of each run's champion on held-out seeds, by id of the run.
    """
    spent_by_runs = [run.spent(curve.x) for run in curve.runs]
    runtimes = [
        [runtime_to(target, spent, run.champion) for target in targets]
        for run, spent in zip(curve.runs, spent_by_runs, strict=True)
    ]
    budget, first = min(spent[-1] for spent in spent_by_runs), curve.runs[0]
    ends = sorted({each for spent in spent_by_runs for each in spent if each <= budget})
    return ConditionRuntimes(
        condition=curve.condition,
        budget=budget,
        runs=tuple(run.experiment for run in curve.runs),
        runtimes=tuple(map(tuple, runtimes)),
        expected=tuple(
            expected_runtime(column, generator(first.seed, "analysis", "restarts", first.experiment, at))
            for at, column in enumerate(zip(*runtimes, strict=True))
        ),
        champions=tuple(sum(champions[run.experiment] >= target for run in curve.runs) for target in targets),
        distribution=tuple(
            RuntimeShare(spent=spent, share=share_interval([reached_share(row, spent) for row in runtimes]))
            for spent in ends
        ),
    )


def compare_areas(curves: Sequence[ConditionCurve]) -> AreaComparison | Unavailable:
    """Compare the areas under the learning curves, or return the reason why they are unavailable.

    Args:
        curves: Curves of the conditions with the same axis. The others are compared with the first.
    """
    runs = [run.spent(curve.x) for curve in curves for run in curve.runs]
    start, end = max(spent[0] for spent in runs), min(spent[-1] for spent in runs)
    if start >= end:
        return Unavailable(missing=f"the runs have no interval of {EvolutionAxis(curves[0].x).noun} in common")
    if missing := _unmeasured(curves):
        return missing
    conditions = tuple(_condition_area(curve, start, end) for curve in curves)
    by_seed = [
        {run.seed: area for run, area in zip(curve.runs, found.areas, strict=True)}
        for curve, found in zip(curves, conditions, strict=True)
    ]
    return AreaComparison(
        start=start,
        end=end,
        conditions=conditions,
        differences=tuple(
            run_difference(curve.condition, ours, by_seed[0])
            for curve, ours in zip(curves[1:], by_seed[1:], strict=True)
        ),
    )


def standard_error(curves: Sequence[ConditionCurve]) -> float | None:
    """Return the root mean square of the standard errors of the champions so far, or None without one."""
    errors = [error for curve in curves for run in curve.runs for error in run.champion_error if error is not None]
    return math.sqrt(math.fsum(error**2 for error in errors) / len(errors)) if errors else None


def _unmeasured(curves: Sequence[ConditionCurve]) -> Unavailable | None:
    """Return the reason why a run cannot be measured from its first generation on, or None."""
    for run in (run for curve in curves for run in curve.runs):
        if run.champion[0] is None:
            return Unavailable(
                missing=f"generation 0's best agent of {run.experiment} has fewer than two validation episodes"
            )
    return None


def _condition_area(curve: ConditionCurve, start: int, end: int) -> ConditionArea:
    areas = tuple(_area(run, run.spent(curve.x), start, end) for run in curve.runs)
    return ConditionArea(
        condition=curve.condition,
        runs=tuple(run.experiment for run in curve.runs),
        areas=areas,
        mean=mean_interval(areas),
    )


def _area(run: RunCurve, spent: Sequence[int], start: int, end: int) -> float:
    values = [value for value in run.champion if value is not None]
    return mean_height(spent, values, start, end)
