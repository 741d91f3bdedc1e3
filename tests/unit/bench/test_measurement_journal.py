"""Tests of measurements of the benchmark: results are kept, and a failure does not end other measurements."""

import json
from pathlib import Path

import pytest

from bench.measurement_journal import Journal, Play
from bench.throughput_sample import MeasurementFailed, Sample

SAMPLE = Sample(decisions=30, tics=120, seconds=2.0)


def fail() -> Sample:
    raise MeasurementFailed("output of the child\n-m child took longer than 120 s")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_failed_measurement_does_not_end_its_round(tmp_path: Path) -> None:
    """The table contains the last line of the measurement's error."""
    path = tmp_path / "results.jsonl"
    with Journal(path) as journal:
        found = Play(journal, 1, tmp_path).samples({"first": lambda: SAMPLE, "second": fail, "third": lambda: SAMPLE})
        assert found == {"first": SAMPLE, "third": SAMPLE}
        (failure,) = journal.failures
        assert (failure.round, failure.what) == (1, "second")
        assert failure.reason == "-m child took longer than 120 s"
        assert journal.table().row_count == 1
    written = lines(path)
    assert [line["what"] for line in written] == ["first", "second", "third"]
    assert written[0]["result"] == {"decisions": 30, "tics": 120, "seconds": 2.0}
    assert str(written[1]["failed"]).startswith("MeasurementFailed: output of the child")


def test_each_result_is_written_at_once(tmp_path: Path) -> None:
    """Each result is in the file before the next measurement begins, and an existing file is continued."""
    path = tmp_path / "results.jsonl"
    with Journal(path) as journal:
        journal.measure(0, "first", lambda: SAMPLE)
        assert journal.measure(0, "second", lambda: len(lines(path))) == 1
    with Journal(path) as journal:
        journal.measure(0, "third", lambda: SAMPLE)
    assert [line["what"] for line in lines(path)] == ["first", "second", "third"]


def test_result_with_different_episodes_is_omitted(tmp_path: Path) -> None:
    with Journal(tmp_path / "results.jsonl") as journal:
        found = Play(journal, 0, tmp_path).samples(
            {"loops": lambda: SAMPLE}, like=Sample(decisions=31, tics=1, seconds=1)
        )
        assert not found
        assert "played other episodes" in journal.failures[0].reason


def test_interrupt_ends_the_benchmark(tmp_path: Path) -> None:
    """Ctrl-C is not recorded as a failed measurement."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    with Journal(tmp_path / "results.jsonl") as journal, pytest.raises(KeyboardInterrupt):
        journal.measure(0, "first", interrupted)
