"""Mapping between finished episodes and rows of the table `played`, exact to the bit and without redundancy.

Integral measures are stored as integers, which take fewer bytes; negative zero is stored as a float. An agent is stored
as generation and index, from which its id is derived. A trajectory hash is stored as bytes.
"""

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from clau_doom.domain import Episode, EpisodeOutcome, EpisodeTiming, Measures, Purpose, agent_id, parse_agent_id
from clau_doom.domain.fitness import MEASURES
from clau_doom.domain.ids import baseline_id
from clau_doom.errors import AgentNotFound, StorageFailed, StoreCorrupted
from clau_doom.storage.validation import MOST_AGENTS, MOST_SEED, whole
from clau_doom.storage.validation import number as measure
from clau_doom.storage.validation import seconds as duration

__all__ = [
    "BASELINE",
    "COLUMNS",
    "PURPOSES",
    "Place",
    "custom_object",
    "custom_of",
    "custom_text",
    "episode_of",
    "id_of",
    "place_of",
    "row_of",
]

PURPOSES = (Purpose.TRAINING, Purpose.VALIDATION, Purpose.HELD_OUT)
"""Purposes; the table stores an index into this tuple."""

COLUMNS = (
    "purpose",
    "generation",
    "agent",
    "number",
    "seed",
    *MEASURES,
    "trajectory",
    "seconds",
    "attempts",
    "worker",
    "repeated",
    "custom",
    "processor_seconds",
)
"""Columns after `sequence`, in the order of the table."""

Place = tuple[int, int]
"""Generation and index of an agent."""

BASELINE: Place = (-1, 0)
"""Stored place of the random baseline, which does not belong to a generation."""

_DIGEST = 32
_WHOLE = 2.0**53
"""All integers of smaller magnitude are exact as float64."""


@lru_cache(maxsize=10_000)
def place_of(experiment: str, agent: str) -> Place:
    """Return the place of an agent or of the random baseline, by id.

    Raises:
        StoreCorrupted: The id does not belong to the experiment.
    """
    if agent == baseline_id(experiment):
        return BASELINE
    try:
        owner, *place = parse_agent_id(agent)
    except AgentNotFound:
        owner, place = "", []
    if owner != experiment:
        raise StoreCorrupted(f"episode of {agent}, which is not an agent of this experiment")
    return place[0], place[1]


def id_of(experiment: str, place: Place) -> str:
    """Return the id of the agent at a place."""
    return baseline_id(experiment) if place == BASELINE else agent_id(experiment, *place)


def row_of(episode: Episode, place: Place) -> tuple[object, ...]:
    """Return the row of an episode in the order of `COLUMNS`, without recording and actions.

    Raises:
        StorageFailed: The episode has a number that is not finite or an invalid hash.
    """
    outcome, timing = episode.outcome, episode.timing
    measures = [float(getattr(outcome.measures, name)) for name in MEASURES]
    if not all(map(math.isfinite, (*measures, timing.seconds, timing.processor_seconds or 0.0))):
        raise StorageFailed(f"an episode has a number that is not finite: {episode}")
    return (
        PURPOSES.index(episode.purpose),
        *place,
        episode.number,
        outcome.seed,
        *map(_short, measures),
        _digest(outcome.trajectory_sha256),
        float(timing.seconds),
        timing.attempts,
        timing.worker,
        timing.repeated,
        custom_text(outcome.measures),
        None if timing.processor_seconds is None else float(timing.processor_seconds),
    )


def episode_of(experiment: str, row: Sequence[Any]) -> Episode:
    """Return the episode of a row in the order of `COLUMNS`.

    Raises:
        StoreCorrupted: A value is out of range; the message names it.
    """
    purpose, generation, index, number, seed, *values, trajectory, seconds, attempts, worker, repeated = row[:-2]
    custom, processor = row[-2:]
    least = -1 if (generation, index) == BASELINE else 0
    place = (
        whole(generation, "an episode's generation", least=least, most=MOST_AGENTS - 1),
        whole(index, "an episode's agent", most=MOST_AGENTS - 1),
    )
    if not isinstance(trajectory, bytes) or len(trajectory) != _DIGEST:
        raise StoreCorrupted("the hash of a trajectory does not have 32 bytes")
    return Episode(
        purpose=PURPOSES[whole(purpose, "an episode's purpose", most=len(PURPOSES) - 1)],
        agent=id_of(experiment, place),
        number=whole(number, "an episode's number"),
        outcome=EpisodeOutcome(
            seed=whole(seed, "an episode's seed", most=MOST_SEED),
            measures=Measures(
                **{name: measure(value, name) for name, value in zip(MEASURES, values, strict=True)},
                custom=custom_of(custom),
            ),
            trajectory_sha256=trajectory.hex(),
        ),
        timing=EpisodeTiming(
            seconds=duration(seconds, "an episode's duration"),
            attempts=whole(attempts, "an episode's attempts"),
            worker=whole(worker, "an episode's worker"),
            repeated=whole(repeated, "an episode's repeated actions"),
            processor_seconds=None if processor is None else duration(processor, "an episode's processor time"),
        ),
    )


def custom_text(measures: Measures) -> str | None:
    """Return the user's measures as a JSON object, exact to the bit, or None without any.

    Raises:
        StorageFailed: A value is not finite.
    """
    if measures.custom is None:
        return None
    try:
        return json.dumps(dict(measures.custom), separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise StorageFailed(f"an episode has a measure that is not finite: {measures.custom}") from None


def custom_of(text: object) -> tuple[tuple[str, float], ...] | None:
    """Return the user's measures from their text.

    Raises:
        StoreCorrupted: The text is not a JSON object of numbers.
    """
    if text is None:
        return None
    return tuple(sorted((name, measure(value, name)) for name, value in custom_object(text).items()))


def custom_object(text: object) -> dict[str, Any]:
    """Return the user's measures from their text, without validation of the values.

    Raises:
        StoreCorrupted: The text is not a JSON object.
    """
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise StoreCorrupted(f"the measures of an episode are {text!a:.80}: they must be a JSON object")
    return found


def _short(value: float) -> float | int:
    """Return an integral value as int if the conversion is exact."""
    if not value.is_integer() or abs(value) >= _WHOLE or (value == 0.0 and math.copysign(1.0, value) < 0.0):
        return value
    return int(value)


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if digest.hex() != text or len(digest) != _DIGEST:
        raise StorageFailed(
            f"{text[:80]!r} is not the hash of a trajectory: it must be 64 hexadecimal digits in lower case"
        )
    return digest
