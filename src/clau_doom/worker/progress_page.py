"""A page of shared memory that says where a worker is: written at every decision, read by the watchdog."""

import mmap
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Phase", "ProgressPage"]


class Phase(IntEnum):
    """Whose turn it is."""

    ENGINE = 0
    POLICY = 1

    @classmethod
    def of(cls, turns: int) -> "Phase":
        """Return whose turn it is after so many turns."""
        return cls(turns % 2)


class ProgressPage:
    """One counter in a mapped file: odd while the policy decides, and two further at every decision.

    Writing costs a tenth of a microsecond and no system call, so that it can be done at every decision.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Map the page at `path`, made anew with `create`."""
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
        """Say that it is the other's turn: the policy begins to decide, or has decided."""
        self._count += 1
        self._counter[0] = self._count

    def settle(self) -> None:
        """Say that no policy is deciding, whatever happened before."""
        self._count += self._count % 2
        self._counter[0] = self._count

    def read(self) -> tuple[int, Phase]:
        """Return the counter, which moves with every decision, and whose turn it is."""
        return (count := self._counter[0]), Phase.of(count)
