"""Output of commands: data on stdout, all other output on stderr, and a common format of errors."""

import io
import os
import re
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from enum import IntEnum
from functools import lru_cache
from typing import Literal, TextIO

from rich.console import Console
from rich.text import Text

from clau_doom.app.json_documents import versioned
from clau_doom.app.literal_console import literal_console

__all__ = [
    "LOG_MESSAGES",
    "ExitCode",
    "MessageStream",
    "data_console",
    "json_text",
    "print_json",
    "print_message",
    "progress_console",
    "report_error",
]

_PIPED_WIDTH = 200  # wide enough for complete tables in a file or a pager
_INVISIBLE = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
"""Characters that are valid in JSON, but that terminals interpret or hide."""


class ExitCode(IntEnum):
    """Exit codes of a command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    """Bad usage or configuration: nothing was started, nothing was written."""
    AGENTS_FAILED = 3
    """Finished, but some agents failed."""
    OUT_OF_TIME = 4
    """Interrupted, because `max_duration` is used up."""
    INTERRUPTED = 130
    TERMINATED = 143


Level = Literal["info", "warning", "error"]
LOG_MESSAGES: ContextVar[bool] = ContextVar("log_messages", default=False)
"""Whether messages are log records, because stderr is a log of JSON objects."""


def data_console() -> Console:
    """Return the console of stdout, for data. Colours are off under `NO_COLOR` and without a terminal."""
    return literal_console(width=_width(sys.stdout.isatty()))


def progress_console() -> Console:
    """Return the console of stderr, for progress, logs and errors.

    All callers share one console, so that messages appear above a live display and are not overwritten.
    """
    stream: TextIO = getattr(sys.stderr, "rich_proxied_file", sys.stderr)  # a live display replaces the stream
    return _console_of_stderr(stream, _width(stream.isatty()))


def print_message(text: Text, level: Level = "info") -> None:
    """Print a message on stderr, or log it if `LOG_MESSAGES` is set."""
    if not LOG_MESSAGES.get():
        console = progress_console()
        console.print(text, soft_wrap=not console.is_terminal)
        return
    from clau_doom.logs import get_logger

    log = get_logger("clau_doom.cli")
    {"info": log.info, "warning": log.warning, "error": log.error}[level](text.plain.removeprefix(f"{level}: "))


class MessageStream(io.StringIO):
    """Stream for a command's log messages, which appear above its live display, like all messages on stderr."""

    def write(self, text: str) -> int:
        """Print a text with its line breaks."""
        if text.strip("\n"):
            progress_console().print(Text(text.rstrip("\n"), "yellow"), soft_wrap=not sys.stderr.isatty())
        return len(text)


def print_json(data: Mapping[str, object]) -> None:
    """Print one JSON document on stdout, its `schema_version` first."""
    text = json_text(versioned(data), indent=2)
    sys.stdout.write(text + "\n")


def json_text(data: Mapping[str, object], *, indent: int | None = None) -> str:
    """Return JSON for stdout. Characters that stdout cannot encode or that terminals interpret are escaped.

    Args:
        data: The data.
        indent: Spaces for each level, or None for one line.
    """
    import json

    encoding = (sys.stdout.encoding or "utf-8").lower().replace("-", "")
    separators = (",", ":") if indent is None else None
    text = json.dumps(
        data, indent=indent, separators=separators, ensure_ascii=not encoding.startswith("utf"), allow_nan=False
    )
    return text if text.isascii() else _INVISIBLE.sub(_json_escape, text)


def report_error(error: BaseException, *, debug: bool = False) -> ExitCode:
    """Print an error on stderr, on one line, and return its exit code.

    Args:
        error: The error that ended the command.
        debug: Whether to print its traceback as well.
    """
    from clau_doom.cli.error_classification import Cause, classify
    from clau_doom.errors import OutputFailed

    if isinstance(error, KeyboardInterrupt):
        _print_line("interrupted", "")
        return ExitCode.INTERRUPTED
    if isinstance(error, OutputFailed) and error.reader_gone:
        return ExitCode.FAILED
    if debug:
        _print_traceback(error)
    verdict = classify(error)
    if trace := "" if debug else _strategy_traceback(error):
        _print_line("", trace)
    if verdict.text:
        _print_line("internal error: " if verdict.cause is Cause.BUG else "error: ", verdict.text)
    if verdict.cause is Cause.BUG and not debug:
        _print_line("hint: ", "this is a bug in clau-doom; run clau-doom --debug COMMAND ... for its traceback")
    return ExitCode.USAGE if verdict.cause is Cause.MISTAKE else ExitCode.FAILED


def _strategy_traceback(error: BaseException) -> str:
    """Return the traceback of a user's strategy among the causes of an error, or an empty text."""
    from clau_doom.errors import StrategyFailed
    from clau_doom.escaping import printable_message

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, StrategyFailed):
            return printable_message(cause.traceback)
        cause = cause.__cause__
    return ""


def _print_traceback(error: BaseException) -> None:
    if LOG_MESSAGES.get():
        from clau_doom.logs import get_logger

        get_logger("clau_doom.cli").error("the command failed", exc_info=error)
    else:
        import traceback

        sys.stderr.write("".join(traceback.format_exception(error)))


def report_dropped_output(error: OSError) -> None:
    """Warn that stdout output of a long command was lost; its results are stored."""
    reason = error.strerror or str(error)
    _print_line("warning: ", f"standard output is incomplete: {reason}; print stored results with clau-doom analyze")


def _print_line(head: str, text: str) -> None:
    style = "dim" if head.startswith("hint") else "bold red"
    print_message(Text.assemble((head, style), text), "error")


@lru_cache(maxsize=1)
def _console_of_stderr(stream: TextIO, width: int | None) -> Console:
    return literal_console(file=stream, width=width)


def _json_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"


def _width(terminal: bool) -> int | None:  # noqa: FBT001 - clear at its two calls
    return None if terminal or "COLUMNS" in os.environ else _PIPED_WIDTH
