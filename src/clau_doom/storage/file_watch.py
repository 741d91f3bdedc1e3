"""Watch over the files that a writer has open: SQLite writes on into files that were deleted, and does not say so."""

from collections.abc import Callable
from pathlib import Path

from clau_doom.errors import ResultsLost

__all__ = ["FileWatch"]

_Identity = tuple[int, int, bool] | None


class FileWatch:
    """Notices that results were deleted, moved, replaced or emptied while they were being written."""

    def __init__(self, results: Path) -> None:
        """Remember which file the results are now.

        Args:
            results: The database; its write-ahead log is remembered once it is there.
        """
        self._results = results
        self._log = results.with_name(f"{results.name}-wal")
        self._known: dict[Path, _Identity] = {results: self._identity(results), self._log: None}

    def check(self, kept: Callable[[], str]) -> None:
        """Do nothing while both files are those that were opened.

        Args:
            kept: Returns what the results held, such as ``3 generations and 40 episodes``.

        Raises:
            ResultsLost: One is not; the message says what is lost with it.
        """
        for path, known in self._known.items():
            try:
                found = self._identity(path)
            except OSError:  # no sign of what happened to it
                continue
            if known is None:
                self._known[path] = found
            elif found != known:
                gone = path if found or self._results.parent.exists() else self._results.parent
                what = "deleted or moved"
                if found:
                    what = "emptied" if found[2] else "replaced by another file"
                raise ResultsLost(
                    f"{gone} was {what} while the experiment was running: {kept()} are lost unless the original still "
                    "exists; restore it or a copy of it before you resume, or run the experiment again"
                )

    def _identity(self, path: Path) -> _Identity:
        """Return what tells a file from others, and whether it was emptied; that the log is empty means nothing."""
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino, path == self._results and found.st_size == 0
