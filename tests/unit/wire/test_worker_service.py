"""Tests of worker messages: round trip and refusal of malformed ones."""

import math
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import Episode, EpisodeOutcome, Genome, Measures, Purpose
from clau_doom.domain.fitness import MEASURES
from clau_doom.domain.measure_declaration import MeasureDeclaration
from clau_doom.ports import EpisodeTask
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import (
    MAX_FRAME,
    PREFIX,
    MalformedMessage,
    episode_from_played,
    frame,
    frame_size,
    inflate_actions,
    parse,
    play_episode,
    played,
)

numbers = st.floats(-1e100, 1e100)


def receive(message: pb.EpisodePlayed, seed: int) -> Episode:
    return episode_from_played(message, task(seed), worker=0)


def task(seed: int, genome: Genome = Genome(()), *, baseline: bool = False) -> EpisodeTask:  # noqa: B008 - frozen
    return EpisodeTask(
        purpose=Purpose.TRAINING, agent="x-g000-a000", genome=genome, number=2, seed=seed, baseline=baseline
    )


@given(
    values=st.lists(numbers, min_size=len(MEASURES), max_size=len(MEASURES)),
    seed=st.integers(0, 2**31 - 1),
    digest=st.binary(min_size=32, max_size=32),
    recording=st.binary(min_size=1) | st.none(),
)
def test_episode_round_trip(values: list[float], seed: int, digest: bytes, recording: bytes | None) -> None:
    """Outcome and recording are bit-identical."""
    named: dict[str, Any] = dict(zip(MEASURES, values, strict=True))
    measures = Measures(**named)
    outcome = EpisodeOutcome(seed=seed, measures=measures, trajectory_sha256=digest.hex())
    data = frame(played(7, outcome, recording, 0.5))
    message = parse(pb.FromWorker, data[PREFIX:]).played
    assert frame_size(data[:PREFIX]) == len(data) - PREFIX
    assert (message.task, message.seconds) == (7, 0.5)
    episode = receive(message, seed)
    assert episode.outcome == outcome
    assert episode.recording == recording


@given(values=st.lists(numbers, max_size=50), seed=st.integers(0, 2**31 - 1))
def test_task_round_trip(values: list[float], seed: int) -> None:
    """Genome and seed are bit-identical."""
    message = play_episode(3, task(seed, Genome(tuple(values)), baseline=True))
    request = parse(pb.ToWorker, message.SerializeToString()).play
    assert (tuple(request.genome), request.seed, request.baseline) == (tuple(values), seed, True)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (pb.EpisodePlayed(seed=6), "seed 6 in place of 5"),
        (pb.EpisodePlayed(seed=5, measures=pb.Measures(kills=math.inf)), "whose kills is inf"),
        (pb.EpisodePlayed(seed=5, measures=pb.Measures(kills=-1e101)), "whose kills is -1e"),
        (pb.EpisodePlayed(seed=5, seconds=math.nan), "whose seconds is nan"),
        (pb.EpisodePlayed(seed=5, trajectory_sha256=b"short"), "hash of 5 bytes"),
    ],
)
def test_episode_that_does_not_match_its_task_is_refused(change: pb.EpisodePlayed, complaint: str) -> None:
    with pytest.raises(MalformedMessage, match=complaint):
        receive(change, 5)


@given(actions=st.binary(max_size=200))
def test_actions_round_trip(actions: bytes) -> None:
    """The actions are identical, and are sent only on request."""
    outcome = EpisodeOutcome(seed=5, measures=Measures(), trajectory_sha256="ab" * 32)
    message = played(1, outcome, None, 0.5, actions=actions).played
    assert inflate_actions(message.actions, len(actions) + 1) == actions
    assert receive(message, 5).actions == message.actions
    assert receive(played(1, outcome, None, 0.5).played, 5).actions is None


def test_processor_time_round_trips() -> None:
    """None, for a time that was not measured, differs from 0."""
    outcome = EpisodeOutcome(seed=5, measures=Measures(), trajectory_sha256="00" * 32)
    for seconds in (None, 0.0, 0.75):
        message = played(1, outcome, None, 0.5, processor_seconds=seconds).played
        assert episode_from_played(message, task(5), worker=0).timing.processor_seconds == seconds


@pytest.mark.parametrize("name", ["seconds", "processor_seconds"])
@pytest.mark.parametrize("value", [-1.0, 1e10, float("nan")])
def test_invalid_times_are_refused(name: str, value: float) -> None:
    """The store refuses to read such a time, so that it must not be stored."""
    outcome = EpisodeOutcome(seed=5, measures=Measures(), trajectory_sha256="00" * 32)
    message = played(1, outcome, None, 0.5).played
    setattr(message, name, value)
    with pytest.raises(MalformedMessage, match=f"an episode whose {name} is "):
        episode_from_played(message, task(5), worker=0)


def test_oversized_and_invalid_actions_are_refused() -> None:
    """Decompression stops at the longest episode, because a kilobyte can inflate to a megabyte."""
    with pytest.raises(MalformedMessage, match="at most 1000 bytes"):
        inflate_actions(zlib.compress(bytes(1 << 20)), 1000)
    with pytest.raises(MalformedMessage, match="not deflated actions"):
        inflate_actions(b"rubbish", 1000)


def test_invalid_bytes_are_refused() -> None:
    with pytest.raises(MalformedMessage, match="3 bytes that are not a FromWorker"):
        parse(pb.FromWorker, b"\xff\xff\xff")
    with pytest.raises(MalformedMessage, match="the maximum is"):
        frame_size((MAX_FRAME + 1).to_bytes(4, "little"))


AIM = {"aim": MeasureDeclaration(low=0.0, high=1.0)}


def claimed(custom: dict[str, float]) -> pb.EpisodePlayed:
    measures = Measures(custom=tuple(sorted(custom.items())) or None)
    outcome = EpisodeOutcome(seed=3, measures=measures, trajectory_sha256="00" * 32)
    return played(7, outcome, None, 0.5).played


def test_measures_of_the_user_round_trip() -> None:
    episode = episode_from_played(claimed({"aim": 0.1}), task(3), worker=0, declared=AIM)
    assert episode.outcome.measures.custom == (("aim", 0.1),)


@pytest.mark.parametrize(
    ("custom", "problem"),
    [
        ({"aim": 1.5}, "whose aim is 1.5, which is outside of its declared range, 0 to 1"),
        ({"aim": float("nan")}, "whose aim is nan"),
        ({}, "whose measures of the user are none, not aim"),
        ({"aim": 0.5, "more": 0.5}, "whose measures of the user are aim, more, not aim"),
        ({"other": 0.5}, "whose measures of the user are other, not aim"),
    ],
)
def test_false_measures_of_a_worker_are_refused(custom: dict[str, float], problem: str) -> None:
    """Names and ranges are checked again in the orchestrator."""
    with pytest.raises(MalformedMessage, match=problem):
        episode_from_played(claimed(custom), task(3), worker=0, declared=AIM)
