"""Containment of the output, warnings and log records of a user's policy while this process loads it.

This process loads a policy once, to read its genes. The policy's output would break progress displays, JSON on standard
output and the logs of a server. The output is not lost: each worker loads the policy again, and writes its output to
``workers.log``.
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
_lock = threading.RLock()
"""Lock for the standard streams, which belong to the whole process. One policy is loaded at a time."""


@contextlib.contextmanager
def contained_output() -> Iterator[None]:
    """Discard the output, warnings and log records of the block, and restore logging and warning filters."""
    root = logging.getLogger()
    with _lock, contextlib.redirect_stdout(_null_device()), contextlib.redirect_stderr(_null_device()):
        before, level, disabled = [*root.handlers], root.level, root.manager.disable
        foreign = _ThreadFilter(threading.get_ident())
        for handler in before:
            handler.addFilter(foreign)
        root.addHandler(logging.NullHandler())  # without a handler, logging creates one
        try:
            with warnings.catch_warnings():
                yield
        finally:
            root.handlers[:] = before
            for handler in before:
                handler.removeFilter(foreign)
            root.setLevel(level)
            logging.disable(disabled)


class _ThreadFilter(logging.Filter):
    """Drops the log records of one thread, except those of clau-doom."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread or record.name.partition(".")[0] == _OURS


@cache
def _null_device() -> TextIO:
    """Return a file that stays open until this process ends. The policy may keep references to it."""
    nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed when the process ends
    atexit.register(nowhere.close)
    return nowhere
