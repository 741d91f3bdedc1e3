"""Tests of the comparison of conditions over scenarios."""

import pytest

from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.scenario_comparison import ScenarioComparison, ScenarioRun, compare_scenarios
from clau_doom.errors import ConfigError

REWARDS = {
    ("a", "basic"): (1.0, 3.0),
    ("b", "basic"): (4.0, 5.0),
    ("a", "take_cover"): (2.0, 3.0),
    ("b", "take_cover"): (1.0, 2.0),
}
"""Mean rewards of two runs of each condition and scenario. Random play has 0.5 on basic and 1 on take_cover."""


def compared(rewards: dict[tuple[str, str], tuple[float, float]] = REWARDS) -> ScenarioComparison:
    runs = [
        [
            ScenarioRun(
                id=f"{scenario}-{name}-{seed}",
                seed=seed,
                scenario=scenario,
                fitness=fitness,
                random=0.5 if scenario == "basic" else 1.0,
            )
            for (condition, scenario), values in rewards.items()
            if condition == name
            for seed, fitness in enumerate(values, 1)
        ]
        for name in "ab"
    ]
    conditions = [
        Condition(
            number=number,
            label=name,
            settings={},
            experiments=tuple(run.id for run in row),
            seeds=tuple(run.seed for run in row),
        )
        for number, (name, row) in enumerate(zip("ab", runs, strict=True))
    ]
    names = {"basic": "reward", "take_cover": "survival"}
    return compare_scenarios(conditions, runs, names, "basic-a-1", remarks=("basic-a-2 was resumed",))


def test_scores_are_between_random_play_and_the_best_mean() -> None:
    """By hand: the means are 2 and 4.5 on basic, 2.5 and 1.5 on take_cover."""
    found = compared()
    assert [(each.scenario, each.fitness, each.random, each.best, each.condition) for each in found.scales] == [
        ("basic", "reward", 0.5, 4.5, "b"),
        ("take_cover", "survival", 1.0, 2.5, "a"),
    ]
    scores = found.comparison.scores
    assert (scores.methods, scores.tasks) == (("a", "b"), ("basic", "take_cover"))
    flat = [value for row in scores.runs for task in row for value in task]
    assert flat == pytest.approx([0.125, 0.625, 2 / 3, 4 / 3, 0.875, 1.125, 0.0, 2 / 3])


def test_conditions_without_a_scale_are_refused() -> None:
    weak = {**REWARDS, ("a", "basic"): (0.0, 0.5), ("b", "basic"): (0.5, 0.5)}
    with pytest.raises(ConfigError, match=r"in basic no condition is better than random play \(best mean 0.5, random"):
        compared(weak)
    missing = {place: values for place, values in REWARDS.items() if place != ("b", "basic")}
    with pytest.raises(ConfigError, match="the condition b has no run of basic: each condition needs a run of each"):
        compared(missing)
