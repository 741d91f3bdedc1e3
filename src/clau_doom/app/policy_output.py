"""Containment of what a user's policy prints, warns and logs while this process loads it.

A policy is loaded here once, to learn its genes. Its output would break the display of a run, JSON on standard output
and the log of a server. Nothing is lost: each worker loads the policy again, and its output stands in ``workers.log``.
"""

import atexit
import contextlib
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TextIO

__all__ = ["contained_output"]

_OURS = "clau_doom"
_turn = threading.RLock()
"""Standard streams belong to the whole process: one policy is loaded at a time."""


@contextlib.contextmanager
def contained_output() -> Iterator[None]:
    """Discard what the block prints, warns and logs, and undo what it does to logging and to warning filters."""
    root = logging.getLogger()
    with _turn, contextlib.redirect_stdout(_nowhere()), contextlib.redirect_stderr(_nowhere()):
        before, level, disabled = [*root.handlers], root.level, root.manager.disable
        foreign = _Foreign(threading.get_ident())
        for handler in before:
            handler.addFilter(foreign)
        root.addHandler(logging.NullHandler())  # where there is no handler, logging makes one of its own
        try:
            with warnings.catch_warnings():
                yield
        finally:
            root.handlers[:] = before
            for handler in before:
                handler.removeFilter(foreign)
            root.setLevel(level)
            logging.disable(disabled)


class _Foreign(logging.Filter):
    """Drops what one thread logs that is not clau-doom's own."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread or record.name.partition(".")[0] == _OURS


@cache
def _nowhere() -> TextIO:
    """Return a file that is open until this process ends: what a policy has set up to write there may go on."""
    nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed when the process ends
    atexit.register(nowhere.close)
    return nowhere
