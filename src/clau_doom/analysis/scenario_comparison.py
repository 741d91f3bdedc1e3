"""Comparison of conditions over several scenarios, by their runs.

A method is a condition without its scenario and fitness, a task is a scenario with its fitness. The score of a run is
the mean fitness of its champion's held-out episodes, on a scale on which random play in the same scenario is 0 and the
best condition's mean is 1. Both ends are estimates and are taken as known: the intervals do not cover their errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clau_doom.analysis.conditions import Condition
from clau_doom.domain import generator
from clau_doom.errors import ConfigError
from clau_doom.statistics.task_comparison import MOST_METHODS, TaskComparison, TaskScores, compare_over_tasks

__all__ = ["ScenarioComparison", "ScenarioRun", "ScenarioScale", "compare_scenarios"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioRun:
    """A run on one scenario.

    Attributes:
        id: Id of the experiment.
        seed: Seed of the experiment.
        scenario: Name of the scenario.
        fitness: Mean fitness of the champion on held-out seeds.
        random: Mean fitness of random play on the same seeds.
    """

    id: str
    seed: int
    scenario: str
    fitness: float
    random: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioScale:
    """Scale of the scores of a scenario.

    Attributes:
        scenario: Name of the scenario.
        fitness: Display name of the fitness.
        random: Mean fitness of random play over the runs: score 0.
        best: Highest mean fitness of a condition's runs: score 1.
        condition: Label of that condition.
    """

    scenario: str
    fitness: str
    random: float
    best: float
    condition: str


@dataclass(frozen=True, kw_only=True)
class ScenarioComparison:
    """Comparison of conditions over scenarios.

    Attributes:
        baseline: Id of the baseline.
        conditions: Conditions, the baseline's first.
        runs: Runs of each condition.
        scales: Scales of the scenarios.
        comparison: Comparison of the normalised scores; its methods are the conditions' labels.
        remarks: Caveats for the reader.
    """

    baseline: str
    conditions: tuple[Condition, ...]
    runs: tuple[tuple[ScenarioRun, ...], ...]
    scales: tuple[ScenarioScale, ...]
    comparison: TaskComparison
    remarks: tuple[str, ...]


def compare_scenarios(
    conditions: Sequence[Condition],
    runs: Sequence[Sequence[ScenarioRun]],
    fitness_names: Mapping[str, str],
    baseline: str,
    *,
    control: bool = False,
    margin: float = 0.0,
    remarks: Sequence[str] = (),
) -> ScenarioComparison:
    """Compare conditions over scenarios.

    Args:
        conditions: Conditions, the baseline's first.
        runs: Runs of each condition, in the same order; one for each seed and scenario.
        fitness_names: Display name of the fitness of each scenario, in the order of the output.
        baseline: Id of one of the experiments, whose seed starts the random numbers.
        control: Whether the others are compared with the first condition only.
        margin: Largest difference of scores without practical meaning, at least 0.
        remarks: Caveats for the reader.

    Raises:
        ConfigError: There is one condition or too many, a condition has no run of a scenario, or no condition is better
            than random play in a scenario.
    """
    if not 2 <= len(conditions) <= MOST_METHODS:
        raise ConfigError(
            f"{len(conditions)} of 2 to {MOST_METHODS} conditions: over scenarios, conditions are compared that differ "
            "in more than the scenario"
        )
    scenarios = tuple(fitness_names)
    _check_complete(conditions, runs, scenarios)
    scales = tuple(_scale(scenario, conditions, runs, fitness_names[scenario]) for scenario in scenarios)
    scores = TaskScores(
        methods=tuple(condition.label for condition in conditions),
        tasks=scenarios,
        runs=tuple(tuple(_scores(row, scale) for scale in scales) for row in runs),
        normalized=True,
    )
    seed = next(run.seed for row in runs for run in row if run.id == baseline)
    found = compare_over_tasks(
        scores,
        generator(seed, "analysis", "scenarios"),
        control=conditions[0].label if control else None,
        margin=margin,
    )
    return ScenarioComparison(
        baseline=baseline,
        conditions=tuple(conditions),
        runs=tuple(map(tuple, runs)),
        scales=scales,
        comparison=found,
        remarks=tuple(remarks),
    )


def _check_complete(
    conditions: Sequence[Condition], runs: Sequence[Sequence[ScenarioRun]], scenarios: Sequence[str]
) -> None:
    for condition, row in zip(conditions, runs, strict=True):
        absent = [scenario for scenario in scenarios if scenario not in {run.scenario for run in row}]
        if absent:
            raise ConfigError(
                f"the condition {condition.label} has no run of {absent[0]}: each condition needs a run of each "
                "scenario; add one, or omit the experiments of the condition or the scenario"
            )


def _scale(
    scenario: str, conditions: Sequence[Condition], runs: Sequence[Sequence[ScenarioRun]], fitness: str
) -> ScenarioScale:
    means = [float(np.mean([run.fitness for run in row if run.scenario == scenario])) for row in runs]
    random = float(np.mean([run.random for row in runs for run in row if run.scenario == scenario]))
    best = int(np.argmax(means))
    if means[best] <= random:
        raise ConfigError(
            f"in {scenario} no condition is better than random play (best mean {means[best]:g}, random {random:g}): "
            "omit its experiments"
        )
    return ScenarioScale(
        scenario=scenario, fitness=fitness, random=random, best=means[best], condition=conditions[best].label
    )


def _scores(runs: Sequence[ScenarioRun], scale: ScenarioScale) -> tuple[float, ...]:
    width = scale.best - scale.random
    return tuple((run.fitness - scale.random) / width for run in runs if run.scenario == scale.scenario)
