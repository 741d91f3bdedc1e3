"""The audit log: one JSON object a line for every change that a client asked for."""

import json
import logging
import os
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from clau_doom.access.caller import Caller
from clau_doom.logs import get_logger

__all__ = ["AuditLog"]

_LARGEST = 10_000_000
"""Bytes of one file; then it is renamed to ``audit.log.1``, and so on."""
_KEPT = 9
_LONGEST = 200

_log = get_logger(__name__)


class AuditLog:
    """Appends to a private file; made with the first line. A line that cannot be written is logged as an error."""

    def __init__(self, path: Path) -> None:
        """Write to a file. One process writes it at a time."""
        self._handler = _File(path)

    def record(self, caller: Caller, action: str, target: str, *, result: str, detail: str = "") -> None:
        """Add a line, and tell the log the same.

        Args:
            caller: Who asked.
            action: What for, such as ``pause``.
            target: The id of the experiment or agent.
            result: ``done``, or the name of the error.
            detail: The error's text.
        """
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "who": caller.name,
            "role": caller.role.value,
            "face": caller.face,
            "peer": caller.peer[:_LONGEST],
            "note": caller.note,
            "action": action,
            "target": target[:_LONGEST],
            "result": result,
            "detail": detail[:_LONGEST],
        }
        told = {name: value for name, value in line.items() if value and name != "time"}
        _log.info("change", **told)
        self._handler.handle(logging.LogRecord("audit", logging.INFO, "", 0, json.dumps(line), None, None))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


class _File(RotatingFileHandler):
    """A file that only its owner can read, as its renamed predecessors are."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8", delay=True)

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        return os.fdopen(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        _log.exception("the audit log cannot be written", path=self.baseFilename, line=record.getMessage())
