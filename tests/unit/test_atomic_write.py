"""Files that are written whole or not at all."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clau_doom.errors import StorageFailed
from clau_doom.atomic_write import write_whole

LONG = "what was asked for\n" * 2_000


@contextmanager
def small_files() -> Iterator[None]:
    """Let no file grow beyond 20 kB; the kernel says EFBIG where a disk says ENOSPC."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """When there is no room, the old one is as it was, and nothing lies beside it."""
    target = tmp_path / "one.html"
    write_whole(target, "the old one")
    with small_files(), pytest.raises(StorageFailed, match="cannot write"):
        write_whole(target, LONG)
    assert target.read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir()] == ["one.html"]
    write_whole(target, LONG)
    assert target.read_text() == LONG
    assert target.stat().st_mode & 0o111 == 0
