"""Copies of an experiment's inputs, stored with its results: genes, .cfg, .wad and the genomes of a warm start.

With these copies an experiment can be read, replayed and resumed after its scenario or policy was moved.
"""

import stat
from pathlib import Path

from clau_doom.errors import StoreCorrupted
from clau_doom.regular_files import open_regular

__all__ = ["CFG", "GENES", "LARGEST_INPUT", "START", "WAD", "StoredInputs"]

GENES, CFG, WAD, START = "genes.json", "scenario.cfg", "scenario.wad", "start.json"
"""Names of input files."""

LARGEST_INPUT = 10 * 1000 * 1000
"""Maximum bytes of an input file."""


class StoredInputs:
    """Folder of an experiment's inputs; the folder and its files may be missing.

    Attributes:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path | None:
        """Return the absolute path of a file, or None if it is not stored.

        Raises:
            StoreCorrupted: The path is not a regular file of at most `LARGEST_INPUT` bytes.
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
        """Return the bytes of a file, or None if it is not stored; raises the errors of `path`."""
        path = self.path(name)
        if path is None:
            return None
        try:
            with open_regular(path) as file:
                return file.read(LARGEST_INPUT)
        except OSError as error:
            raise StoreCorrupted(f"{path.name} cannot be read: {error.strerror}") from error
