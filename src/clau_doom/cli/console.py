"""What every command prints through: data on stdout, everything else on stderr, errors in one form."""

import json
import os
import sys
import traceback
from collections.abc import Mapping
from enum import IntEnum

from rich.console import Console
from rich.text import Text

from clau_doom.errors import ClauDoomError, UsageError, describe

__all__ = ["SCHEMA_VERSION", "ExitCode", "data_console", "print_json", "progress_console", "report_error"]

SCHEMA_VERSION = 1
"""The version of every JSON document that a command prints; raised when a field changes its meaning or goes away."""

_PIPED_WIDTH = 200  # wide enough that no table is cut short on its way to a file or a pager


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    """Bad usage or configuration: nothing was started, nothing was written."""
    AGENTS_FAILED = 3
    """Finished, but some agents failed."""
    INTERRUPTED = 130
    TERMINATED = 143


def data_console() -> Console:
    """Return the console of stdout, for data. Rich leaves colours out for `NO_COLOR` and where no terminal is."""
    return Console(highlight=False, width=_width(sys.stdout.isatty()))


def progress_console() -> Console:
    """Return the console of stderr, for progress, logs and errors."""
    return Console(stderr=True, highlight=False, width=_width(sys.stderr.isatty()))


def print_json(data: Mapping[str, object]) -> None:
    """Print one JSON document on stdout, its `schema_version` first."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **data}, indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(text + "\n")


def report_error(error: BaseException, *, debug: bool = False) -> ExitCode:
    """Print an error on stderr, on one line, and return the exit code that it means.

    Args:
        error: What ended the command.
        debug: Print its traceback as well.
    """
    if isinstance(error, KeyboardInterrupt):
        _print_line("interrupted", "")
        return ExitCode.INTERRUPTED
    if debug:
        sys.stderr.write("".join(traceback.format_exception(error)))
    if _only(error, UsageError):
        _print_line("error: ", describe(error))
        return ExitCode.USAGE
    if _only(error, ClauDoomError):
        _print_line("error: ", describe(error))
        return ExitCode.FAILED
    kind = type(error).__name__
    _print_line("internal error: ", f"{kind}: {describe(error)}")
    if not debug:
        _print_line("hint: ", "this is a bug in clau-doom; clau-doom --debug COMMAND ... prints where it happened")
    return ExitCode.FAILED


def _only(error: BaseException, kind: type[Exception]) -> bool:
    """Say whether the error, or every error in the group, is of a kind."""
    if isinstance(error, BaseExceptionGroup):
        return all(_only(member, kind) for member in error.exceptions)
    return isinstance(error, kind)


def _print_line(head: str, text: str) -> None:
    style = "dim" if head.startswith("hint") else "bold red"
    progress_console().print(Text.assemble((head, style), text), soft_wrap=True)


def _width(terminal: bool) -> int | None:  # noqa: FBT001 - says what it is at its two callers
    return None if terminal or "COLUMNS" in os.environ else _PIPED_WIDTH
