"""Backend without engines: the outcome of an episode is a function of genome and seed, with faults on request."""

import asyncio
import hashlib
import math
import struct
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from clau_doom.domain import Episode, EpisodeOutcome, EpisodeTiming, Genome, LiveFrame, Measures
from clau_doom.ports import EpisodeTask, Glimpse

__all__ = ["ScriptedBackend", "scripted_outcome"]

Disturb = Callable[[EpisodeTask], Awaitable[None]]
"""Called before an episode ends. It may wait, or raise an error that the backend port allows."""


def scripted_outcome(genome: Genome, seed: int) -> EpisodeOutcome:
    """Return the outcome of a simulated episode, which depends on the arguments only.

    Reward and kills rise as the genes approach 0.5, so that evolution can improve them. The seed adds noise of up to
    one point. Health is noise only.
    """
    digest = hashlib.sha256(struct.pack("<Q", seed) + genome.to_bytes()).digest()
    noise, health = (int.from_bytes(digest[at : at + 4], "little") / 2**32 for at in (0, 4))
    distance = math.fsum((value - 0.5) ** 2 for value in genome.values)
    kills = math.floor(20.0 / (1.0 + distance) + noise)
    measures = Measures(
        kills=float(kills),
        deaths=float(digest[8] % 2),
        health=math.floor(health * 101.0),
        shots=kills + float(digest[9] % 16),
        hits=float(kills),
        damage_dealt=kills * 20.0,
        tics=300.0 + digest[10],
        reward=20.0 / (1.0 + distance) + noise,
        distance=float(digest[11]),
        decisions=75.0,
    )
    return EpisodeOutcome(seed=seed, measures=measures, trajectory_sha256=digest.hex())


class ScriptedBackend:
    """An `EvaluationBackend` for tests and benchmarks of all layers above the engines.

    Attributes:
        played: The tasks it received, in the order in which they began.
        entered: Whether the backend is entered now.
        ended: The ended generations, as reported by `end_generation`.
    """

    def __init__(
        self,
        *,
        slots: int = 4,
        disturb: Disturb | None = None,
        outcome: Callable[[Genome, int], EpisodeOutcome] = scripted_outcome,
        recording: bytes | None = None,
        claimed: Callable[[Genome, int], EpisodeOutcome] | None = None,
    ) -> None:
        """Create a backend.

        Args:
            slots: Maximum number of episodes at once.
            disturb: Awaited before an episode ends: raising loses the episode (`InfrastructureFailed`) or fails the
                agent (`PolicyFailed`), waiting delays it.
            outcome: Function from genome and seed to the outcome.
            recording: The recording of every episode.
            claimed: Outcome that untrusted workers report, with actions that lead to `outcome`.
        """
        self.played: list[EpisodeTask] = []
        self.entered = False
        self.ended: list[int] = []
        self._playing: list[EpisodeTask] = []
        self._looks = 0
        self._slots = slots
        self._disturb = disturb
        self._outcome = outcome
        self._recording = recording
        self._claimed = claimed

    async def __aenter__(self) -> Self:
        """Mark the backend as entered."""
        self.entered = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Mark the backend as left."""
        self.entered = False

    @property
    def slots(self) -> int:
        """Maximum number of episodes at once."""
        return self._slots

    def takes(self, task: EpisodeTask) -> bool:  # noqa: ARG002 - the port's
        """Return True: the backend can always accept an episode."""
        return True

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return a grey picture of each running episode, which becomes lighter at each call."""
        self._looks += 1
        return tuple([self._glimpse(place, task) for place, task in enumerate(self._playing)])

    def _glimpse(self, place: int, task: EpisodeTask) -> Glimpse:
        frame = LiveFrame(
            task=task.number,
            tic=self._looks,
            health=100.0,
            kills=1.0,
            held=("ATTACK",),
            width=16,
            height=12,
            channels=1,
            pixels=bytes([self._looks % 256]) * (16 * 12),
        )
        return Glimpse(task=task, worker=place, frame=frame)

    async def end_generation(self, generation: int) -> None:
        """Record that a generation has ended."""
        self.ended.append(generation)

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode immediately, unless `disturb` delays it."""
        self.played.append(task)
        await asyncio.sleep(0)  # like a real backend, it lets other tasks run during an episode
        if self._disturb is not None:
            self._playing.append(task)
            try:
                await self._disturb(task)
            finally:
                self._playing.remove(task)
        # A scripted agent's actions are its genome. The outcome depends on the genome and the seed only.
        genome = task.genome if task.actions is None else Genome.from_bytes(task.actions)
        claimed = self._claimed if task.actions is None else None
        return Episode(
            purpose=task.purpose,
            agent=task.agent,
            number=task.number,
            outcome=(claimed or self._outcome)(genome, task.seed),
            actions=genome.to_bytes() if claimed else None,
            timing=EpisodeTiming(seconds=0.0, attempts=task.attempt),
            recording=self._recording,
        )
