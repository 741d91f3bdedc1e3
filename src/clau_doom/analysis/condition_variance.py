"""Variance components of the fitness of held-out episodes, and the gain from more runs or more episodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain.experiment import HoldoutResult
from clau_doom.statistics.blocked_groups import SeedDesign, design_of
from clau_doom.statistics.variance_components import (
    BlockComponents,
    VarianceComponents,
    block_components,
    nested_components,
)

__all__ = ["BlockVariance", "ConditionVariance", "block_variance", "condition_variances"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionVariance:
    """Variance components of the runs of a condition and their episodes.

    Attributes:
        condition: Number of the condition; None for all conditions together.
        runs: Number of runs.
        components: Components of the runs and of the episodes of a run.
        gain_of_episodes: Reduction of the standard error of a condition's mean by twice as many episodes of each run,
            0 to 1; None without variance. Twice as many runs reduce it by 1 - 1 / sqrt(2).
    """

    condition: int | None
    runs: int
    components: VarianceComponents
    gain_of_episodes: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockVariance:
    """Variance components of conditions whose runs have the same experiment seeds.

    Attributes:
        shared_episodes: Whether all runs of a seed have the same held-out seeds.
        components: Components of the seeds, of the runs of a seed, and of the episodes of a run.
        gain_of_episodes: Reduction of the standard error of the difference between two conditions by twice as many
            episodes of each run, 0 to 1; None without variance. Twice as many seeds reduce it by 1 - 1 / sqrt(2).
    """

    shared_episodes: bool
    components: BlockComponents
    gain_of_episodes: float | None


def condition_variances(
    conditions: Sequence[Condition], champions: Mapping[str, HoldoutResult]
) -> tuple[ConditionVariance, ...]:
    """Return the components of each condition, then of all together if seeds are not complete blocks.

    Args:
        conditions: Conditions with two or more runs each.
        champions: Held-out episodes of the champion, by id of the experiment.
    """
    episodes = [[champions[name].fitnesses for name in each.experiments] for each in conditions]
    found = [_variance(each.number, [played]) for each, played in zip(conditions, episodes, strict=True)]
    together = len(found) > 1 and design_of([each.seeds for each in conditions]) is not SeedDesign.COMPLETE_BLOCKS
    return (*found, _variance(None, episodes)) if together else tuple(found)


def block_variance(
    conditions: Sequence[Condition], champions: Mapping[str, HoldoutResult]
) -> BlockVariance | Unavailable:
    """Return the components of conditions with the same experiment seeds, or the reason why they are unavailable.

    Args:
        conditions: Conditions with two or more runs each.
        champions: Held-out episodes of the champion, by id of the experiment.
    """
    if len(conditions) < 2:
        return Unavailable(missing="fewer than two conditions have two runs")
    if design_of([each.seeds for each in conditions]) is not SeedDesign.COMPLETE_BLOCKS:
        return Unavailable(missing="the conditions have different experiment seeds")
    by_seed = [
        {seed: champions[name] for seed, name in zip(each.seeds, each.experiments, strict=True)} for each in conditions
    ]
    blocks = [[runs[seed] for runs in by_seed] for seed in conditions[0].seeds]
    shared = all(len({each.seeds for each in block}) == 1 for block in blocks)
    components = block_components([[each.fitnesses for each in block] for block in blocks], shared=shared)
    return BlockVariance(shared_episodes=shared, components=components, gain_of_episodes=components.reduction(2.0))


def _variance(condition: int | None, episodes: Sequence[Sequence[Sequence[float]]]) -> ConditionVariance:
    components = nested_components(episodes)
    return ConditionVariance(
        condition=condition,
        runs=sum(map(len, episodes)),
        components=components,
        gain_of_episodes=components.reduction(2.0),
    )
