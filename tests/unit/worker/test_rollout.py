"""Tests of the rollout of an episode: trajectory hash, policy failures and progress."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from clau_doom.domain import Genome, GenomeSpace
from clau_doom.errors import EngineCrashed, PolicyFailed
from clau_doom.ports import Action, Decide, Needs, Observation
from clau_doom.testing.scripted_engine import ScriptedEngine
from clau_doom.worker import Phase, ProgressPage, SharedFrame, play
from clau_doom.worker.rollout import StartedEpisode


class Puppet:
    """Policy with the decisions of a function."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide

    @property
    def needs(self) -> Needs:
        return Needs()

    @property
    def space(self) -> GenomeSpace:
        return GenomeSpace(())

    def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
        return self._decide


@pytest.fixture
def page(tmp_path: Path) -> Iterator[ProgressPage]:
    with ProgressPage(tmp_path / "phase", create=True) as page:
        yield page


def engine(decisions: int = 10, crash_at: int | None = None) -> ScriptedEngine:
    made = ScriptedEngine(decisions=decisions, crash_at=crash_at)
    made.start(Needs(), record=True)
    return made


def left(observation: Observation) -> Action:
    return Action((1, 0, 0))


def right(observation: Observation) -> Action:
    return Action((0, 1, 0))


def test_episode_depends_on_seed_and_actions_only(page: ProgressPage) -> None:
    """The engine may be new or used."""
    used = engine()
    first = play(used, Puppet(left), Genome(()), 5, page).outcome
    other_seed = play(used, Puppet(left), Genome(()), 6, page).outcome
    other_actions = play(used, Puppet(right), Genome(()), 5, page).outcome
    assert play(used, Puppet(left), Genome(()), 5, page).outcome == first
    assert play(engine(), Puppet(left), Genome(()), 5, page).outcome == first
    assert len({first.trajectory_sha256, other_seed.trajectory_sha256, other_actions.trajectory_sha256}) == 3


def test_processor_time_covers_the_start_and_the_decisions(page: ProgressPage) -> None:
    """The time between an early start of the episode and the call is not part of the episode."""
    spent = 0.0

    class Costly(ScriptedEngine):
        def begin(self, seed: int) -> Observation:
            nonlocal spent
            spent += 100.0
            return super().begin(seed)

        def act(self, action: Action) -> Observation | None:
            nonlocal spent
            spent += 1.0
            return super().act(action)

    costly = Costly(decisions=3)
    costly.start(Needs(), record=False)
    assert play(costly, Puppet(left), Genome(()), 5, page, clock=lambda: spent).processor_seconds == 103.0
    begun = StartedEpisode.by(costly, 5, lambda: spent)
    spent += 1000.0
    later = play(costly, Puppet(left), Genome(()), 5, page, begun=begun, clock=lambda: spent)
    assert later.processor_seconds == 103.0


def test_start_of_an_episode_is_in_its_duration(page: ProgressPage) -> None:
    """The engine starts the episode before or during the call. The outcome is the same."""

    class Slow(ScriptedEngine):
        def begin(self, seed: int) -> Observation:
            time.sleep(0.05)
            return super().begin(seed)

    slow = Slow(decisions=3)
    slow.start(Needs(), record=False)
    now = play(slow, Puppet(left), Genome(()), 5, page)
    before = play(slow, Puppet(left), Genome(()), 5, page, begun=StartedEpisode.by(slow, 5))
    assert now.outcome == before.outcome
    assert min(now.seconds, before.seconds) >= 0.05


def test_tics_of_an_action_change_the_trajectory_hash(page: ProgressPage) -> None:
    def held(tics: int) -> Decide:
        return lambda observation: Action((1, 0, 0), tics)

    outcomes = {
        play(engine(decisions=1), Puppet(held(tics)), Genome(()), 5, page).outcome.trajectory_sha256 for tics in (1, 2)
    }
    assert len(outcomes) == 2


def test_generator_of_a_policy_depends_on_the_episode_seed(page: ProgressPage) -> None:
    drawn: list[float] = []

    class Drawing(Puppet):
        def begin(self, genome: Genome, rng: np.random.Generator) -> Decide:
            drawn.append(rng.random())
            return self._decide

    for seed in (5, 6, 5):
        play(engine(), Drawing(left), Genome(()), seed, page)
    assert drawn[0] == drawn[2] != drawn[1]


