"""Claims of CPU cores that all of a user's clau-doom processes on a machine respect.

A claim is a file lock, so the kernel releases it when the process ends. Each core has places, numbered from 0: the
first worker on a core holds place 0, and place 1 is taken only when no allowed core has a free place 0. This spreads
workers evenly. If there are fewer cores than workers, the numbers of workers on cores differ by at most one.
"""

import contextlib
import fcntl
import itertools
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clau_doom.backends.work_dirs import private
from clau_doom.errors import InfrastructureFailed
from clau_doom.logs import get_logger

__all__ = ["CoreLease"]

_log = get_logger(__name__)


@dataclass(frozen=True)
class _Claim:
    core: int
    place: int
    descriptor: int


class CoreLease:
    """The cores that one pool of workers holds."""

    def __init__(self, allowed: Sequence[int], folder: Path | None = None) -> None:
        """Create a lease without claims.

        Args:
            allowed: The cores to choose from, at least one.
            folder: Folder of the lock files; None: a folder that all of this user's processes on the machine find.
        """
        self._allowed = tuple(allowed)
        self._folder = folder
        self._claims: list[_Claim] = []

    @property
    def cores(self) -> tuple[int, ...]:
        """The core of each worker, in the order of the claims."""
        return tuple([claim.core for claim in self._claims])

    @property
    def shared(self) -> int:
        """Number of workers on a core that an earlier worker already uses."""
        return sum(claim.place > 0 for claim in self._claims)

    def claim(self, workers: int) -> tuple[int, ...]:
        """Claim a core for each worker and return the cores. Without a usable lock folder, assign cores in turn."""
        try:
            folder, lowest = self._made(), 0
            for _ in range(workers):
                self._claims.append(claim := self._first(folder, lowest))
                lowest = claim.place
        except (OSError, InfrastructureFailed) as error:
            self.release()
            _log.warning("cores cannot be reserved among runs: the lock cannot be created", error=str(error))
            return tuple([self._allowed[number % len(self._allowed)] for number in range(workers)])
        return self.cores

    def improve(self) -> bool:
        """Move workers from shared cores to places that have become free; return whether any worker moved."""
        moved = False
        with contextlib.suppress(OSError, InfrastructureFailed):  # the workers stay on their cores
            for number, claim in enumerate(self._claims):
                if claim.place and (better := self._free(self._made(), range(claim.place))):
                    os.close(claim.descriptor)
                    self._claims[number], moved = better, True
        return moved

    def release(self) -> None:
        """Release all cores."""
        claims, self._claims = self._claims, []
        for claim in claims:
            os.close(claim.descriptor)

    def _first(self, folder: Path, lowest: int) -> _Claim:
        places = itertools.count(lowest)
        while (claim := self._free(folder, (next(places),))) is None:
            pass
        return claim

    def _free(self, folder: Path, places: Sequence[int]) -> _Claim | None:
        """Claim the first free place of the given ones, or return None."""
        for place, core in itertools.product(places, self._allowed):
            descriptor = os.open(folder / f"{core}.{place}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            else:
                return _Claim(core, place, descriptor)
        return None

    def _made(self) -> Path:
        return self._folder or private(_common() / f"clau-doom-cores-{os.getuid()}")


def _common() -> Path:
    """Return a folder that every process of this machine finds. Batch jobs often have their own TMPDIR."""
    folders = (Path("/dev/shm"), Path("/tmp"))  # noqa: S108 - the folder in it is private
    return next((folder for folder in folders if os.access(folder, os.W_OK)), Path(tempfile.gettempdir()))
