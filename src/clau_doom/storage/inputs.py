"""Copies of what an experiment was started with, kept beside its results: genes, .cfg and .wad.

With them a finished experiment is read, replayed and resumed where the scenario and the policy have been moved.
"""

import stat
from pathlib import Path

from clau_doom.errors import StoreCorrupted
from clau_doom.files import open_regular

__all__ = ["CFG", "GENES", "LARGEST_INPUT", "WAD", "Inputs"]

GENES, CFG, WAD = "genes.json", "scenario.cfg", "scenario.wad"
"""Names of the files."""

LARGEST_INPUT = 10 * 1000 * 1000
"""Bytes of the largest file that is kept."""


class Inputs:
    """The folder of an experiment's inputs; it and each file in it may be missing.

    Attributes:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path | None:
        """Return where a file lies, absolute, or None where it is not kept.

        Raises:
            StoreCorrupted: Something else than a regular file of at most `LARGEST_INPUT` bytes has its name.
        """
        path = self.folder / name
        try:
            found = path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreCorrupted(f"{path.name} cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_INPUT:
            raise StoreCorrupted(f"{path.name} is not a file of at most {LARGEST_INPUT} bytes: delete it")
        return path.absolute()

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None where it is not kept; raises as `path` does."""
        path = self.path(name)
        if path is None:
            return None
        try:
            with open_regular(path) as file:
                return file.read(LARGEST_INPUT)
        except OSError as error:
            raise StoreCorrupted(f"{path.name} cannot be read: {error.strerror}") from error
