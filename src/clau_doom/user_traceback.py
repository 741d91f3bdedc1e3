"""Traceback of an error in a user's code, without the frames of this package and without this machine's paths."""

import os
import sys
import sysconfig
import traceback
from pathlib import Path

__all__ = ["LONGEST_TRACEBACK", "innermost_line", "user_traceback"]

LONGEST_TRACEBACK = 6000
"""Most characters of a traceback: a short part of the beginning and a longer part of the end."""

_PACKAGE = f"{Path(__file__).parent}{os.sep}"
_INSTALLED = tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "purelib", "platlib"))
_BEGINNING = 1500
_DEEPEST = 16
"""Most frames of one error; the innermost ones are kept."""
_CAUSES = 4


def user_traceback(error: BaseException) -> str:
    """Return the traceback of an error and its causes as text of several lines, or an empty text.

    Each frame names file, line and function, and shows the line. Files are relative to the import path. Values of
    variables are left out, because they may contain secrets or the agent's private data.

    Args:
        error: The error that the code raised.
    """
    try:
        found = traceback.TracebackException.from_exception(error, compact=True)
        _trim(found, _CAUSES)
        text = "".join(found.format()).rstrip()
    except Exception:  # an error without readable text or source must still be reported
        return ""
    if len(text) <= LONGEST_TRACEBACK:
        return text
    return f"{text[:_BEGINNING]}\n  [...]\n{text[_BEGINNING - LONGEST_TRACEBACK :]}"


def _trim(found: traceback.TracebackException, causes: int) -> None:
    own = [frame for frame in found.stack if not frame.filename.startswith(_PACKAGE)]
    frames = (own or list(found.stack))[-_DEEPEST:]
    for frame in frames:
        frame.filename = _relative(frame.filename)
    found.stack = traceback.StackSummary.from_list(frames)
    if causes == 0:
        found.__cause__ = found.__context__ = found.exceptions = None
    for cause in (found.__cause__, found.__context__, *(found.exceptions or ())):
        if cause is not None:
            _trim(cause, causes - 1)


def _relative(file: str) -> str:
    """Return a file's path relative to the entry of the import path that contains it."""
    folders = sorted((str(Path(folder or ".").absolute()) for folder in sys.path), key=len, reverse=True)
    folder = next((folder for folder in folders if file.startswith(f"{folder}/")), None)
    return file[len(folder) + 1 :] if folder else Path(file).name


def innermost_line(error: BaseException) -> str:
    """Return the innermost line of the user's code, such as ``my_es.py, line 12``; empty if it is unknown.

    Lines of this package and, if possible, of other installed packages are skipped.

    Args:
        error: The error that the code raised.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_PACKAGE)]
    own = [frame for frame in frames if not frame.filename.startswith(_INSTALLED)] or frames
    return f"{_relative(own[-1].filename)}, line {own[-1].lineno}" if own else ""
