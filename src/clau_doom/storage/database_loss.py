"""Detection of deleted or replaced database files, into which SQLite would write without an error."""

from collections.abc import Callable
from pathlib import Path

from clau_doom.errors import ResultsLost

__all__ = ["FileWatch"]

_Identity = tuple[int, int, bool] | None


class FileWatch:
    """Detects that results were deleted, moved, replaced or emptied during a run."""

    def __init__(self, results: Path) -> None:
        """Remember the identity of the results' files.

        Args:
            results: The database; its write-ahead log is remembered when it exists.
        """
        self._results = results
        self._log = results.with_name(f"{results.name}-wal")
        self._known: dict[Path, _Identity] = {results: self._identity(results), self._log: None}

    def check(self, kept: Callable[[], str]) -> None:
        """Check that both files are the opened ones.

        Args:
            kept: Describes the stored results, such as ``3 generations and 40 episodes``.

        Raises:
            ResultsLost: A file was deleted, moved, replaced or emptied; the message describes the lost results.
        """
        for path, known in self._known.items():
            try:
                found = self._identity(path)
            except OSError:  # does not mean that the file was lost
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
                    "exists; restore it or a copy before you resume, or run the experiment again"
                )

    def _identity(self, path: Path) -> _Identity:
        """Return the identity of a file, and whether it is empty; an empty write-ahead log is normal."""
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino, path == self._results and found.st_size == 0
