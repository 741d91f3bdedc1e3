"""Ctrl-C and the stop button of notebooks during a run that blocks the main thread."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

__all__ = ["Interrupts", "counted_interrupts"]

_LAST = 2
"""Number of interrupts that are requests to the run. Each later one raises `KeyboardInterrupt` at once."""


@dataclass
class Interrupts:
    """Interrupts since the start of a run.

    Attributes:
        count: Number of interrupts.
    """

    count: int = 0


@contextmanager
def counted_interrupts(on_interrupt: Callable[[int], None]) -> Iterator[Interrupts]:
    """Call a function at the first and second interrupt in place of a `KeyboardInterrupt`.

    A `KeyboardInterrupt` could be raised between any two statements, also in a callback of the user. Outside of the
    main thread, and if the program has its own handler for SIGINT, the context does nothing.

    Args:
        on_interrupt: Called in the main thread with the number of the interrupt, from 1.
    """
    found = Interrupts()

    def handle(number: int, frame: FrameType | None) -> None:
        found.count += 1
        if found.count > _LAST:
            signal.default_int_handler(number, frame)
        on_interrupt(found.count)

    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield found
        return
    signal.signal(signal.SIGINT, handle)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