def raise_value_error(observation: Observation) -> Action:
    raise ValueError("no idea")


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("I say nothing")


def raise_mute(observation: Observation) -> Action:
    raise Mute


def leave(observation: Observation) -> Action:
    raise SystemExit(3)


def skip(observation: Observation) -> Action:
    raise BaseException("skipped")


@pytest.mark.parametrize(
    ("decide", "complaint"),
    [
        (raise_value_error, "the policy raised ValueError: no idea"),
        (raise_mute, "the policy raised Mute: Mute"),
        (leave, "the policy raised SystemExit: 3"),
        (skip, "the policy raised BaseException: skipped"),
        (lambda observation: None, "which is not an action"),
        (lambda observation: Action(("left",)), "which is not an action"),  # type: ignore[arg-type]
        (lambda observation: Action((10**400, 0, 0)), "which is not an action"),
        (lambda observation: Action((1, 0, 0), 10**400), "which is not an action"),
        (lambda observation: Action(1 / 0 for _ in range(3)), "division by zero"),  # type: ignore[arg-type]
        (lambda observation: Action((1, 0)), "2 values for 3"),
        (lambda observation: Action((float("nan"), 0, 0)), "nan"),
        (lambda observation: Action((1, 0, 0), 5), "5"),
    ],
)
def test_policy_exception_and_invalid_action_are_policy_failures(
    decide: Decide, complaint: str, page: ProgressPage
) -> None:
    with pytest.raises(PolicyFailed, match=complaint):
        play(engine(), Puppet(decide), Genome(()), 5, page)
    assert page.read()[1] is Phase.ENGINE, "a failed policy does not count as still deciding"


def test_engine_crash_is_not_a_policy_failure(page: ProgressPage) -> None:
    with pytest.raises(EngineCrashed):
        play(engine(crash_at=3), Puppet(left), Genome(()), 5, page)


def test_progress_page_shows_the_phase(tmp_path: Path, page: ProgressPage) -> None:
    """The page's counter changes with every decision."""
    seen: list[tuple[int, Phase]] = []
    with ProgressPage(tmp_path / "phase") as watched:

        def look(observation: Observation) -> Action:
            seen.append(watched.read())
            return Action((1, 0, 0))

        play(engine(decisions=4), Puppet(look), Genome(()), 5, page)
        assert [phase for _, phase in seen] == [Phase.POLICY] * len(seen)
        assert len({count for count, _ in seen}) == len(seen) > 1
        assert watched.read()[1] is Phase.ENGINE


def test_requested_frame_is_written(tmp_path: Path, page: ProgressPage) -> None:
    """The frame belongs to the decision after the request. Without a request there is no frame."""
    with SharedFrame(tmp_path / "frame", (160, 120)) as written, SharedFrame(tmp_path / "frame") as looked:
        play(engine(), Puppet(left), Genome(()), 5, page, shared_frame=written, task=3)
        assert looked.look() is None, "nobody had asked"
        game = engine()
        play(game, Puppet(left), Genome(()), 5, page, shared_frame=written, task=4)
        assert game.asked_to_draw == [True, False], "in full for the picture, and for it alone"
        frame = looked.look()
        assert frame is not None
        assert (frame.task, frame.tic, frame.held) == (4, 4, ("TURN_LEFT",))
        assert (frame.width, frame.height, frame.channels) == (160, 120, 1)
        assert len(frame.pixels) == 160 * 120
        assert looked.look() is None, "the next is not there yet"


def test_live_view_does_not_change_an_episode(tmp_path: Path, page: ProgressPage) -> None:
    alone = play(engine(), Puppet(left), Genome(()), 5, page).outcome
    with (
        SharedFrame(tmp_path / "shared_frame", (160, 120)) as written,
        SharedFrame(tmp_path / "shared_frame") as looked,
    ):

        def look(observation: Observation) -> Action:
            looked.look()
            return left(observation)

        assert play(engine(), Puppet(look), Genome(()), 5, page, shared_frame=written).outcome == alone
