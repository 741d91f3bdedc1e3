"""Values that strategies and their callers exchange: offspring to evaluate, and results of evaluations."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.domain import AgentRef, Genome, Measures
from clau_doom.domain.episode import MEASURES
from clau_doom.errors import OutOfOrder

__all__ = ["INJECTED", "Offspring", "Result", "check_finite", "mean_measures"]

INJECTED = "injected"
"""Operator of an injected genome."""


@dataclass(frozen=True, slots=True)
class Offspring:
    """Genome to evaluate.

    Attributes:
        genome: Genes within the strategy's space.
        parents: Evaluated agents that it was bred from; empty for a drawn genome.
        operator: Operator that created it, such as ``draw``, ``elite`` or ``crossover+mutation``.
    """

    genome: Genome
    parents: tuple[AgentRef, ...]
    operator: str


@dataclass(frozen=True, slots=True)
class Result:
    """Result of evaluating an offspring.

    Attributes:
        fitness: Fitness to maximise; None for a failed agent, which ranks last.
        measures: Mean over the episodes (see `mean_measures`), or None without measures.
        episodes: Number of episodes of the fitness.
        variance: Sample variance of fitness between the episodes, or None for too few episodes.
        objectives: Fitness vector, each number to be maximised; empty for one objective and for a failed agent.
    """

    fitness: float | None
    measures: Measures | None = None
    episodes: int = 1
    variance: float | None = None
    objectives: tuple[float, ...] = ()


def mean_measures(episodes: Sequence[Measures]) -> Measures:
    """Return the mean of each measure, independent of the order of episodes, because sums are exact.

    Raises:
        ValueError: There are no episodes.
    """
    if not episodes:
        raise ValueError("no episodes to average: use None as the measures of a failed agent")
    own = [name for name, _ in episodes[0].custom or ()]
    means = {name: math.fsum(each.value(name) for each in episodes) / len(episodes) for name in (*MEASURES, *own)}
    custom = tuple((name, means.pop(name)) for name in own)
    return Measures(**means, custom=custom or None)


def check_finite(result: Result, who: str) -> None:
    """Refuse a fitness or an objective that is not finite.

    Raises:
        OutOfOrder: The fitness is not finite; the message names the agent.
    """
    values = result.objectives if result.fitness is None else (result.fitness, *result.objectives)
    for value in values:
        if not math.isfinite(value):
            raise OutOfOrder(f"the fitness of {who} is {value}: use a finite number, or None for a failed agent")
