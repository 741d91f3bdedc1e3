"""Samples of benchmarks, and the child processes of measurements."""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MeasurementFailed", "Sample", "Spread", "python_path", "run_children", "total"]


class MeasurementFailed(Exception):
    """A measurement has no result; the message says why."""


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
    """Return the sum of the rates of concurrent loops, which favours unequal loops."""
    decisions = sum(sample.decisions for sample in samples)
    seconds = decisions / sum(sample.decisions_per_second for sample in samples)
    return Sample(decisions=decisions, tics=sum(sample.tics for sample in samples), seconds=seconds)


@dataclass(frozen=True)
class Spread:
    """A measurement that was repeated."""

    values: tuple[float, ...]

    def text(self, form: str = ",.0f") -> str:
        """Return the median, with the least and the greatest in brackets; a dash where every measurement failed."""
        if not self.values:
            return "-"
        middle = statistics.median(self.values)
        return f"{middle:{form}} ({min(self.values):{form}} - {max(self.values):{form}})"


def python_path() -> str:
    """Return the path on which children find this package, and what this process was told to find."""
    return os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])])


def run_children(commands: Sequence[Sequence[str]], log: Path, patience: float) -> None:
    """Run Python with each of some rows of arguments, all at once, and wait until all have ended.

    Their output goes to a file: an engine that held a pipe would keep its reader waiting. Whatever happens, they and
    everything that they started are gone when this returns.

    Raises:
        MeasurementFailed: One failed, or took longer than `patience` seconds; the message ends with their output.
    """
    environment = {**os.environ, "PYTHONPATH": python_path()}
    children: list[subprocess.Popen[bytes]] = []
    try:
        with log.open("wb") as output:
            children.extend(
                subprocess.Popen(
                    [sys.executable, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=environment,
                    start_new_session=True,
                )
                for command in commands
            )
        codes = [child.wait(patience) for child in children]
    except subprocess.TimeoutExpired as error:
        raise MeasurementFailed(_failure(f"took longer than {patience:,.0f} s", commands[0], log)) from error
    finally:
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if any(codes):
        raise MeasurementFailed(_failure(f"ended with {codes}", commands[0], log))


def _failure(what: str, command: Sequence[str], log: Path) -> str:
    """Return an error's text that ends with what the command was and how it failed, after its output."""
    said = log.read_text(errors="replace").strip()
    return f"{said}\n{' '.join(command)} {what}" if said else f"{' '.join(command)} {what}"
