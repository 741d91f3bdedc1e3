"""Tests of moving workers' output to their log."""

import os
from pathlib import Path

from clau_doom.backends.local.worker_output import WorkerOutput


def test_lines_of_two_workers_are_not_mixed(tmp_path: Path) -> None:
    """Only complete lines are moved, and each worker has its own last line."""
    log = tmp_path / "workers.log"
    with WorkerOutput(log, tmp_path) as first, WorkerOutput(log, tmp_path) as second:
        os.write(first.fileno(), b"one\nbeg")
        first.move()
        os.write(second.fileno(), b"two\n")
        second.move()
        os.write(first.fileno(), b"un\n  \n")
        first.move()
        assert (first.last_line, second.last_line) == ("begun", "two")
        os.write(second.fileno(), b"no end")
    assert log.read_text() == "one\ntwo\nbegun\n  \nno end"
    assert second.last_line == "no end"
    assert [path.name for path in tmp_path.iterdir()] == ["workers.log"]


def test_excess_output_is_dropped(tmp_path: Path) -> None:
    """The end of the output is kept, the log states the omitted amount, and the unnamed file does not grow."""
    log = tmp_path / "workers.log"
    with WorkerOutput(log, tmp_path) as output:
        for _ in range(3):
            os.write(output.fileno(), b"chatter\n" * 100_000)
            output.move()
        assert os.fstat(output.fileno()).st_size == 0
        os.write(output.fileno(), b"the end\n")
        output.move()
        assert output.last_line == "the end"
    assert log.stat().st_size < 250_000
    assert log.read_text().count("bytes of output were left out") == 3


def test_log_is_private_under_any_umask(tmp_path: Path) -> None:
    """The policies' output may be private."""
    before = os.umask(0)
    try:
        with WorkerOutput(tmp_path / "workers.log", tmp_path) as output:
            os.write(output.fileno(), b"a line\n")
    finally:
        os.umask(before)
    assert (tmp_path / "workers.log").stat().st_mode & 0o777 == 0o600


def test_last_line_is_kept_without_a_log(tmp_path: Path) -> None:
    """The last line is kept, as on a cluster node."""
    with WorkerOutput(None, tmp_path) as output:
        os.write(output.fileno(), b"a line\n")
        output.move()
        assert output.last_line == "a line"
    assert list(tmp_path.iterdir()) == []


def test_unwritable_log_does_not_end_the_run(tmp_path: Path) -> None:
    """The last line is known without the log."""
    (folder := tmp_path / "logs").mkdir()
    with WorkerOutput(folder / "workers.log", tmp_path) as output:
        folder.rmdir()
        os.write(output.fileno(), b"a line\n")
        output.move()
        assert output.last_line == "a line"


def test_full_log_is_rotated(tmp_path: Path) -> None:
    """Two files of the limit's size are kept, and the log has the newest lines."""
    log = tmp_path / "workers.log"
    with WorkerOutput(log, tmp_path, limit=10_000) as output:
        for number in range(100):
            os.write(output.fileno(), b"%03d %s\n" % (number, b"x" * 995))
            output.move()
    kept = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert kept == {"workers.log": 10_000, "workers.log.1": 10_000}
    assert [line[:3] for line in log.read_text().splitlines()] == [f"{number:03d}" for number in range(90, 100)]


def test_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    """Another user's folder cannot name a file of the user as its log."""
    target = tmp_path / "precious"
    target.write_text("kept as it is")
    log = tmp_path / "workers.log"
    log.symlink_to(target)
    with WorkerOutput(log, tmp_path) as output:
        os.write(output.fileno(), b"message\n")
    assert target.read_text() == "kept as it is"
