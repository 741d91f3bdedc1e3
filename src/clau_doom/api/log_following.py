"""Following of a run's event log by its display and its callbacks, outside of the event loop of the run."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import ExitStack
from typing import Any, Self

from clau_doom.api.callbacks import Callbacks
from clau_doom.api.progress import Display
from clau_doom.app.log_tail import LogTail
from clau_doom.domain.events import RecordedEvent
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError
from clau_doom.logs import get_logger
from clau_doom.storage import PAGE

__all__ = ["follow_log", "wait_for"]

_POLL = 0.1
"""Seconds between two reads, unless more events wait."""

_log = get_logger(__name__)


def follow_log(
    tail: LogTail,
    done: "Future[Any]",
    *,
    callbacks: Callbacks,
    display: Display | None = None,
    on_turn: Callable[[], None] = lambda: None,
) -> None:
    """Pass the events of a run to its display and its callbacks, until the run has ended and all events are passed.

    Args:
        tail: Reader of the log.
        done: Resolved at the end of the run.
        callbacks: Functions that receive the events.
        display: Display of the run, or None. After an error, the display is dropped.
        on_turn: Called a few times a second.
    """
    if display is None and not callbacks:
        wait_for(done, on_turn)
        return
    with ExitStack() as stack:
        stack.enter_context(tail)
        stack.callback(callbacks.close)
        shown = stack.enter_context(_Shown(display))
        log = _Log(tail)
        while True:
            over = done.done()  # read first: the log of a run that has ended is complete
            events = log.read()
            for recorded in events:
                shown.show(recorded)
                callbacks.show(recorded)
            on_turn()
            if over and not events:
                return
            if len(events) < PAGE:
                shown.refresh()
                wait([done], _POLL)


class _Shown:
    """A display that is dropped after an error, such as a closed terminal."""

    def __init__(self, display: Display | None) -> None:
        self._display = display

    def __enter__(self) -> Self:
        self._try(_enter)
        return self

    def __exit__(self, *_: object) -> None:
        self._try(lambda display: display.__exit__(None, None, None))

    def show(self, recorded: RecordedEvent) -> None:
        self._try(lambda display: display.show(recorded))

    def refresh(self) -> None:
        self._try(lambda display: display.refresh())

    def _try(self, action: Callable[[Display], None]) -> None:
        if self._display is None:
            return
        try:
            action(self._display)
        except Exception as error:  # the run continues without a display
            self._display = None
            _log.error("progress display failed", error=describe(error), exc_info=error)


def wait_for(done: "Future[Any]", on_turn: Callable[[], None] = lambda: None) -> None:
    """Wait for a future result, and call a function a few times a second. Errors are not raised."""
    while not done.done():
        wait([done], _POLL)
        on_turn()


class _Log:
    """A log that is empty while it cannot be read. The run itself reports a lost folder."""

    def __init__(self, tail: LogTail) -> None:
        self._tail = tail
        self._failure = ""

    def read(self) -> tuple[RecordedEvent, ...]:
        try:
            return self._tail.read()
        except ClauDoomError as error:
            if self._failure != (failure := describe(error)):  # log once, because the log is read many times
                self._failure = failure
                _log.warning("the log of the run cannot be read", error=failure)
            return ()


def _enter(display: Display) -> None:
    display.__enter__()
