"""Output of one worker: written to a file without a name, and moved from there to the log of all workers.

A worker never waits for a reader, as it would with a pipe, and lines of several workers are not mixed. What a policy
prints faster than the log takes it is left out.
"""

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["WorkerOutput"]

_MOST = 1 << 16
"""Bytes that are moved at a time; of more, the last ones."""
_LIMIT = 8 << 20
_LONGEST = 300
"""Characters of a last line."""


class WorkerOutput:
    """The standard output and error of one worker."""

    def __init__(self, log: Path | None, folder: Path, *, limit: int = _LIMIT) -> None:
        """Make the file.

        Args:
            log: Where the output is kept, or None to keep none.
            folder: The worker's private folder, where the file lies when there is no log.
            limit: Bytes of the log; a full one is renamed to ``.1`` in place of the one before, and a new one begun.

        Raises:
            OSError: It cannot be made.
        """
        self._log = log
        self._limit = limit
        place = log.parent if log else folder
        self._file = tempfile.TemporaryFile(dir=place, buffering=0)  # noqa: SIM115 - `close` closes it
        flags = fcntl.fcntl(self._file, fcntl.F_GETFL)
        fcntl.fcntl(self._file, fcntl.F_SETFL, flags | os.O_APPEND)  # the worker goes on at the end after `truncate`
        self._moved = 0
        self._tail = b""

    def __enter__(self) -> Self:
        """Return the output."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def fileno(self) -> int:
        """Return the descriptor that the worker writes to."""
        return self._file.fileno()

    @property
    def last_line(self) -> str:
        """The last line that the worker has written, of what was moved, or an empty text."""
        lines = self._tail.decode(errors="replace").strip().splitlines()
        return lines[-1].strip()[:_LONGEST] if lines else ""

    def move(self, *, last: bool = False) -> None:
        """Move the lines that the worker has written since the last call to the log; a full disk loses them.

        Args:
            last: Whether a line without an end is moved, too: the worker has ended.
        """
        size = 0 if self._file.closed else os.fstat(self.fileno()).st_size
        if size <= self._moved:
            return
        start = max(self._moved, size - _MOST)
        data = os.pread(self.fileno(), size - start, start)
        if not last and size < _MOST:
            data = data[: data.rfind(b"\n") + 1]
        left_out, self._moved = start - self._moved, start + len(data)
        if self._moved >= _MOST:
            os.ftruncate(self.fileno(), 0)
            self._moved = 0
        if left_out:
            data = b"[%d bytes of output were left out]\n" % left_out + data
        self._tail = (self._tail + data)[-_MOST:]
        if self._log is not None and data:
            with contextlib.suppress(OSError):
                self._rotate(self._log, len(data))
                with open(self._log, "ab", opener=_private) as log:
                    log.write(data)

    def _rotate(self, log: Path, more: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            if log.stat().st_size + more > self._limit:
                log.replace(log.with_name(f"{log.name}.1"))

    def close(self) -> None:
        """Move what is left, and close the file."""
        self.move(last=True)
        self._file.close()


def _private(path: str, flags: int) -> int:
    """Open a file that only this user reads and writes, whatever the umask is.

    A FIFO is not waited for, and no link is followed: it would let a stranger's folder name any file to write to.
    """
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
