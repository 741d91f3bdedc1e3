"""Event log of a run, which adds the running time to events."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import TypeVar

from clau_doom.domain.events import Event
from clau_doom.domain.failure_trace import FailureTrace, trace_digest
from clau_doom.errors import PolicyFailed, StrategyFailed
from clau_doom.ports import Clock, ExperimentStore

__all__ = ["RunLog"]

_MOST_TRACES = 100
"""Maximum distinct tracebacks per experiment. Generated code may raise in ever new places."""

_T = TypeVar("_T")


class RunLog:
    """Appends a run's events to its store."""

    def __init__(
        self, store: ExperimentStore, clock: Clock, *, ran_before: float, traces: Collection[str] = ()
    ) -> None:
        """Start counting the running time.

        Args:
            store: Store of the experiment.
            clock: Clock.
            ran_before: Running time of earlier runs, in seconds.
            traces: Tracebacks that the log contains already.
        """
        self._traces = {trace_digest(text) for text in traces}
        self._store = store
        self._clock = clock
        self._ran_before = ran_before
        self._started = clock.monotonic()
        self._paused: float | None = None

    @property
    def running_seconds(self) -> float:
        """Running time in seconds over all runs of the experiment, without pauses."""
        now = self._clock.monotonic() if self._paused is None else self._paused
        return self._ran_before + now - self._started

    def stop_clock(self) -> None:
        """Stop counting the running time."""
        self._paused = self._clock.monotonic()

    def start_clock(self) -> None:
        """Continue counting the running time."""
        if self._paused is not None:
            self._started += self._clock.monotonic() - self._paused
            self._paused = None

    async def append(self, *events: Event) -> int:
        """Commit events together, and return the sequence of the last one."""
        return await self._store.append(events, running_seconds=self.running_seconds)

    def trace(self, error: Exception) -> FailureTrace | None:
        """Return the traceback of an error of a policy or a strategy, or None if it is unknown.

        The text is left out if the log already contains a traceback of this kind.
        """
        text = error.traceback if isinstance(error, PolicyFailed | StrategyFailed) else ""
        if not text:
            return None
        digest = trace_digest(text)
        new = digest not in self._traces and len(self._traces) < _MOST_TRACES
        if new:
            self._traces.add(digest)
        return FailureTrace(digest=digest, text=text if new else None)

    def receiver(self, events_of: Callable[[_T], Iterable[Event]]) -> Callable[[Sequence[_T]], Awaitable[None]]:
        """Return a receiver of reports, which commits the events of each batch together."""

        async def receive(reports: Sequence[_T]) -> None:
            if events := [event for report in reports for event in events_of(report)]:
                await self.append(*events)

        return receive
