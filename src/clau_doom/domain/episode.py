"""Episodes: one game on one seed, with a deterministic outcome and non-deterministic timings."""

import math
import struct
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

__all__ = ["MEASURES", "Episode", "EpisodeOutcome", "EpisodeTiming", "Measures", "OutcomeRow", "Purpose"]


class Purpose(StrEnum):
    """Purpose of an episode. Each purpose has its own seeds."""

    TRAINING = "training"
    """Evaluation of agents: the results are their fitness."""
    VALIDATION = "validation"
    """Selection of the champion among the generations' best agents."""
    HELD_OUT = "held_out"
    """Evaluation of the champion on seeds that were not used for selection."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """Measures of an episode.

    Attributes:
        kills: Monsters killed.
        deaths: 1 if the player died, else 0.
        health: Health at the end, in points; 0 when dead.
        armor: Armour at the end, in points.
        shots: Rounds of ammunition spent.
        hits: Number of the player's attacks that hit an object.
        damage_dealt: Points of damage done to monsters.
        damage_taken: Points of damage suffered.
        items: Items picked up that the engine counts.
        tics: Tics of 1/35 s from the first decision to the end.
        reward: Sum of the scenario's reward.
        distance: Distance covered on the map's plane, in map units.
        decisions: Actions chosen by the policy.
        custom: Measures of the user, (name, value) pairs sorted by name; None without such measures.
    """

    kills: float = 0.0
    deaths: float = 0.0
    health: float = 0.0
    armor: float = 0.0
    shots: float = 0.0
    hits: float = 0.0
    damage_dealt: float = 0.0
    damage_taken: float = 0.0
    items: float = 0.0
    tics: float = 0.0
    reward: float = 0.0
    distance: float = 0.0
    decisions: float = 0.0
    custom: tuple[tuple[str, float], ...] | None = None

    def value(self, name: str) -> float:
        """Return a measure by its name.

        Raises:
            KeyError: The episode has no such measure.
        """
        if name in _BUNDLED:
            return float(getattr(self, name))
        return dict(self.custom or ())[name]

    def first_difference(self, other: "Measures") -> tuple[str, float, float] | None:
        """Return name and both values of the first measure that differs, or None. A missing measure reads NaN."""
        here, there = self.named(), other.named()
        for name in {**here, **there}:
            ours, theirs = here.get(name, math.nan), there.get(name, math.nan)
            if ours != theirs:
                return name, ours, theirs
        return None

    def named(self) -> dict[str, float]:
        """Return all measures by name: the bundled ones, then those of the user."""
        return {**{name: getattr(self, name) for name in MEASURES}, **dict(self.custom or ())}


MEASURES = tuple(field.name for field in fields(Measures) if field.name != "custom")
"""Names of the bundled measures of an episode."""
_BUNDLED = frozenset(MEASURES)


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeOutcome:
    """Outcome of an episode: a function of scenario, policy, genome and seed alone.

    Attributes:
        seed: The engine's seed.
        measures: Measures of the episode.
        trajectory_sha256: SHA-256 over the variables and the action of every decision, in hexadecimal digits.
    """

    seed: int
    measures: Measures
    trajectory_sha256: str

    def fingerprint(self) -> bytes:
        """Return the bytes that the history hash covers: the seed as little-endian u64, and the trajectory hash."""
        return struct.pack("<Q", self.seed) + bytes.fromhex(self.trajectory_sha256)

    def mismatch(self, proved: "EpisodeOutcome") -> str | None:
        """Return the first difference between this claimed outcome and the proved one, or None."""
        if difference := self.measures.first_difference(proved.measures):
            name, reported, found = difference
            return f"it reports {name} {reported:g}, but its actions give {found:g}"
        if self != proved:
            return "its trajectory differs from that of its actions"
        return None


class OutcomeRow(Sequence[EpisodeOutcome]):
    """Sequence of outcomes that are created on access, so that a million episodes need not be in memory."""

    @abstractmethod
    def fingerprints(self) -> bytes:
        """Return the concatenated fingerprints of the outcomes without creating the outcomes."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeTiming:
    """Timing of an episode. It is never hashed, compared or used as fitness.

    Attributes:
        seconds: Wall time from the start of the episode in the engine to its outcome.
        attempts: Number of attempts, including this one.
        worker: The worker that finished the episode.
        repeated: Decisions for which a remote agent missed its deadline. Its last action was then repeated.
        processor_seconds: Processor time of worker and engine in the same period, user and system; None if it was not
            measured.
    """

    seconds: float
    attempts: int = 1
    worker: int = 0
    repeated: int = 0
    processor_seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    """One finished game.

    Attributes:
        purpose: Its purpose.
        agent: The id of the agent that played, or of the random baseline.
        number: Its index among the agent's episodes of that purpose, from 0.
        outcome: Its outcome.
        timing: Its timing.
        recording: The engine's recording (.lmp), or None.
        actions: Claimed actions in the encoding of `worker.v1`, by which an outcome can be verified; else None.
    """

    purpose: Purpose
    agent: str
    number: int
    outcome: EpisodeOutcome
    timing: EpisodeTiming
    recording: bytes | None = None
    actions: bytes | None = None
