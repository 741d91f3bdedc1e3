"""Registry of the agents under evaluation, with their progress and failures."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from clau_doom.domain import Agent, AgentStatus, Episode, Evaluation, Fitness
from clau_doom.errors import AgentNotFound, GenerationFull

__all__ = ["AgentRegistry", "LiveAgent"]


@dataclass
class LiveAgent:
    """One agent under evaluation.

    Attributes:
        agent: The agent.
        episodes: Finished training episodes, by number.
        failure: Reason of the failure, or None.
        paused: Whether a user has paused the agent's episodes.
        dropped: Whether the agent was dropped by racing.
    """

    agent: Agent
    episodes: dict[int, Episode] = field(default_factory=dict)
    failure: str | None = None
    paused: bool = False
    dropped: bool = False

    def scores(self, fitness: Fitness) -> list[float]:
        """Return the fitness of each episode, by number, up to the first missing one."""
        played = itertools.takewhile(lambda number: number in self.episodes, itertools.count())
        return [fitness.of_episode(self.episodes[number].outcome.measures) for number in played]

    def evaluate(self, fitness: Fitness, needed: int) -> Evaluation:
        """Evaluate the agent on its finished episodes."""
        outcomes = tuple(self.episodes[number].outcome for number in sorted(self.episodes))
        status, value = AgentStatus.PENDING, None
        if self.failure is not None:
            status = AgentStatus.FAILED
        elif self.dropped or len(outcomes) == needed:
            status = AgentStatus.DROPPED if self.dropped else AgentStatus.COMPLETED
            value = fitness.of_agent([outcome.measures for outcome in outcomes])
        return Evaluation(agent=self.agent, status=status, fitness=value, outcomes=outcomes, failure=self.failure)


class AgentRegistry:
    """Agents under evaluation, by id and in the order of their creation."""

    def __init__(self, capacity: int, agents: Iterable[Agent] = ()) -> None:
        """Create a registry of at most `capacity` agents that contains `agents`."""
        self._capacity = capacity
        self._agents: dict[str, LiveAgent] = {}
        for agent in agents:
            self.add(agent)

    def add(self, agent: Agent) -> LiveAgent:
        """Add an agent.

        Raises:
            GenerationFull: The registry contains `capacity` agents already.
        """
        if len(self._agents) >= self._capacity:
            raise GenerationFull(
                f"generation {agent.ref.generation} holds {self._capacity} agents and cannot hold {agent.id}"
            )
        live = self._agents[agent.id] = LiveAgent(agent)
        return live

    def get(self, agent_id: str) -> LiveAgent:
        """Return an agent.

        Raises:
            AgentNotFound: The agent is not under evaluation.
        """
        try:
            return self._agents[agent_id]
        except KeyError:
            raise AgentNotFound(f"agent {agent_id} is not under evaluation") from None

    def remove(self, agent_id: str) -> None:
        """Remove an agent after the strategy has received its result."""
        del self._agents[agent_id]

    def __contains__(self, agent_id: str) -> bool:
        """Return whether an agent is under evaluation."""
        return agent_id in self._agents

    def __iter__(self) -> Iterator[LiveAgent]:
        """Iterate over the agents in the order of their creation."""
        return iter(self._agents.values())

    def __len__(self) -> int:
        """Return the number of agents."""
        return len(self._agents)
