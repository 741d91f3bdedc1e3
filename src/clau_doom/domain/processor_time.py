"""Processor time of episodes, summed by purpose."""

from dataclasses import dataclass, replace
from typing import Any

from clau_doom.domain.episode import Episode, Purpose

__all__ = ["ProcessorTime"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessorTime:
    """Processor seconds of the finished episodes: user and system time of workers and their engines.

    It is a cost and not a result: it is not part of the history hash. Lost and failed episodes, the start of workers
    and programs of remote agents are not included.

    Attributes:
        training: Seconds of the training episodes.
        validation: Seconds of the episodes that selected the champion.
        held_out: Seconds of the held-out episodes.
        unmeasured: Number of episodes without a measurement, such as those of an older version.
    """

    training: float = 0.0
    validation: float = 0.0
    held_out: float = 0.0
    unmeasured: int = 0

    @property
    def total(self) -> float:
        """Seconds of all episodes."""
        return self.training + self.validation + self.held_out

    @property
    def summary(self) -> str:
        """Seconds by purpose on one line, and the number of episodes without a measurement if there are any."""
        parts = f"{self.training:,.1f} s training, {self.validation:,.1f} s validation, {self.held_out:,.1f} s held out"
        return f"{parts}; {self.unmeasured:,} episodes not measured" if self.unmeasured else parts

    def of(self, purpose: Purpose) -> float:
        """Return the seconds of the episodes of a purpose."""
        return float(getattr(self, purpose.value))

    def plus(self, episode: Episode) -> "ProcessorTime":
        """Return the sums with one more episode."""
        seconds, purpose = episode.timing.processor_seconds, episode.purpose
        if seconds is None:
            return replace(self, unmeasured=self.unmeasured + 1)
        changed: dict[str, Any] = {purpose.value: self.of(purpose) + seconds}
        return replace(self, **changed)
