"""The run's side of the event log: appends events with the running time so far."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import TypeVar

from clau_doom.domain.events import Event
from clau_doom.domain.failure_trace import FailureTrace, trace_digest
from clau_doom.errors import PolicyFailed
from clau_doom.ports import Clock, ExperimentStore

__all__ = ["RunLog"]

_MOST_TRACES = 100
"""Distinct tracebacks that an experiment keeps: code that is generated may raise in new places without end."""

_T = TypeVar("_T")


class RunLog:
    """Appends a run's events to its store."""

    def __init__(
        self, store: ExperimentStore, clock: Clock, *, ran_before: float, traces: Collection[str] = ()
    ) -> None:
        """Start counting running time now.

        Args:
            store: Where events go.
            clock: Time.
            ran_before: Seconds that the experiment ran before.
            traces: The tracebacks that the log has already.
        """
        self._traces = {trace_digest(text) for text in traces}
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

    def trace(self, error: Exception) -> FailureTrace | None:
        """Return where a policy raised, with the text unless the log has one of its kind; None where not known."""
        text = error.traceback if isinstance(error, PolicyFailed) else ""
        if not text:
            return None
        digest = trace_digest(text)
        new = digest not in self._traces and len(self._traces) < _MOST_TRACES
        if new:
            self._traces.add(digest)
        return FailureTrace(digest=digest, text=text if new else None)

    def receiver(self, events_of: Callable[[_T], Iterable[Event]]) -> Callable[[Sequence[_T]], Awaitable[None]]:
        """Return what commits the events of some reports together, for a player to call."""

        async def receive(reports: Sequence[_T]) -> None:
            if events := [event for report in reports for event in events_of(report)]:
                await self.append(*events)

        return receive
