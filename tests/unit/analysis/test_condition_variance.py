"""Tests of the variance components of conditions."""

from collections.abc import Sequence

from clau_doom.analysis.condition_variance import block_variance, condition_variances
from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain.experiment import HoldoutResult


def condition(number: int, seeds: Sequence[int]) -> Condition:
    names = tuple(f"c{number}-{seed}" for seed in seeds)
    return Condition(number=number, label=f"x = {number}", settings={}, experiments=names, seeds=tuple(seeds))


def champions(*conditions: Condition) -> dict[str, HoldoutResult]:
    """Return champions with two held-out episodes, at 1 below and above the seed of the experiment."""
    return {
        name: HoldoutResult(role="champion", agent=name, seeds=(1, 2), fitnesses=(seed - 1.0, seed + 1.0), measures=())
        for each in conditions
        for name, seed in zip(each.experiments, each.seeds, strict=True)
    }


def test_conditions_with_other_seeds_have_components_of_all() -> None:
    one, two = condition(0, (1, 3)), condition(1, (3, 5))
    found = condition_variances([one, two], champions(one, two))
    assert [(each.condition, each.runs) for each in found] == [(0, 2), (1, 2), (None, 4)]
    same = condition(1, (1, 3))
    assert [each.condition for each in condition_variances([one, same], champions(one, same))] == [0, 1]


def test_components_of_blocks_need_two_conditions_with_the_same_seeds() -> None:
    one, two = condition(0, (1, 3)), condition(1, (3, 5))
    assert block_variance([one], champions(one)) == Unavailable(missing="fewer than two conditions have two runs")
    assert block_variance([one, two], champions(one, two)) == Unavailable(
        missing="the conditions have different experiment seeds"
    )
