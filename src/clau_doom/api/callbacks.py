"""Callbacks that receive the events of a run after each event is committed."""

import inspect
from collections.abc import Callable, Iterable

from clau_doom.domain.events import RecordedEvent
from clau_doom.errors import ConfigError
from clau_doom.logs import get_logger

__all__ = ["Callback", "Callbacks"]

Callback = Callable[[RecordedEvent], object]
"""Function that receives an event. Its result is ignored."""

_log = get_logger(__name__)


class Callbacks:
    """Calls functions with each event, in the order of the log.

    An exception of a function is logged, and the next functions and events follow. The first exception of a function is
    logged with its traceback. The number of its exceptions is logged at the end.
    """

    def __init__(self, callbacks: Iterable[object]) -> None:
        """Check the functions.

        Raises:
            ConfigError: A value is not a function, or is a coroutine function.
        """
        self._callbacks = tuple(_checked(callback) for callback in callbacks)
        self._failures: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def show(self, recorded: RecordedEvent) -> None:
        """Call each function with the next event."""
        for number, callback in enumerate(self._callbacks):
            try:
                callback(recorded)
            except Exception as error:  # an error of the user's code must not disturb the run
                self._failures[number] = self._failures.get(number, 0) + 1
                if self._failures[number] == 1:
                    _log.error("callback failed", callback=_name(callback), sequence=recorded.sequence, exc_info=error)

    def close(self) -> None:
        """Log the number of exceptions of each function that failed more than once."""
        for number, count in self._failures.items():
            if count > 1:
                _log.error("callback failed repeatedly", callback=_name(self._callbacks[number]), failures=count)


def _checked(callback: object) -> Callback:
    if not callable(callback) or inspect.iscoroutinefunction(callback):
        raise ConfigError(
            f"callbacks: {callback!r} is not a plain function of one event; "
            "for coroutines, use `async for event in run.events()` with cd.start"
        )
    return callback


def _name(callback: Callback) -> str:
    return getattr(callback, "__qualname__", type(callback).__qualname__)
