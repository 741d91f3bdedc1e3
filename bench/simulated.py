"""Simulated workers: realistic durations, crashes, hangs, stragglers and network delays.

The outcome of an episode is scripted. Its duration and loss are drawn from its task, so that a simulation can be
repeated.
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
"""Tics of the quickstart's episodes: a log-normal's median and sigma, and the scenario's timeout.

Fitted to 192 real ones of the rules policy, of which 1.6 % were as long as the timeout, against 2.1 % here.
"""
_TICS_PER_SECOND = 11_770.0
"""Of one pinned worker that plays them: 3,670 decisions a second of 3.2 tics each (docs/performance.md)."""
_NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The workers.

    Attributes:
        workers: How many.
        slowness: How many times as long an episode takes as the quickstart's.
        ahead: How many episodes wait at each worker behind the one that it plays.
        latency: Seconds that a message takes one way.
        crashes: The share of episodes that end with their worker, at a random moment.
        hangs: The share of episodes in which the engine hangs until the watchdog's patience is over.
        stall_timeout: That patience, in seconds.
        restart: Seconds until a lost worker is replaced.
        stragglers: The share of workers that are slower than the others.
        drag: How many times slower.
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
        """Say whether a worker is one of the slow ones, which are spread evenly."""
        return math.floor((worker + 1) * self.stragglers) > math.floor(worker * self.stragglers)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fate:
    """What happens to an episode on a worker that does not drag.

    Attributes:
        seconds: How long it takes.
        lost: Why it is lost, or None.
        hung: Seconds that it stands still before that.
    """

    seconds: float
    lost: type[WorkerCrashed | EpisodeTimedOut] | None
    hung: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What happened from the request for the first episode to the end of the last generation.

    Attributes:
        seconds: How long it took, on the loop's clock.
        processor: Processor seconds that this process took, all threads together.
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
    """An `EvaluationBackend` whose workers are numbers.

    Attributes:
        span: What happened so far, as far as generations have ended; None before the first has.
    """

    def __init__(self, fleet: Fleet) -> None:
        """Make the workers, all idle."""
        self.span: Span | None = None
        self._fleet = fleet
        self._played = self._lost = 0
        self._busy = 0.0
        self._begun: tuple[float, float] | None = None
        self._free_at = [0.0] * fleet.workers
        self._holding = [0] * fleet.workers
        # Workers by how many episodes they hold: the one with the fewest is found without a look at all of them.
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
        """For each worker, what it plays and what waits behind it."""
        return self._fleet.workers * (1 + self._fleet.ahead)

    def takes(self, task: EpisodeTask) -> bool:  # noqa: ARG002 - the port's
        """Say that there is room."""
        return True

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return nothing: nothing can be seen."""
        return ()

    async def end_generation(self, generation: int) -> None:  # noqa: ARG002 - the port's
        """Note how things stand."""
        assert self._begun is not None, "nothing was played"
        self.span = Span(
            seconds=asyncio.get_running_loop().time() - self._begun[0],
            processor=time.process_time() - self._begun[1],
            played=self._played,
            lost=self._lost,
            busy=self._busy,
        )

    async def play(self, task: EpisodeTask) -> Episode:
        """Let an episode's time pass on the worker that holds the fewest."""
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
            self._busy += seconds
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
    """Return what is drawn for one attempt, from its name alone."""
    digest = hashlib.sha256(f"{task.agent} {task.number} {task.attempt}".encode()).digest()
    length, luck, moment = ((int.from_bytes(digest[at : at + 6], "little") + 0.5) / 2**48 for at in (0, 8, 16))
    tics = min(_TICS * math.exp(_SIGMA * _NORMAL.inv_cdf(length)), _LONGEST)
    seconds = fleet.slowness * tics / _TICS_PER_SECOND
    if luck < fleet.hangs:
        return _Fate(seconds=seconds * moment, lost=EpisodeTimedOut, hung=fleet.stall_timeout)
    if luck < fleet.hangs + fleet.crashes:
        return _Fate(seconds=seconds * moment, lost=WorkerCrashed)
    return _Fate(seconds=seconds, lost=None)
