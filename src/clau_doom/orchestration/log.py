"""The run's side of the event log: appends events with the running time so far."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from clau_doom.domain.events import Event
from clau_doom.ports import Clock, ExperimentStore

__all__ = ["RunLog"]

_T = TypeVar("_T")


class RunLog:
    """Appends a run's events to its store."""

    def __init__(self, store: ExperimentStore, clock: Clock, *, ran_before: float) -> None:
        """Start counting running time now, on top of `ran_before` seconds."""
        self._store = store
        self._clock = clock
        self._ran_before = ran_before
        self._started = clock.monotonic()
        self._paused: float | None = None

    @property
    def running_seconds(self) -> float:
        """Time spent running, over all resumes; pauses are left out."""
        now = self._clock.monotonic() if self._paused is None else self._paused
        return self._ran_before + now - self._started

    def stop_clock(self) -> None:
        """Let running time stand still."""
        self._paused = self._clock.monotonic()

    def start_clock(self) -> None:
        """Let running time go on."""
        if self._paused is not None:
            self._started += self._clock.monotonic() - self._paused
            self._paused = None

    async def append(self, *events: Event) -> int:
        """Commit events together, and return the last one's sequence."""
        return await self._store.append(events, running_seconds=self.running_seconds)

    def receiver(self, events_of: Callable[[_T], Iterable[Event]]) -> Callable[[Sequence[_T]], Awaitable[None]]:
        """Return what commits the events of some reports together, for a player to call."""

        async def receive(reports: Sequence[_T]) -> None:
            if events := [event for report in reports for event in events_of(report)]:
                await self.append(*events)

        return receive
