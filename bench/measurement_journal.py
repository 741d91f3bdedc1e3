"""Journal of measurements: results are written to a file at once, and failures do not stop other measurements."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from pydantic_core import to_jsonable_python
from rich.table import Table

from bench.throughput_sample import MeasurementFailed, Sample

__all__ = ["Failure", "Journal", "Play", "check_same_episodes"]

_T = TypeVar("_T")
_LONGEST_REASON = 200


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Failed measurement.

    Attributes:
        round: Number of the round, from 0.
        what: Name of the measurement.
        reason: Last line of the error.
    """

    round: int
    what: str
    reason: str


class Journal:
    """Takes measurements and appends each to a file, as one JSON object per line.

    Attributes:
        failures: Failed measurements, in order.
    """

    def __init__(self, path: Path) -> None:
        """Append to a file, which is created if it does not exist.

        Args:
            path: The file.
        """
        self.failures: list[Failure] = []
        self.path = path
        self._file = path.open("a")

    def __enter__(self) -> Self:
        """Return the journal, which closes its file at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def measure(self, round_number: int, what: str, take: Callable[[], _T]) -> _T | None:
        """Take a measurement; return None if it fails.

        Args:
            round_number: Number of the round, from 0.
            what: Name of the measurement.
            take: Returns the result, which must consist of dataclasses and JSON's types.
        """
        try:
            result = take()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".strip().splitlines()[-1][:_LONGEST_REASON]
            self.failures.append(Failure(round=round_number, what=what, reason=reason))
            self._write(round_number, what, failed=f"{type(error).__name__}: {error}")
            return None
        self._write(round_number, what, result=to_jsonable_python(result, fallback=str))
        return result

    def table(self) -> Table:
        """Return a table of the failed measurements."""
        table = Table(title="failed measurements", title_justify="left", header_style="bold")
        for heading in ("round", "what", "reason"):
            table.add_column(heading, overflow="fold")
        for failure in self.failures:
            table.add_row(str(failure.round + 1), failure.what, failure.reason)
        return table

    def _write(self, round_number: int, what: str, **outcome: object) -> None:
        entry = {"time": round(time.time(), 3), "round": round_number + 1, "what": what, **outcome}
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()


@dataclass(frozen=True)
class Play:
    """Round that measures contestants one after another.

    Attributes:
        journal: Takes the measurements.
        number: Number of the round, from 0.
        folder: An empty folder.
    """

    journal: Journal
    number: int
    folder: Path

    def measure(self, what: str, take: Callable[[], _T]) -> _T | None:
        """Take a measurement of this round; return None if it fails."""
        return self.journal.measure(self.number, what, take)

    def samples(self, contestants: Mapping[str, Callable[[], Sample]], like: Sample | None = None) -> dict[str, Sample]:
        """Measure contestants by name; return the samples of those that did not fail.

        Args:
            contestants: Measuring functions by name.
            like: Sample with the expected decisions and tics, or None.
        """
        taken: dict[str, Sample] = {}
        for name, take in contestants.items():
            sample = self.measure(name, partial(_comparable, take, like))
            if sample is not None:
                taken[name] = sample
        return taken


def _comparable(take: Callable[[], Sample], like: Sample | None) -> Sample:
    return check_same_episodes(take(), like)


def check_same_episodes(sample: Sample, like: Sample | None) -> Sample:
    """Return a sample after a check that it has the decisions and tics of another one, which may be None.

    Raises:
        MeasurementFailed: The decisions or tics differ.
    """
    if like and (sample.decisions, sample.tics) != (like.decisions, like.tics):
        raise MeasurementFailed(f"it played other episodes than the run: {sample} and {like}")
    return sample
