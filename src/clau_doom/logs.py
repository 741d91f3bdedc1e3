"""Logging pipeline for records of clau-doom and of its libraries, with redaction of secrets.

`get_logger` may be called anywhere and configures nothing. Until `configure_logs` is called, records go to Python's
`logging`, already redacted.
Values that look like secrets by name or by form are redacted at any depth. A secret in prose, under an unrelated name,
cannot be recognised: do not log it. Untrusted text is shortened and escaped.
"""

import logging
import math
import os
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from itertools import islice
from typing import TextIO, cast

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, Processor

from clau_doom.escaping import printable, printable_message
from clau_doom.redaction import REDACTED, is_secret_name, redact

__all__ = ["bound", "configure_logs", "get_logger"]

_OURS = "clau_doom"
_DEEPEST = 8
_MOST_ITEMS = 100
_META = ("_record", "_from_structlog")
_MANY_LINES = ("exception", "stack")


def get_logger(name: str) -> BoundLogger:
    """Return the logger of a module.

    Args:
        name: The module's ``__name__``.
    """
    processors: list[Processor] = [structlog.stdlib.filter_by_level, *_common(), _hand_over]
    return cast(
        "BoundLogger",
        structlog.wrap_logger(
            logging.getLogger(name), processors=processors, wrapper_class=BoundLogger, cache_logger_on_first_use=True
        ),
    )


@contextmanager
def bound(*, experiment: str | None = None, generation: int | None = None, agent: str | None = None) -> Iterator[None]:
    """Add the subject to every record, while the context lasts, in this task and in tasks started by it.

    Args:
        experiment: The experiment's id.
        generation: The generation, from 0.
        agent: The agent's id.
    """
    given = {"experiment": experiment, "generation": generation, "agent": agent}
    with bound_contextvars(**{name: value for name, value in given.items() if value is not None}):
        yield


def configure_logs(stream: TextIO, *, json: bool | None = None, brief: bool = False) -> None:
    """Write records of clau-doom from INFO and of other libraries from WARNING to a stream.

    A second call replaces the configuration of the first. Handlers of other libraries are kept.

    Args:
        stream: The output; the caller closes it.
        json: Whether to write one JSON object a line instead of text; default: False on a terminal, else True.
        brief: Whether to write warnings and errors only, without times and loggers; for commands that show progress.
    """
    terminal = stream.isatty()
    as_json = not terminal if json is None else json
    rendering = [_as_message] if brief else _rendering(as_json=as_json, terminal=terminal)
    handler = _Handler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            processors=[ProcessorFormatter.remove_processors_meta, *rendering],
            foreign_pre_chain=_common(),
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(logging.WARNING if brief else logging.INFO)


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - name from logging
        """Drop a record that cannot be written: `logging` would print the record on stderr without redaction."""


def _common() -> list[Processor]:
    """Return the processors for all records; redaction is the last one, so that it covers the output of the others."""
    return [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        _add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact_event,
    ]


def _add_logger_name(logger: logging.Logger | None, _method: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    event["logger"] = record.name if record else logger.name if logger else ""
    return event


def _hand_over(logger: logging.Logger, method: str, event: EventDict) -> tuple[tuple[EventDict], dict[str, object]]:
    """Pass the record to `logging`, without the exception: the event has it as text, which is redacted."""
    _, options = ProcessorFormatter.wrap_for_formatter(logger, method, event)
    return (_Event(event),), {**options, "exc_info": False}


class _Event(dict[str, object]):
    """Fields of a record. Handlers of the program, as in a notebook, print them as text."""

    def __str__(self) -> str:
        return _message(self)


def _rendering(*, as_json: bool, terminal: bool) -> list[Processor]:
    if as_json:
        return [_standard_first, structlog.processors.JSONRenderer()]
    return [
        _escape_line_breaks,
        structlog.dev.ConsoleRenderer(
            colors=terminal and "NO_COLOR" not in os.environ, exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def _as_message(_logger: object, _method: str, event: EventDict) -> str:
    """Return a record as ``level: event (name: value, ...)``, on one line unless it holds a traceback."""
    return f"{event['level']}: {_message(event)}"


def _message(event: Mapping[str, object]) -> str:
    """Return a record as ``event (name: value, ...)``, on one line unless it holds a traceback."""
    left_out = {"event", "level", "timestamp", "logger", *_MANY_LINES}
    values = ", ".join(f"{name}: {value}" for name, value in event.items() if name not in left_out)
    line = printable(f"{event['event']}" + (f" ({values})" if values else ""), limit=None)
    return "\n".join([line, *(str(event[name]) for name in _MANY_LINES if name in event)])


def _standard_first(_logger: object, _method: str, event: EventDict) -> EventDict:
    first = {name: event.pop(name) for name in ("timestamp", "level", "logger", "event") if name in event}
    return {**first, **event}


def _escape_line_breaks(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Escape line breaks in texts of workers and clients, so that they cannot fake a log line."""
    return {
        name: printable(value, limit=None) if isinstance(value, str) and name not in _MANY_LINES else value
        for name, value in event.items()
    }


def _redact_event(_logger: object, _method: str, event: EventDict) -> EventDict:
    meta = {name: event.pop(name) for name in _META if name in event}
    return {**{_safe_text(str(name)): _redact_named(name, value, 0) for name, value in event.items()}, **meta}


def _redact_named(name: object, value: object, depth: int) -> object:
    return REDACTED if is_secret_name(name) and not _says_nothing(value) else _redact(value, depth)


def _says_nothing(value: object) -> bool:
    return value is None or isinstance(value, bool) or (isinstance(value, str | bytes) and not value)


def _redact(value: object, depth: int) -> object:
    """Return a JSON value with its secrets redacted."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, str):
        return _safe_text(value)
    if isinstance(value, Mapping | list | tuple | AbstractSet):
        return _redact_inside(value, depth + 1)
    try:
        return _safe_text(repr(value))
    except Exception as error:
        return f"<{type(value).__name__} without a repr: {type(error).__name__}>"


def _redact_inside(value: Collection[object], depth: int) -> object:
    if depth > _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        shown = islice(value.items(), _MOST_ITEMS)
        return {_safe_text(str(name)): _redact_named(name, each, depth) for name, each in shown}
    items = list(islice(value, _MOST_ITEMS))
    # A header or an entry of gRPC metadata.
    if len(items) == 2 and isinstance(items[0], str | bytes):
        return [_redact(items[0], depth), _redact_named(items[0], items[1], depth)]
    return [_redact(item, depth) for item in items]


def _safe_text(text: str) -> str:
    return printable_message(redact(text))
