"""Mapping between `claudoom.worker.v1` and the types of domain and ports."""

import zlib
from collections.abc import Callable
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from clau_doom.domain import Episode, EpisodeOutcome, EpisodeTiming, Measures, Picture
from clau_doom.domain.score import MEASURES
from clau_doom.ports import EpisodeTask
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire.framing import MalformedMessage

__all__ = [
    "MalformedMessage",
    "episode_from_played",
    "glimpse_message",
    "inflate_actions",
    "parse",
    "picture_from_glimpse",
    "play_episode",
    "played",
]

_GREATEST = 1e100  # sums and squares of more might not be finite
_MOST_HELD, _LONGEST_NAME = 64, 64
_QUICK = 1  # a tenth of the time of the best one, for a tenth more bytes

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


def play_episode(number: int, task: EpisodeTask) -> pb.ToWorker:
    """Return the message that asks a worker for an episode, or to perform the actions of one again."""
    play = pb.PlayEpisode(
        task=number,
        genome=task.genome,
        seed=task.seed,
        baseline=task.baseline,
        actions=task.actions or b"",
    )
    return pb.ToWorker(play=play)


def played(
    task: int,
    outcome: EpisodeOutcome,
    recording: bytes | None,
    seconds: float,
    *,
    repeated: int = 0,
    actions: bytes | None = None,
) -> pb.FromWorker:
    """Return the message that answers a task with a finished episode; `actions` are as the engine returns them."""
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
            actions=b"" if actions is None else zlib.compress(actions, _QUICK),
        )
    )


def inflate_actions(data: bytes, most: int) -> bytes:
    """Return the actions that `played` deflated.

    Args:
        data: What a worker claims to be actions.
        most: The most bytes that they may come to: a few bytes can be inflated to gigabytes.

    Raises:
        MalformedMessage: It holds none, or more.
    """
    inflater = zlib.decompressobj()
    try:
        actions = inflater.decompress(data, most)
    except zlib.error as error:
        raise MalformedMessage(f"{len(data)} bytes that are no deflated actions: {error}") from error
    if not inflater.eof or inflater.unused_data:
        raise MalformedMessage(f"{len(data)} bytes that are no deflated actions of at most {most} bytes")
    return actions


def glimpse_message(picture: Picture) -> pb.FromWorker:
    """Return the message that shows a moment of an episode."""
    return pb.FromWorker(
        glimpse=pb.Glimpse(
            task=picture.task,
            tic=picture.tic,
            health=picture.health,
            kills=picture.kills,
            held=picture.held,
            width=picture.width,
            height=picture.height,
            channels=picture.channels,
            pixels=picture.pixels,
        )
    )


def picture_from_glimpse(message: pb.Glimpse, most: int) -> Picture:
    """Return the moment that a worker claims to show.

    Args:
        message: What it says.
        most: The most bytes that a screen can have.

    Raises:
        MalformedMessage: The screen has not the bytes that its size asks for, or too many, or a number is none.
    """
    size, channels = message.width * message.height * message.channels, message.channels
    if channels not in {1, 3} or not 0 < size <= most or len(message.pixels) != size:
        shape = f"{message.width} by {message.height} by {channels}"
        raise MalformedMessage(f"a screen of {shape} in {len(message.pixels)} bytes, of at most {most}")
    if not (abs(message.health) <= _GREATEST and abs(message.kills) <= _GREATEST):
        raise MalformedMessage(f"a glimpse with health {message.health} and kills {message.kills}")
    if len(message.held) > _MOST_HELD or any(len(name) > _LONGEST_NAME for name in message.held):
        raise MalformedMessage(f"a glimpse with {len(message.held)} buttons held, or with the name of one too long")
    return Picture(
        task=message.task,
        tic=message.tic,
        health=message.health,
        kills=message.kills,
        held=tuple(message.held),
        width=message.width,
        height=message.height,
        channels=channels,
        pixels=message.pixels,
    )


def episode_from_played(message: pb.EpisodePlayed, task: EpisodeTask, *, worker: int) -> Episode:
    """Return the episode that a worker claims to have played, checked against what it was asked for.

    Raises:
        MalformedMessage: The seed is another, a measure is no number or beyond all measure, the hash has not 32 bytes,
            or more decisions were repeated than there were.
    """
    values = {name: getattr(message.measures, name) for name in MEASURES}
    for name, value in (*values.items(), ("seconds", message.seconds)):
        if not abs(value) <= _GREATEST:  # no number is no smaller either
            raise MalformedMessage(f"an episode whose {name} is {value}")
    if message.seed != task.seed:
        raise MalformedMessage(f"an episode on seed {message.seed} where {task.seed} was asked for")
    if len(message.trajectory_sha256) != 32:
        raise MalformedMessage(f"a trajectory hash of {len(message.trajectory_sha256)} bytes where 32 are expected")
    if message.repeated > max(values["decisions"], 0.0):
        raise MalformedMessage(f"an episode of {values['decisions']:g} decisions, {message.repeated} of them repeated")
    digest = message.trajectory_sha256.hex()
    outcome = EpisodeOutcome(seed=task.seed, measures=Measures(**values), trajectory_sha256=digest)
    timing = EpisodeTiming(seconds=message.seconds, attempts=task.attempt, worker=worker, repeated=message.repeated)
    return Episode(
        purpose=task.purpose,
        agent=task.agent,
        number=task.number,
        outcome=outcome,
        timing=timing,
        recording=message.recording or None,
        actions=message.actions or None,
    )
