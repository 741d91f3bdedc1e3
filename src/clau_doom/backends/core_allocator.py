"""Allocation of worker places and CPU cores among the experiments of this process.

A worker is pinned to one core, because two workers on one core slow each other down. Each place for a worker belongs to
one backend at a time. The cores of the places are claimed while any backend is entered (`core_lease`), so that other
processes use other cores. Backends with waiting episodes receive equal numbers of places, up to the number that each
can use. If the places do not divide evenly, the backends receive the remaining places in turns.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from clau_doom.backends.core_lease import CoreLease
from clau_doom.logs import get_logger
from clau_doom.machine_limits import cpu_quota, default_workers, usable_cores

__all__ = ["CoreAllocator", "CoreShare"]

_TURN = 2.0
"""Seconds between two rotations of the remaining places."""

_log = get_logger(__name__)


class CoreShare:
    """One backend's share of the places.

    Attributes:
        wanted: The most places that the backend can use.
        places: Numbers of the places on which the backend may begin episodes now. Episodes begun on other places end
            there.
        playing: Whether the backend has episodes to play. An idle backend leaves its places to the others.
    """

    def __init__(self, cores: "CoreAllocator", wanted: int) -> None:
        self.wanted = wanted
        self.places: tuple[int, ...] = ()
        self.playing = True
        self._busy = 0
        self._waiting = 0
        self._cores = cores
        self._changed = asyncio.Event()

    @property
    def busy(self) -> int:
        """Number of places on which the backend plays."""
        return self._busy

    def plays_on(self, places: int) -> None:
        """Set the number of places on which episodes are played now."""
        self._busy = places
        self.playing = places > 0 or self._waiting > 0

    async def have_any(self) -> None:
        """Wait until the share has a place."""
        self._waiting += 1
        try:
            if not self.playing:
                self.playing = True
                self._cores.deal()
            while not self.places:
                await self._changed.wait()
        finally:
            self._waiting -= 1

    def take(self, places: tuple[int, ...]) -> None:
        """Replace the places of this share."""
        if places != self.places:
            self.places = places
            self._changed.set()
            self._changed = asyncio.Event()


class CoreAllocator:
    """The places for workers on this machine.

    Attributes:
        places: The core of each place, or None if workers are not pinned. With a lease, the cores are set, and may
            change, while a share exists.
        restarts: Number of replaced workers.
    """

    def __init__(
        self,
        places: Sequence[int | None],
        *,
        turn: float = _TURN,
        lease: CoreLease | None = None,
        announce: bool = True,
    ) -> None:
        """Create an allocator.

        Args:
            places: The core of each place, or None.
            turn: Seconds between two rotations of the remaining places.
            lease: Claims the cores of the places.
            announce: Whether to log that workers share cores.
        """
        self.places = tuple(places)
        self._lease = lease
        self._announce = announce
        self.restarts = 0
        self._turn = turn
        self._first = 0
        self._shares: list[CoreShare] = []
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of_machine(cls, workers: int, *, pin: bool, announce: bool = True) -> "CoreAllocator":
        """Return an allocator with the requested number of places.

        Args:
            workers: Number of places; 0: one for each core that this process may use.
            pin: Whether workers are pinned to cores. The cores are then claimed, so that this user's processes use
                different cores.
            announce: Whether to log that workers share cores.
        """
        places = [None] * (workers or default_workers())
        return cls(places, lease=CoreLease(usable_cores()) if pin else None, announce=announce)

    @property
    def busy(self) -> int:
        """Number of places on which episodes are played."""
        return min(sum(share.busy for share in self._shares), len(self.places))

    @contextmanager
    def share(self, wanted: int) -> Iterator[CoreShare]:
        """Allocate a share while the context lasts: at most `wanted` places; 0: all places."""
        if not self._shares:
            self._claim()
        share = CoreShare(self, min(wanted or len(self.places), len(self.places)))
        self._shares.append(share)
        self.deal()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._turn, self._next_turn)
        try:
            yield share
        finally:
            self._shares.remove(share)
            self.deal()
            if not self._shares:
                self._release()

    def _claim(self) -> None:
        if self._lease is None:
            return
        self.places = self._lease.claim(len(self.places))
        workers, quota = len(self.places), cpu_quota()
        if self._announce and self._lease.shared:
            _log.warning(
                "workers share cores: episodes are slower, with the same results",
                workers=workers,
                sharing=self._lease.shared,
                remedy="wait for other runs on this machine, or use fewer workers (execution.workers)",
            )
        if self._announce and quota is not None and workers > quota:
            _log.warning(
                "the control group allows less CPU time than the workers can use",
                workers=workers,
                cpus=round(quota, 2),
                remedy="raise the limit, or use fewer workers (execution.workers)",
            )

    def _release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lease is not None:
            self._lease.release()

    def deal(self) -> None:
        """Distribute the places among the active backends. Backends keep their current places as far as possible."""
        counts = self._counts()
        kept = {share: share.places[: counts[share]] for share in self._shares}
        taken = {place for places in kept.values() for place in places}
        free = [place for place in range(len(self.places)) if place not in taken]
        for share in self._shares:
            missing = counts[share] - len(kept[share])
            share.take((*kept[share], *free[:missing]))
            del free[:missing]

    def _counts(self) -> dict[CoreShare, int]:
        counts = dict.fromkeys(self._shares, 0)
        playing = [share for share in self._shares if share.playing]
        start = self._first % len(playing) if playing else 0
        left, hungry = len(self.places), playing[start:] + playing[:start]
        while left and hungry:
            for share in hungry[:left]:
                counts[share] += 1
            left -= len(hungry[:left])
            hungry = [share for share in hungry if counts[share] < share.wanted]
        return counts

    def _next_turn(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._turn, self._next_turn)
        self._first += 1
        if self._lease is not None and self._lease.improve():
            self.places = self._lease.cores
        self.deal()
