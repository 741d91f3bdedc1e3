"""The live agents, those under evaluation: how far each is, and which have failed."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from clau_doom.domain import Agent, AgentStatus, Episode, Evaluation, Fitness
from clau_doom.errors import AgentNotFound, GenerationFull

__all__ = ["LiveAgent", "Registry"]


@dataclass
class LiveAgent:
    """One agent under evaluation.

    Attributes:
        agent: The agent.
        episodes: Its finished training episodes, by number.
        failure: Why it has failed, or None.
        paused: Whether its episodes wait until a person resumes it.
        dropped: Whether it has lost the race, and plays no more.
    """

    agent: Agent
    episodes: dict[int, Episode] = field(default_factory=dict)
    failure: str | None = None
    paused: bool = False
    dropped: bool = False

    def scores(self, fitness: Fitness) -> list[float]:
        """Return the fitness of each of its episodes, by number, up to the first that is missing."""
        played = itertools.takewhile(lambda number: number in self.episodes, itertools.count())
        return [fitness.of_episode(self.episodes[number].outcome.measures) for number in played]

    def evaluate(self, fitness: Fitness, needed: int) -> Evaluation:
        """Return what the agent's episodes have come to so far."""
        outcomes = tuple(self.episodes[number].outcome for number in sorted(self.episodes))
        status, value = AgentStatus.PENDING, None
        if self.failure is not None:
            status = AgentStatus.FAILED
        elif self.dropped or len(outcomes) == needed:
            status = AgentStatus.DROPPED if self.dropped else AgentStatus.COMPLETED
            value = fitness.of_agent([outcome.measures for outcome in outcomes])
        return Evaluation(agent=self.agent, status=status, fitness=value, outcomes=outcomes, failure=self.failure)


class Registry:
    """The agents under evaluation, by id and in the order in which they were asked."""

    def __init__(self, capacity: int, agents: Iterable[Agent] = ()) -> None:
        """Hold at most `capacity` agents, beginning with `agents`."""
        self._capacity = capacity
        self._agents: dict[str, LiveAgent] = {}
        for agent in agents:
            self.add(agent)

    def add(self, agent: Agent) -> LiveAgent:
        """Add an agent.

        Raises:
            GenerationFull: The population's capacity is reached.
        """
        if len(self._agents) >= self._capacity:
            raise GenerationFull(
                f"generation {agent.ref.generation} holds {self._capacity} agents; {agent.id} is one too many"
            )
        live = self._agents[agent.id] = LiveAgent(agent)
        return live

    def get(self, agent_id: str) -> LiveAgent:
        """Return an agent.

        Raises:
            AgentNotFound: It is not under evaluation.
        """
        try:
            return self._agents[agent_id]
        except KeyError:
            raise AgentNotFound(f"agent {agent_id} is not under evaluation") from None

    def remove(self, agent_id: str) -> None:
        """Forget an agent that is told."""
        del self._agents[agent_id]

    def __contains__(self, agent_id: str) -> bool:
        """Say whether an agent is under evaluation."""
        return agent_id in self._agents

    def __iter__(self) -> Iterator[LiveAgent]:
        """Iterate over the agents, the first asked first."""
        return iter(self._agents.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._agents)
