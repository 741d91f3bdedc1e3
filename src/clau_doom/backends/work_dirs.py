"""Private working folders of workers, and the removal of folders that killed processes left.

Each orchestrator process has one folder in memory (or in the system's temporary folder). It holds a lock on the folder
while it runs. Its workers have subfolders. A folder without a held lock belongs to an ended process. It is removed
together with the shared memory files of its engines. Shared memory files without a folder, such as those of a killed
replay, are removed, too.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from clau_doom.errors import InfrastructureFailed
from clau_doom.game import sweep
from clau_doom.stale_shared_memory import remove_stale_files

__all__ = ["WorkDirs", "private"]

# The engine's shared memory is here, too. Writing recordings and the progress page here is faster than to a disk.
_MEMORY = Path("/dev/shm")  # noqa: S108 - the folders in it are private


def _fastest_folder() -> Path:
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return Path(tempfile.gettempdir())
    may_execute = not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC  # engines are started by a script in their folder
    return _MEMORY if may_execute else Path(tempfile.gettempdir())


def private(folder: Path) -> Path:
    """Return a folder that only this user can access. Create it if it does not exist.

    Raises:
        InfrastructureFailed: The folder belongs to another user.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise InfrastructureFailed(f"{folder} belongs to another user: remove it, or set TMPDIR to your own folder")
    return folder


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class WorkDirs:
    """This process's folders for workers. Entering also removes the folders of ended processes."""

    def __init__(self, root: Path | None = None) -> None:
        """Use folders in a private folder, or (None) in the fastest file system."""
        self._root = root
        self._base: Path | None = None
        self._held: int | None = None
        self._made = 0

    def __enter__(self) -> Self:
        """Create this process's own folder."""
        root = self._root or private(_fastest_folder() / f"clau-doom-{os.getuid()}")
        with _lock(root / "lock"):
            _sweep_all(root)
            remove_stale_files()
            self._base = Path(tempfile.mkdtemp(prefix="run-", dir=root))
            self._held = os.open(self._base / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._held, fcntl.LOCK_EX)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove this process's folder, and the files of its engines in shared memory."""
        assert self._base is not None
        assert self._held is not None
        _remove(self._base)
        os.close(self._held)

    @property
    def base(self) -> Path:
        """This process's own folder."""
        assert self._base is not None, "entered first"
        return self._base

    def make(self) -> Path:
        """Return a new, private, empty folder for a worker."""
        self._made += 1
        folder = self.base / f"worker-{self._made:05d}"
        folder.mkdir(mode=0o700, parents=True)  # a cleaner of old temporary files may have removed the base
        return folder

    def remove(self, folder: Path) -> None:
        """Remove the folder of an ended worker, and the files of its engine in shared memory.

        If a file cannot be removed now, a later sweep removes it.
        """
        with contextlib.suppress(OSError):
            sweep(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _sweep_all(root: Path) -> None:
    for base in sorted(root.glob("run-*")):
        if not _alive(base):
            _remove(base)


def _alive(base: Path) -> bool:
    try:
        descriptor = os.open(base / "alive", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _remove(base: Path) -> None:
    for folder in sorted(base.glob("worker-*")):
        with contextlib.suppress(OSError):
            sweep(folder)
    shutil.rmtree(base, ignore_errors=True)
