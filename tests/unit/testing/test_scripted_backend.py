"""Tests of the scripted backend."""

import anyio
import pytest

from clau_doom.domain import Episode, Genome, Purpose
from clau_doom.errors import EngineCrashed
from clau_doom.ports import EpisodeTask, EvaluationBackend
from clau_doom.testing import ScriptedBackend, scripted_outcome


def _task(*, seed: int = 7, attempt: int = 1) -> EpisodeTask:
    genome = Genome((0.25, 0.75))
    return EpisodeTask(
        purpose=Purpose.TRAINING, agent="x-g000-a000", genome=genome, number=2, seed=seed, attempt=attempt
    )


def _play(backend: EvaluationBackend, *tasks: EpisodeTask) -> list[Episode]:
    async def session() -> list[Episode]:
        async with backend as entered:
            return [await entered.play(task) for task in tasks]

    return anyio.run(session)


def test_same_genome_and_seed_give_the_same_outcome() -> None:
    """Another seed or another genome gives another outcome."""
    first, again, other = _play(ScriptedBackend(), _task(), _task(attempt=2), _task(seed=8))
    assert first.outcome == again.outcome == scripted_outcome(Genome((0.25, 0.75)), 7)
    assert first.outcome.trajectory_sha256 != other.outcome.trajectory_sha256
    assert first.outcome != scripted_outcome(Genome((0.25, 0.5)), 7)


def test_episode_has_the_facts_of_its_task() -> None:
    """The facts are purpose, agent, number, seed and attempt."""
    (episode,) = _play(ScriptedBackend(recording=b"lmp"), _task(attempt=3))
    assert (episode.purpose, episode.agent, episode.number) == (Purpose.TRAINING, "x-g000-a000", 2)
    assert (episode.outcome.seed, episode.timing.attempts, episode.recording) == (7, 3, b"lmp")


def test_genes_near_the_optimum_have_a_larger_reward() -> None:
    """This holds for every seed."""
    near, far = Genome((0.5, 0.5)), Genome((4.0, -4.0))
    for seed in range(50):
        assert scripted_outcome(near, seed).measures.reward > scripted_outcome(far, seed).measures.reward


def test_backend_continues_after_a_disturbed_episode() -> None:
    """`play` raises the error of `disturb`."""

    async def lose_first_attempts(task: EpisodeTask) -> None:
        if task.attempt == 1:
            raise EngineCrashed("the engine is gone")

    backend = ScriptedBackend(disturb=lose_first_attempts)
    with pytest.raises(EngineCrashed, match="gone"):
        _play(backend, _task())
    assert len(_play(backend, _task(attempt=2))) == 1
    assert [task.attempt for task in backend.played] == [1, 2]
    assert not backend.entered
