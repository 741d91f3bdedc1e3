"""How the champion came to be: its line of parents back to a genome that was drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.domain import AgentRef, Evaluation

__all__ = ["Ancestor", "line_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ancestor:
    """One agent of a line.

    Attributes:
        agent: The agent.
        operator: What made it.
        parents: All of its parents; the line goes on with the fittest.
        fitness: Its training fitness, on the seeds of its own generation; None where it has none.
    """

    agent: AgentRef
    operator: str
    parents: tuple[AgentRef, ...]
    fitness: float | None


def line_of(agent: AgentRef, generations: Sequence[Sequence[Evaluation]]) -> tuple[Ancestor, ...]:
    """Return an agent and its line of fittest parents, the agent first, a genome without parents last.

    Args:
        agent: Where the line begins.
        generations: The evaluations, by generation and index.
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
