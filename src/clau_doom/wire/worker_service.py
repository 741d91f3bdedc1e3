"""Mapping between `claudoom.worker.v1` and the types of domain and ports."""

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from clau_doom.domain import Episode, EpisodeOutcome, EpisodeTiming, LiveFrame, Measures
from clau_doom.domain.fitness import MEASURES
from clau_doom.domain.measure_declaration import MeasureDeclaration
from clau_doom.ports import EpisodeTask
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire.framing import MalformedMessage

__all__ = [
    "MalformedMessage",
    "episode_from_played",
    "frame_from_glimpse",
    "glimpse_message",
    "inflate_actions",
    "parse",
    "play_episode",
    "played",
]

_GREATEST = 1e100  # sums and squares of larger numbers may not be finite
_LONGEST = 1e9  # seconds of an episode
_MOST_HELD, _LONGEST_NAME = 64, 64
_QUICK = 1  # compared with the best level: a tenth of the time, a tenth more bytes

MessageT = TypeVar("MessageT", bound=Message)


def parse(kind: Callable[[], MessageT], data: bytes) -> MessageT:
    """Parse a message of a given type.

    Raises:
        MalformedMessage: The data is not a message of that type.
    """
    message = kind()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise MalformedMessage(f"{len(data)} bytes that are not a {type(message).__name__}") from error
    return message


def play_episode(number: int, task: EpisodeTask) -> pb.ToWorker:
    """Create the task for a worker: play an episode, or perform its recorded actions again."""
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
    processor_seconds: float | None = None,
) -> pb.FromWorker:
    """Create a worker's response with a finished episode. `actions` are as the engine returns them."""
    measures = pb.Measures(**{name: getattr(outcome.measures, name) for name in MEASURES})
    measures.custom.update(dict(outcome.measures.custom or ()))
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
            processor_seconds=processor_seconds,
        )
    )


def inflate_actions(data: bytes, most: int) -> bytes:
    """Decompress the actions that `played` compressed.

    Args:
        data: Compressed actions from a worker.
        most: Maximum decompressed size in bytes. A few bytes may decompress to gigabytes.

    Raises:
        MalformedMessage: The data is malformed or too large.
    """
    inflater = zlib.decompressobj()
    try:
        actions = inflater.decompress(data, most)
    except zlib.error as error:
        raise MalformedMessage(f"{len(data)} bytes that are not deflated actions: {error}") from error
    if not inflater.eof or inflater.unused_data:
        raise MalformedMessage(f"{len(data)} bytes that are not deflated actions of at most {most} bytes")
    return actions


def glimpse_message(frame: LiveFrame) -> pb.FromWorker:
    """Encode a live view of an episode."""
    return pb.FromWorker(
        glimpse=pb.Glimpse(
            task=frame.task,
            tic=frame.tic,
            health=frame.health,
            kills=frame.kills,
            held=frame.held,
            width=frame.width,
            height=frame.height,
            channels=frame.channels,
            pixels=frame.pixels,
        )
    )


def frame_from_glimpse(message: pb.Glimpse, most: int) -> LiveFrame:
    """Decode and validate a live view.

    Args:
        message: Message of a worker.
        most: Maximum size of a screen in bytes.

    Raises:
        MalformedMessage: The size of the screen differs from its dimensions or is too large, or a number is not finite.
    """
    size, channels = message.width * message.height * message.channels, message.channels
    if channels not in {1, 3} or not 0 < size <= most or len(message.pixels) != size:
        shape = f"{message.width} by {message.height} by {channels}"
        raise MalformedMessage(f"a screen of {shape} in {len(message.pixels)} bytes, of at most {most}")
    if not (abs(message.health) <= _GREATEST and abs(message.kills) <= _GREATEST):
        raise MalformedMessage(f"a glimpse with health {message.health} and kills {message.kills}")
    if len(message.held) > _MOST_HELD or any(len(name) > _LONGEST_NAME for name in message.held):
        raise MalformedMessage(f"a glimpse with {len(message.held)} buttons held, or with the name of one too long")
    return LiveFrame(
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


def episode_from_played(
    message: pb.EpisodePlayed,
    task: EpisodeTask,
    *,
    worker: int,
    declared: Mapping[str, MeasureDeclaration] = MappingProxyType({}),
) -> Episode:
    """Decode a finished episode, and validate it against its task.

    Args:
        message: Message of a worker.
        task: Task of the episode.
        worker: Number of the worker.
        declared: Declarations of the user's measures, by name.

    Raises:
        MalformedMessage: The seed differs, a measure is not finite or exceeds 1e100, a time is not from 0 to 1e9 s, the
            hash does not have 32 bytes, more decisions were repeated than made, or the user's measures differ from
            their declarations.
    """
    values = {name: getattr(message.measures, name) for name in MEASURES}
    for name, value in values.items():
        if not abs(value) <= _GREATEST:  # NaN fails this comparison too
            raise MalformedMessage(f"an episode whose {name} is {value}")
    for name, value in (("seconds", message.seconds), ("processor_seconds", message.processor_seconds)):
        if not 0.0 <= value <= _LONGEST:
            raise MalformedMessage(f"an episode whose {name} is {value}")
    if message.seed != task.seed:
        raise MalformedMessage(f"an episode on seed {message.seed} in place of {task.seed}")
    if len(message.trajectory_sha256) != 32:
        raise MalformedMessage(f"a trajectory hash of {len(message.trajectory_sha256)} bytes instead of 32")
    if message.repeated > max(values["decisions"], 0.0):
        raise MalformedMessage(f"an episode of {values['decisions']:g} decisions, {message.repeated} of them repeated")
    digest = message.trajectory_sha256.hex()
    outcome = EpisodeOutcome(
        seed=task.seed, measures=Measures(**values, custom=_custom(message, declared)), trajectory_sha256=digest
    )
    timing = EpisodeTiming(
        seconds=message.seconds,
        attempts=task.attempt,
        worker=worker,
        repeated=message.repeated,
        processor_seconds=message.processor_seconds if message.HasField("processor_seconds") else None,
    )
    return Episode(
        purpose=task.purpose,
        agent=task.agent,
        number=task.number,
        outcome=outcome,
        timing=timing,
        recording=message.recording or None,
        actions=message.actions or None,
    )


def _custom(
    message: pb.EpisodePlayed, declared: Mapping[str, MeasureDeclaration]
) -> tuple[tuple[str, float], ...] | None:
    """Return the user's measures, sorted by name, after their validation."""
    claimed = dict(message.measures.custom)
    if claimed.keys() != declared.keys():
        there, expected = (", ".join(sorted(names))[:200] or "none" for names in (claimed, declared))
        raise MalformedMessage(f"an episode whose measures of the user are {there}, not {expected}")
    for name, declaration in declared.items():
        if problem := declaration.problem(claimed[name]):
            raise MalformedMessage(f"an episode whose {name} {problem}")
    return tuple((name, claimed[name]) for name in sorted(claimed)) or None
