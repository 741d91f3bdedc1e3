"""What a benchmark measures, and the child processes that it measures in."""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Sample", "Spread", "finish", "run_python", "total"]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One measurement.

    Attributes:
        decisions: Actions chosen.
        tics: Game time that they were held for, in tics.
        seconds: Wall time.
    """

    decisions: float
    tics: float
    seconds: float

    @property
    def decisions_per_second(self) -> float:
        """Decisions a second."""
        return self.decisions / self.seconds

    @property
    def tics_per_second(self) -> float:
        """Tics a second."""
        return self.tics / self.seconds


def total(samples: Sequence[Sample]) -> Sample:
    """Return what loops came to that ran side by side: the sum of their rates, in favour of unequal loops."""
    decisions = sum(sample.decisions for sample in samples)
    seconds = decisions / sum(sample.decisions_per_second for sample in samples)
    return Sample(decisions=decisions, tics=sum(sample.tics for sample in samples), seconds=seconds)


@dataclass(frozen=True)
class Spread:
    """A measurement that was repeated."""

    values: tuple[float, ...]

    def text(self, form: str = ",.0f") -> str:
        """Return ``median (least to greatest)``."""
        middle = statistics.median(self.values)
        return f"{middle:{form}} ({min(self.values):{form}} to {max(self.values):{form}})"


def run_python(arguments: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start Python with its output in a file: an engine that held a pipe would keep its reader waiting."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
            start_new_session=True,
        )


def finish(process: "subprocess.Popen[bytes]", patience: float) -> None:
    """Wait for a child, and end it with everything that it started.

    Raises:
        SystemExit: It failed, or took longer than `patience` seconds.
    """
    try:
        code = process.wait(patience)
    except subprocess.TimeoutExpired:
        code = -signal.SIGKILL
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if code:
        sys.exit(f"{process.args!r} ended with {code}")
