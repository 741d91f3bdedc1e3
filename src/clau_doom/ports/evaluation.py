"""Where episodes are played: what is asked for, and what can be seen of it meanwhile."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from clau_doom.domain import Episode, Genome, Picture, Purpose

__all__ = ["EpisodeTask", "EvaluationBackend", "Glimpse"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeTask:
    """One episode to play.

    Attributes:
        purpose: What it is for.
        agent: The id of the agent, or of the random baseline.
        genome: The agent's genes.
        number: Its place among the agent's episodes of that purpose.
        seed: The engine's seed.
        attempt: From 1.
        baseline: Play the random policy in place of the experiment's.
        actions: Perform these actions (`Episode.actions`) in place of a policy's, where nothing can be claimed.
    """

    purpose: Purpose
    agent: str
    genome: Genome
    number: int
    seed: int
    attempt: int = 1
    baseline: bool = False
    actions: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Glimpse:
    """What can be seen of an episode that is being played now.

    Attributes:
        task: The episode.
        worker: The number of the place where it is played.
        picture: What is seen.
    """

    task: EpisodeTask
    worker: int
    picture: Picture


class EvaluationBackend(AbstractAsyncContextManager["EvaluationBackend"], Protocol):
    """Where episodes are played. Entering starts its workers; leaving ends them, with everything they started.

    It neither schedules nor retries: it plays what it is given, at most `slots` episodes at once. A task that carries
    actions is played by an engine that no agent's code comes near, so that its outcome proves what they lead to.
    """

    @property
    def slots(self) -> int:
        """How many episodes it takes at once; it may change from one episode to the next."""
        ...

    def takes(self, task: EpisodeTask) -> bool:
        """Say whether there is room for an episode now: some play each agent in a place of its own.

        The answer is the same for all episodes of an agent, and changes only when one is begun or has ended.
        """
        ...

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode. Cancelling ends it at once and leaves the backend usable.

        Raises:
            PolicyFailed: The agent's own fault (`PolicyTimedOut` when it was still deciding at the deadline,
                `OutOfMemory` when it took more than it may have, `Forged` when what it claims is not true).
            InfrastructureFailed: Nobody's fault: the worker was replaced, and the episode may be played again.
        """
        ...

    async def end_generation(self, generation: int) -> None:
        """Give back what is held for the agents of a generation, of which nothing more will be asked for now."""
        ...

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return what can be seen of the episodes that are being played, by place, and ask for the next of each.

        What is returned was asked for by the call before: whoever calls regularly sees them move, and while nobody
        calls, nothing is made. What a container shows is a claim like all that it says, and proves nothing.
        """
        ...
