"""Tests of standard streams that are closed, full, without a reader, or limited in their encoding."""

import contextlib
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clau_doom.cli.standard_streams import OutputStream
from clau_doom.errors import OutputFailed

FULL = Path("/dev/full")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for descriptor in (reading, writing):
        with contextlib.suppress(OSError):  # a test has closed it
            os.close(descriptor)


def test_optional_output_without_a_reader_is_dropped(pipe: tuple[int, int]) -> None:
    """Output without a reader is dropped, and the failure is remembered."""
    os.close(pipe[0])
    stream = OutputStream(pipe[1], "utf-8", required=False)
    assert stream.write("one\n") == 4
    print("two", file=stream, flush=True)
    assert stream.failure is not None
    assert stream.failure.errno == errno.EPIPE


def test_failed_required_output_raises_output_failed(pipe: tuple[int, int]) -> None:
    """The error distinguishes a reader that has ended from a full disk."""
    os.close(pipe[0])
    with pytest.raises(OutputFailed) as gone:
        OutputStream(pipe[1], "utf-8", required=True).write("data")
    assert gone.value.reader_gone
    with FULL.open("wb", buffering=0) as full, pytest.raises(OutputFailed, match="No space left on device") as failed:
        OutputStream(full.fileno(), "utf-8", required=True).write("data")
    assert not failed.value.reader_gone


def test_output_continues_after_a_full_disk(pipe: tuple[int, int]) -> None:
    """A dropped write neither closes the stream nor leaves buffered data behind."""
    with FULL.open("wb", buffering=0) as full:
        stream = OutputStream(full.fileno(), "utf-8", required=False)
        stream.write("lost")
        os.dup2(pipe[1], full.fileno())
        stream.write("kept")
    assert os.read(pipe[0], 100) == b"kept"


def test_full_non_blocking_pipe_does_not_end_the_command(pipe: tuple[int, int]) -> None:
    """Only lines are lost. Another process can make a pipe non-blocking."""
    os.set_blocking(pipe[1], False)
    stream = OutputStream(pipe[1], "utf-8", required=False)
    for _ in range(2):
        stream.write("x" * 200_000)
    assert isinstance(stream.failure, BlockingIOError)
    assert os.read(pipe[0], 10) == b"x" * 10


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("utf-8", "● ▁█ é −".encode()),  # noqa: RUF001 - the minus sign
        ("latin-1", b"* 18 \xe9 -"),
        ("ascii", b"* 18 \\xe9 -"),
    ],
)
def test_characters_outside_the_encoding_are_replaced(pipe: tuple[int, int], encoding: str, written: bytes) -> None:
    """Typographic signs have replacements, and other characters are escaped."""
    OutputStream(pipe[1], encoding, required=True).write("● ▁█ é −")  # noqa: RUF001 - the minus sign
    assert os.read(pipe[0], 100) == written


def test_surrogates_of_a_file_name_are_escaped(pipe: tuple[int, int]) -> None:
    """Python decodes invalid bytes of a file name to surrogates."""
    OutputStream(pipe[1], "utf-8", required=True).write("a\udcffb")
    assert os.read(pipe[0], 100) == b"a\\udcffb"


CLOSED = """
import os, sys
from clau_doom.cli.standard_streams import install_streams
install_streams()
with open(sys.argv[1], "w") as file:
    number = file.fileno()
    print("lost"); print("lost", file=sys.stderr); os.write(2, b"a library's words")
    file.write(f"{number} {sys.stdin.read()!r}")
"""


def test_closed_streams_keep_their_file_descriptors(tmp_path: Path) -> None:
    """With all three streams closed, output is not written to another open file."""
    script = [sys.executable, "-c", CLOSED, str(tmp_path / "file")]
    done = subprocess.run(["/bin/sh", "-c", '"$@" <&- >&- 2>&-', "sh", *script], check=False)
    assert done.returncode == 0
    number, rest = (tmp_path / "file").read_text().split(" ", 1)
    assert int(number) > 2
    assert rest == "''"
