"""Output of one worker: written to a file without a name, and moved from there to the log of all workers.

Unlike with a pipe, a worker never waits for a reader, and lines of several workers are not mixed. Output is dropped
when a policy prints faster than it can be moved to the log.
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
"""Most bytes that one call moves; of more output, the last bytes are kept."""
_LIMIT = 8 << 20
_LONGEST = 300
"""Most characters of a last line."""


class WorkerOutput:
    """Standard output and standard error of one worker."""

    def __init__(self, log: Path | None, folder: Path, *, limit: int = _LIMIT) -> None:
        """Create the file.

        Args:
            log: File that keeps the output, or None to drop it.
            folder: The worker's private folder, which contains the file if `log` is None.
            limit: Most bytes of the log. A full log is renamed to ``.1``, which replaces the older one, and a new log
                begins.

        Raises:
            OSError: The file cannot be created.
        """
        self._log = log
        self._limit = limit
        place = log.parent if log else folder
        self._file = tempfile.TemporaryFile(dir=place, buffering=0)  # noqa: SIM115 - `close` closes it
        flags = fcntl.fcntl(self._file, fcntl.F_GETFL)
        fcntl.fcntl(self._file, fcntl.F_SETFL, flags | os.O_APPEND)  # the worker appends after `truncate`
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
        """Return the file descriptor that the worker writes to."""
        return self._file.fileno()

    @property
    def last_line(self) -> str:
        """The last line that was moved to the log, or an empty text."""
        lines = self._tail.decode(errors="replace").strip().splitlines()
        return lines[-1].strip()[:_LONGEST] if lines else ""

    def move(self, *, last: bool = False) -> None:
        """Move the lines that the worker has written since the last call to the log. A full disk loses them.

        Args:
            last: Whether the worker has ended, so that an incomplete last line is moved, too.
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
        """Move the remaining output, and close the file."""
        self.move(last=True)
        self._file.close()


def _private(path: str, flags: int) -> int:
    """Open a file that only this user can read and write, independent of the umask.

    The call does not wait for a FIFO and does not follow links. Otherwise another user's link could redirect the output
    to any file.
    """
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
