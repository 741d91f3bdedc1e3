"""Line of descent of an agent, back to a genome without parents."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.domain import AgentRef, Evaluation

__all__ = ["Ancestor", "line_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ancestor:
    """One agent of a line of descent.

    Attributes:
        agent: The agent.
        operator: Operator that created its genome.
        parents: All parents of the agent. The line continues with the fittest one.
        fitness: Training fitness, on the seeds of its generation. None if the agent failed.
    """

    agent: AgentRef
    operator: str
    parents: tuple[AgentRef, ...]
    fitness: float | None


def line_of(agent: AgentRef, generations: Sequence[Sequence[Evaluation]]) -> tuple[Ancestor, ...]:
    """Follow the fittest parent of each agent.

    Args:
        agent: First agent of the line.
        generations: Evaluations by generation and index.

    Returns:
        The agent first, an agent without parents last.
    """
    found: list[Ancestor] = []
    current: AgentRef | None = agent
    while current is not None:
        evaluation = generations[current.generation][current.index]
        parents = evaluation.agent.parents
        found.append(
            Ancestor(
                agent=current,
                operator=evaluation.agent.operator,
                parents=parents,
                fitness=evaluation.fitness,
            )
        )
        ranked = sorted((_rank(generations[ref.generation][ref.index]), ref) for ref in parents)
        current = ranked[0][1] if ranked else None
    return tuple(found)


def _rank(evaluation: Evaluation) -> float:
    return math.inf if evaluation.fitness is None else -evaluation.fitness
