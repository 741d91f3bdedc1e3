"""Numbers of episodes that the runs of a comparison played, by purpose."""

from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.domain import Purpose
from clau_doom.domain.snapshot import Snapshot

__all__ = ["RunEpisodes", "range_text", "run_episodes"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEpisodes:
    """Numbers of episodes of a run.

    Attributes:
        training: Training episodes of the finished generations. The evolution depends on them only.
        validation: Validation episodes of all candidates, which choose the champion.
        held_out: Held-out episodes of the champion.
    """

    training: int
    validation: int
    held_out: int


def run_episodes(snapshot: Snapshot) -> RunEpisodes:
    """Count the episodes of a stored experiment."""
    champion = snapshot.champion[0].agent_id(snapshot.experiment.id) if snapshot.champion else ""
    return RunEpisodes(
        training=sum(len(each.outcomes) for row in snapshot.finished_generations for each in row),
        validation=sum(len(row) for (use, _), row in snapshot.judging.items() if use is Purpose.VALIDATION),
        held_out=len(snapshot.judging.get((Purpose.HELD_OUT, champion), ())),
    )


def range_text(numbers: Sequence[int]) -> str:
    """Return the range of numbers, such as ``200 to 240``, or the number if all are equal."""
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
