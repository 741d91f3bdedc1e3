"""Agents, their evaluation status and their results."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clau_doom.domain.episode import EpisodeOutcome
from clau_doom.domain.genome import Genome
from clau_doom.domain.ids import agent_id

__all__ = ["Agent", "AgentRef", "AgentStatus", "Evaluation", "finalists"]


@dataclass(frozen=True, order=True, slots=True)
class AgentRef:
    """An agent's place in its experiment: generation and index, both from 0."""

    generation: int
    index: int

    @property
    def label(self) -> str:
        """Name within the experiment, such as ``g003-a017``."""
        return f"g{self.generation:03d}-a{self.index:03d}"

    def agent_id(self, experiment: str) -> str:
        """Return the id of the agent in an experiment, such as ``quickstart-g003-a017``."""
        return agent_id(experiment, self.generation, self.index)


class AgentStatus(StrEnum):
    """Status of an agent's evaluation."""

    PENDING = "pending"
    COMPLETED = "completed"
    DROPPED = "dropped"
    """Eliminated by racing. The fitness is the mean over the episodes played before."""
    FAILED = "failed"

    @property
    def evaluated(self) -> bool:
        """Whether the agent has a fitness."""
        return self is AgentStatus.COMPLETED or self is AgentStatus.DROPPED


@dataclass(frozen=True, kw_only=True, slots=True)
class Agent:
    """One genome under evaluation.

    Attributes:
        experiment: The experiment's id.
        ref: Its generation and index.
        genome: Its genes.
        parents: The parents of its genome, all of them asked earlier; empty for a drawn genome.
        operator: The operators that created the genome, such as ``draw``, ``elite`` or ``crossover+mutation``.
    """

    experiment: str
    ref: AgentRef
    genome: Genome
    parents: tuple[AgentRef, ...]
    operator: str

    @property
    def id(self) -> str:
        """The readable id, such as ``quickstart-g003-a017``."""
        return self.ref.agent_id(self.experiment)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """One agent's training episodes and their result.

    Attributes:
        agent: The agent.
        status: `COMPLETED`, `DROPPED` when it played fewer episodes than others, or `FAILED` when it has no fitness.
        fitness: The mean over its episodes, or None.
        outcomes: Its finished training episodes, by number.
        failure: The reason of the failure, or None.
        objectives: Fitness vector of an experiment with several objectives; empty for one objective.
    """

    agent: Agent
    status: AgentStatus
    fitness: float | None
    outcomes: Sequence[EpisodeOutcome]
    failure: str | None = None
    objectives: tuple[float, ...] = ()


def finalists(evaluations: Iterable[Evaluation]) -> list[tuple[float, Evaluation]]:
    """Return the candidates for the best agent, with their fitness: the agents that played all of their episodes.

    If no agent played all of them, return the dropped agents instead.
    """
    fit = [(each.fitness, each) for each in evaluations if each.fitness is not None]
    return [pair for pair in fit if pair[1].status is AgentStatus.COMPLETED] or fit
