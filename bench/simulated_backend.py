"""Simulated workers: realistic durations, crashes, hangs, stragglers and network delays.

The outcome of an episode is scripted. Duration and loss depend only on the episode's task, so that a simulation is
reproducible.
"""

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from statistics import NormalDist
from types import TracebackType
from typing import Self

from clau_doom.domain import Episode, EpisodeTiming
from clau_doom.errors import EpisodeTimedOut, WorkerCrashed
from clau_doom.ports import EpisodeTask, EvaluationBackend, Glimpse
from clau_doom.testing import scripted_outcome

__all__ = ["Fleet", "SimulatedBackend", "Span"]

_RECORDING = bytes(2048)
_TICS, _SIGMA, _LONGEST = 620.0, 0.6, 2100.0
"""Length of the quickstart's episodes in tics: median and sigma of a log-normal distribution, and the timeout.

The distribution is fitted to 192 real episodes of the rules policy. 1.6 % of these reached the timeout, compared with
2.1 % here.
"""
_TICS_PER_SECOND = 11_770.0
"""Speed of one pinned worker in these episodes: 3,670 decisions a second of 3.2 tics each (docs/performance.md)."""
_NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Simulated workers and their properties.

    Attributes:
        workers: Number of workers.
        slowness: Length of an episode as a multiple of the quickstart's episodes.
        ahead: Number of queued episodes at each worker, in addition to the running episode.
        latency: Seconds for a message in one direction.
        crashes: Share of episodes in which the worker crashes, at a random moment.
        hangs: Share of episodes in which the engine hangs until the watchdog's time limit.
        stall_timeout: Time limit of the watchdog, in seconds.
        restart: Seconds until a lost worker is replaced.
        stragglers: Share of slow workers.
        drag: Factor by which stragglers are slower.
    """

    workers: int
    slowness: float = 1.0
    ahead: int = 1
    latency: float = 0.0005
    crashes: float = 0.002
    hangs: float = 0.0001
    stall_timeout: float = 10.0
    restart: float = 0.5
    stragglers: float = 0.01
    drag: float = 4.0

    def drags(self, worker: int) -> bool:
        """Return whether a worker is a straggler; stragglers are distributed evenly."""
        return math.floor((worker + 1) * self.stragglers) > math.floor(worker * self.stragglers)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fate:
    """Simulated course of an episode on a worker that is not a straggler.

    Attributes:
        seconds: Duration of the episode.
        lost: Reason of the loss, or None.
        hung: Seconds of the hang before the loss.
    """

    seconds: float
    lost: type[WorkerCrashed | EpisodeTimedOut] | None
    hung: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Totals from the request for the first episode to the end of the last generation.

    Attributes:
        seconds: Time on the loop's clock.
        processor: Processor seconds of this process, summed over threads.
        played: Finished episodes.
        lost: Lost episodes.
        busy: Worker-seconds of finished episodes.
    """

    seconds: float
    processor: float
    played: int
    lost: int
    busy: float


class SimulatedBackend(EvaluationBackend):
    """`EvaluationBackend` with simulated workers.

    Attributes:
        span: Totals up to the end of the latest generation; None before the first has ended.
    """

    def __init__(self, fleet: Fleet) -> None:
        """Create idle workers."""
        self.span: Span | None = None
        self._fleet = fleet
        self._played = self._lost = 0
        self._utilisation = 0.0
        self._begun: tuple[float, float] | None = None
        self._free_at = [0.0] * fleet.workers
        self._holding = [0] * fleet.workers
        # Workers by their number of episodes. The least loaded worker is found without a search of all workers.
        self._ranks: list[OrderedDict[int, None]] = [OrderedDict() for _ in range(fleet.ahead + 2)]
        self._ranks[0].update(dict.fromkeys(range(fleet.workers)))

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    @property
    def slots(self) -> int:
        """Number of episodes that the workers accept: running and queued ones."""
        return self._fleet.workers * (1 + self._fleet.ahead)

    def takes(self, task: EpisodeTask) -> bool:  # noqa: ARG002 - required by the port
        """Return that the backend accepts an episode."""
        return True

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return nothing, because there is no live view."""
        return ()

    async def end_generation(self, generation: int) -> None:  # noqa: ARG002 - required by the port
        """Record the totals."""
        assert self._begun is not None, "nothing was played"
        self.span = Span(
            seconds=asyncio.get_running_loop().time() - self._begun[0],
            processor=time.process_time() - self._begun[1],
            played=self._played,
            lost=self._lost,
            busy=self._utilisation,
        )

    async def play(self, task: EpisodeTask) -> Episode:
        """Simulate an episode on the least loaded worker."""
        loop, fleet = asyncio.get_running_loop(), self._fleet
        now = loop.time()
        if self._begun is None:
            self._begun = now, time.process_time()
        worker = next(iter(next(rank for rank in self._ranks if rank)))
        self._hold(worker, 1)
        try:
            fate = _fate(task, fleet)
            seconds = fate.seconds * (fleet.drag if fleet.drags(worker) else 1.0)
            over = max(self._free_at[worker], now + fleet.latency) + seconds + fate.hung
            self._free_at[worker] = over + (fleet.restart if fate.lost else 0.0)
            await asyncio.sleep(over + fleet.latency - loop.time())
            if fate.lost:
                self._lost += 1
                raise fate.lost(f"worker {worker} was lost in episode {task.number} of {task.agent}")
            self._played += 1
            self._utilisation += seconds
        finally:
            self._hold(worker, -1)
        return Episode(
            purpose=task.purpose,
            agent=task.agent,
            number=task.number,
            outcome=scripted_outcome(task.genome, task.seed),
            timing=EpisodeTiming(seconds=seconds, attempts=task.attempt, worker=worker),
            recording=_RECORDING,
        )

    def _hold(self, worker: int, more: int) -> None:
        del self._ranks[self._holding[worker]][worker]
        self._holding[worker] += more
        self._ranks[self._holding[worker]][worker] = None


def _fate(task: EpisodeTask, fleet: Fleet) -> _Fate:
    """Return the course of one attempt, drawn from its name only."""
    digest = hashlib.sha256(f"{task.agent} {task.number} {task.attempt}".encode()).digest()
    length, luck, moment = ((int.from_bytes(digest[at : at + 6], "little") + 0.5) / 2**48 for at in (0, 8, 16))
    tics = min(_TICS * math.exp(_SIGMA * _NORMAL.inv_cdf(length)), _LONGEST)
    seconds = fleet.slowness * tics / _TICS_PER_SECOND
    if luck < fleet.hangs:
        return _Fate(seconds=seconds * moment, lost=EpisodeTimedOut, hung=fleet.stall_timeout)
    if luck < fleet.hangs + fleet.crashes:
        return _Fate(seconds=seconds * moment, lost=WorkerCrashed)
    return _Fate(seconds=seconds, lost=None)
