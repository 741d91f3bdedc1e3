"""Shared memory page with a worker's progress: written at every decision, read by the watchdog."""

import mmap
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Phase", "ProgressPage"]


class Phase(IntEnum):
    """Part of the worker that is running: the engine or the policy."""

    ENGINE = 0
    POLICY = 1

    @classmethod
    def of(cls, turns: int) -> "Phase":
        """Return the phase that a counter value stands for."""
        return cls(turns % 2)


class ProgressPage:
    """One counter in a mapped file: odd while the policy decides, and increased by two at every decision.

    A write takes a tenth of a microsecond and needs no system call, so that it is possible at every decision.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Map the page at `path`; `create` makes a new file."""
        if create:
            path.write_bytes(bytes(mmap.PAGESIZE))
        with path.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self._counter = memoryview(self._page).cast("Q")
        self._count = 0

    def __enter__(self) -> Self:
        """Return the page."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Unmap the page."""
        self._counter.release()
        self._page.close()

    def turn(self) -> None:
        """Switch the phase: the policy begins to decide, or has decided."""
        self._count += 1
        self._counter[0] = self._count

    def settle(self) -> None:
        """Set the phase to the engine, independent of the previous phase."""
        self._count += self._count % 2
        self._counter[0] = self._count

    def read(self) -> tuple[int, Phase]:
        """Return the counter, which changes at every decision, and the phase."""
        return (count := self._counter[0]), Phase.of(count)
