"""Episodes: one game on one seed, with a deterministic outcome and non-deterministic timings."""

import struct
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

__all__ = ["Episode", "EpisodeOutcome", "EpisodeTiming", "Measures", "OutcomeRow", "Purpose"]


class Purpose(StrEnum):
    """Purpose of an episode. Each purpose has its own seeds."""

    TRAINING = "training"
    """Its result is fitness."""
    VALIDATION = "validation"
    """It chooses the champion among the generations' best agents."""
    HELD_OUT = "held_out"
    """It judges the champion, on seeds that nothing was selected on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """Measures of an episode.

    Attributes:
        kills: Monsters killed.
        deaths: 1 if the player died, else 0.
        health: Health at the end, in points; 0 when dead.
        armor: Armour at the end, in points.
        shots: Rounds of ammunition spent.
        hits: Times that the player's attacks hit something.
        damage_dealt: Points of damage done to monsters.
        damage_taken: Points of damage suffered.
        items: Items picked up that the engine counts.
        tics: Tics survived (1/35 s each), from the first decision to the end.
        reward: The scenario's own reward, summed.
        distance: Distance covered on the map's plane, in map units.
        decisions: Actions chosen by the policy.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeOutcome:
    """Outcome of an episode: a function of scenario, policy, genome and seed alone.

    Attributes:
        seed: The engine's seed.
        measures: What was measured.
        trajectory_sha256: 64 hexadecimal digits over every decision's variables and action.
    """

    seed: int
    measures: Measures
    trajectory_sha256: str

    def fingerprint(self) -> bytes:
        """Return what the history's hash covers of it: its u64 seed, little-endian, and its 32-byte trajectory hash."""
        return struct.pack("<Q", self.seed) + bytes.fromhex(self.trajectory_sha256)

    def mismatch(self, proved: "EpisodeOutcome") -> str | None:
        """Return in what this claim differs from what its actions were proved to lead to, or None."""
        for field in fields(Measures):
            said, found = getattr(self.measures, field.name), getattr(proved.measures, field.name)
            if said != found:
                return f"it reports {field.name} {said:g}, but its actions give {found:g}"
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
        seconds: Wall time from the engine's beginning it to its outcome.
        attempts: How often the episode was begun, this time included.
        worker: The worker that finished it.
        repeated: Decisions for which a remote agent was late, so that its last action was performed again.
    """

    seconds: float
    attempts: int = 1
    worker: int = 0
    repeated: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Episode:
    """One finished game.

    Attributes:
        purpose: Its purpose.
        agent: The id of the agent that played, or of the random baseline.
        number: Its place among the agent's episodes of that purpose, from 0.
        outcome: What happened.
        timing: Its timing.
        recording: The engine's own recording (.lmp), or None.
        actions: Where the outcome is or was a claim, the actions that are said to lead to it, as `worker.v1` has them.
    """

    purpose: Purpose
    agent: str
    number: int
    outcome: EpisodeOutcome
    timing: EpisodeTiming
    recording: bytes | None = None
    actions: bytes | None = None
