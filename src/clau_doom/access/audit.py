"""Audit log of the changes that clients requested, one JSON object a line."""

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
"""Maximum size of one file in bytes; larger files are renamed to ``audit.log.1``, and so on."""
_KEPT = 9
_LONGEST = 200

_log = get_logger(__name__)


class AuditLog:
    """Appends to a private file, created with the first line. A failed write is logged as an error."""

    def __init__(self, path: Path) -> None:
        """Set the file. Only one process at a time may write it."""
        self._handler = _File(path)

    def record(self, caller: Caller, action: str, target: str, *, result: str, detail: str = "") -> None:
        """Append a line, and write the same record to the log.

        Args:
            caller: The client that requested the change.
            action: The requested change, such as ``pause``.
            target: The id of the experiment or agent.
            result: ``done``, ``interrupted`` or the code of the error.
            detail: The error's text.
        """
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "who": caller.name,
            "role": caller.role.value,
            "transport": caller.transport,
            "peer": caller.peer[:_LONGEST],
            "note": caller.note,
            "action": action,
            "target": target[:_LONGEST],
            "result": result,
            "detail": detail[:_LONGEST],
        }
        fields = {name: value for name, value in line.items() if value and name != "time"}
        _log.info("change", **fields)
        self._handler.handle(logging.LogRecord("audit", logging.INFO, "", 0, json.dumps(line), None, None))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


class _File(RotatingFileHandler):
    """Rotating log file that only its owner can read, like its renamed predecessors."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=_LARGEST, backupCount=_KEPT, encoding="utf-8", delay=True)

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        return os.fdopen(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - name from logging
        _log.exception("the audit log cannot be written", path=self.baseFilename, line=record.getMessage())
