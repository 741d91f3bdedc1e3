"""Throughput samples of benchmarks, and the spread of repeated measurements."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["MeasurementFailed", "Sample", "Spread", "total"]


class MeasurementFailed(Exception):
    """A measurement has no result; the message has the reason."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One measurement.

    Attributes:
        decisions: Number of actions.
        tics: Game time of these actions, in tics.
        seconds: Wall time.
    """

    decisions: float
    tics: float
    seconds: float

    @property
    def decisions_per_second(self) -> float:
        """Decisions per second."""
        return self.decisions / self.seconds

    @property
    def tics_per_second(self) -> float:
        """Tics per second."""
        return self.tics / self.seconds


def total(samples: Sequence[Sample]) -> Sample:
    """Return the sum of the rates of concurrent loops, which is too high if the durations of the loops differ."""
    decisions = sum(sample.decisions for sample in samples)
    seconds = decisions / sum(sample.decisions_per_second for sample in samples)
    return Sample(decisions=decisions, tics=sum(sample.tics for sample in samples), seconds=seconds)


@dataclass(frozen=True)
class Spread:
    """Results of a repeated measurement."""

    values: tuple[float, ...]

    def text(self, form: str = ",.0f") -> str:
        """Return the median, with minimum and maximum in brackets; a dash if every measurement failed."""
        if not self.values:
            return "-"
        middle = statistics.median(self.values)
        return f"{middle:{form}} ({min(self.values):{form}} - {max(self.values):{form}})"
