"""Between `claudoom.worker.v1` and the domain."""

import math
from collections.abc import Callable
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from clau_doom.domain import Episode, EpisodeOutcome, EpisodeTiming, Genome, Measures, Purpose
from clau_doom.domain.score import MEASURES
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire.framing import MalformedMessage

__all__ = ["MalformedMessage", "episode_from_played", "parse", "play_episode", "played"]

MessageT = TypeVar("MessageT", bound=Message)


def parse(kind: Callable[[], MessageT], data: bytes) -> MessageT:
    """Return the message that `data` holds.

    Raises:
        MalformedMessage: It holds none of that kind.
    """
    message = kind()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise MalformedMessage(f"{len(data)} bytes that are no {type(message).__name__}") from error
    return message


def play_episode(task: int, genome: Genome, seed: int, *, baseline: bool) -> pb.ToWorker:
    """Return the message that asks a worker for an episode."""
    return pb.ToWorker(play=pb.PlayEpisode(task=task, genome=genome.values, seed=seed, baseline=baseline))


def played(
    task: int, outcome: EpisodeOutcome, recording: bytes | None, seconds: float, *, repeated: int = 0
) -> pb.FromWorker:
    """Return the message that answers a task with a finished episode."""
    measures = pb.Measures(**{name: getattr(outcome.measures, name) for name in MEASURES})
    return pb.FromWorker(
        played=pb.EpisodePlayed(
            task=task,
            seed=outcome.seed,
            measures=measures,
            trajectory_sha256=bytes.fromhex(outcome.trajectory_sha256),
            recording=recording or b"",
            seconds=seconds,
            repeated=repeated,
        )
    )


def episode_from_played(
    message: pb.EpisodePlayed, *, purpose: Purpose, agent: str, number: int, seed: int, attempt: int, worker: int
) -> Episode:
    """Return the episode that a worker claims to have played, checked against what it was asked for.

    Raises:
        MalformedMessage: The seed is another, a measure is no finite number, the hash has not 32 bytes, or more
            decisions were repeated than there were.
    """
    values = {name: getattr(message.measures, name) for name in MEASURES}
    wrong = [name for name, value in values.items() if not math.isfinite(value)]
    if wrong:
        raise MalformedMessage(f"an episode whose {wrong[0]} is {values[wrong[0]]}")
    if message.seed != seed:
        raise MalformedMessage(f"an episode on seed {message.seed} where {seed} was asked for")
    if len(message.trajectory_sha256) != 32:
        raise MalformedMessage(f"a trajectory hash of {len(message.trajectory_sha256)} bytes where 32 are expected")
    if message.repeated > max(values["decisions"], 0.0):
        raise MalformedMessage(f"an episode of {values['decisions']:g} decisions, {message.repeated} of them repeated")
    outcome = EpisodeOutcome(seed=seed, measures=Measures(**values), trajectory_sha256=message.trajectory_sha256.hex())
    timing = EpisodeTiming(seconds=message.seconds, attempts=attempt, worker=worker, repeated=message.repeated)
    return Episode(
        purpose=purpose,
        agent=agent,
        number=number,
        outcome=outcome,
        timing=timing,
        recording=message.recording or None,
    )
