"""Tests of opening files with paths from users or other processes."""

import os
import socket
from pathlib import Path

import pytest

from clau_doom.cli import run_command
from clau_doom.regular_files import open_regular, read_regular


def test_regular_files_and_links_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "file") == read_regular(tmp_path / "link") == b"content"


def test_other_kinds_of_file_are_refused_with_the_reason(tmp_path: Path) -> None:
    """Opening a FIFO does not wait for a writer."""
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for path, reason in (
            (tmp_path / "fifo", "it is a FIFO or a pipe, not a regular file"),
            (Path("/dev/zero"), "it is a character device, not a regular file"),
            (tmp_path, "Is a directory"),
            (tmp_path / "socket", "No such device or address"),
            (tmp_path / "missing", "No such file or directory"),
            (tmp_path / ("x" * 300), "File name too long"),
            (Path("nul\0"), "embedded null byte"),
        ):
            with pytest.raises(OSError, match=reason) as error:
                open_regular(path)
            assert error.value.strerror == reason


@pytest.mark.parametrize(
    "words",
    [
        ("config", "check", "fifo"),
        ("run", "-c", "fifo"),
        ("serve", "-c", "fifo"),
        ("replay", "fifo.json"),
        ("config", "check", "scenario.yaml"),
        ("config", "check", "wad.yaml"),
        ("analyze", "x", "--report", "fifo.html"),
        ("analyze", "--data", "fifo.csv", "--response", "a", "--factor", "b"),
        ("analyze", "--data", "fifo.parquet", "--response", "a", "--factor", "b"),
        ("--ca", "fifo", "status", "--server", "127.0.0.1:1"),
        ("--token-file", "fifo", "status", "--server", "127.0.0.1:1"),
    ],
)
def test_command_refuses_a_fifo(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """A FIFO in place of any input file is an error with its name."""
    monkeypatch.chdir(tmp_path)
    for name in ("fifo", "fifo.json", "fifo.cfg", "fifo.wad", "fifo.html", "fifo.csv", "fifo.parquet"):
        os.mkfifo(name)
    Path("scenario.yaml").write_text("scenario: {name: ./fifo.cfg}\n")
    Path("own.cfg").write_text("doom_scenario_path = fifo.wad\ndoom_map = map01\navailable_buttons = { ATTACK }\n")
    Path("wad.yaml").write_text("scenario: {name: ./own.cfg}\n")
    assert run_command([*words]) in {1, 2}
    error = capfd.readouterr().err
    assert "error: " in error
    assert "internal" not in error
    assert "regular file" in error or "does not exist" in error
