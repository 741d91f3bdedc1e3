"""Interface of a backend that plays episodes, its tasks and its live frames."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from clau_doom.domain import Episode, Genome, LiveFrame, Purpose

__all__ = ["EpisodeTask", "EvaluationBackend", "Glimpse"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeTask:
    """One episode to play.

    Attributes:
        purpose: Purpose of the episode.
        agent: Id of the agent or of the random baseline.
        genome: Genome of the agent.
        number: Index among the agent's episodes of that purpose.
        seed: Seed of the engine.
        attempt: Number of the attempt, from 1.
        baseline: Play the random policy instead of the experiment's.
        actions: Replay these actions (`Episode.actions`) instead of running a policy, to verify a claim.
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
    """Live frame of a running episode.

    Attributes:
        task: The episode.
        worker: Number of the worker.
        frame: The frame.
    """

    task: EpisodeTask
    worker: int
    frame: LiveFrame


class EvaluationBackend(AbstractAsyncContextManager["EvaluationBackend"], Protocol):
    """Backend that plays episodes. Entering starts its workers; leaving ends them and their child processes.

    A backend neither schedules nor retries: it plays the given tasks, at most `slots` at once. A task with actions is
    played without any code of an agent, so that its outcome verifies a claim.
    """

    @property
    def slots(self) -> int:
        """Number of episodes played at once; it can change between episodes."""
        ...

    def takes(self, task: EpisodeTask) -> bool:
        """Return whether an episode can begin now: some backends isolate each agent in a place of its own.

        The answer is the same for all episodes of an agent, and changes only when an episode begins or ends.
        """
        ...

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode. Cancellation ends it at once and leaves the backend usable.

        Raises:
            PolicyFailed: The agent failed (`PolicyTimedOut`: still deciding at the deadline; `OutOfMemory`: memory
                limit exceeded; `Forged`: false claims).
            InfrastructureFailed: The infrastructure failed. The worker was replaced, and the episode can be repeated.
        """
        ...

    async def end_generation(self, generation: int) -> None:
        """Release resources of the agents of a generation that has no further tasks."""
        ...

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return the latest frame of each running episode, by worker, and request the next one.

        A call returns the frames that the previous call requested; without calls no frames are made. Frames from a
        container are unverified claims.
        """
        ...
