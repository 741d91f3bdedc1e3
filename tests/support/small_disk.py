"""Small file systems and file size limits for tests of full disks."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["limited_file_size", "mounted_disk"]


@contextmanager
def mounted_disk(path: Path) -> Iterator[bool]:
    """Mount a file system of 1 MiB at a new folder.

    Yields:
        Whether it was mounted, which needs the rights of root.
    """
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    yield mounted
    if mounted and subprocess.run(["umount", str(path)], check=False).returncode:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
        raise AssertionError(f"a file in {path} is still open")


@contextmanager
def limited_file_size(limit: int = 20_000) -> Iterator[None]:
    """Limit the size of each file that this process writes; larger writes fail with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
