"""Tests of the selection of an episode by command-line options."""

from collections.abc import Sequence

import pytest

from clau_doom.domain import (
    Agent,
    AgentRef,
    AgentStatus,
    Episode,
    EpisodeOutcome,
    EpisodeTiming,
    Evaluation,
    Genome,
    Measures,
    Purpose,
)
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import AgentNotFound, EpisodeNotFound
from clau_doom.replay import ReplayedAgent, select_agent, select_episode


def episode(purpose: Purpose, agent: str, number: int, seed: int) -> Episode:
    outcome = EpisodeOutcome(seed=seed, measures=Measures(), trajectory_sha256="ab" * 32)
    timing = EpisodeTiming(seconds=1.0)
    return Episode(purpose=purpose, agent=agent, number=number, outcome=outcome, timing=timing)


def row(purpose: Purpose, agent: str, seeds: Sequence[int]) -> tuple[Episode, ...]:
    return tuple(episode(purpose, agent, number, seed) for number, seed in enumerate(seeds))


def snapshot(*, champion: bool = True) -> Snapshot:
    refs = [AgentRef(0, 0), AgentRef(0, 1)]
    agents = [Agent(experiment="x", ref=ref, genome=Genome((1.0,)), parents=(), operator="draw") for ref in refs]
    evaluations = [Evaluation(agent=agent, status=AgentStatus.COMPLETED, fitness=1.0, outcomes=()) for agent in agents]
    judging = {
        (purpose, agent): row(purpose, agent, seeds)
        for purpose, agent, seeds in (
            (Purpose.VALIDATION, "x-g000-a001", [50]),
            (Purpose.HELD_OUT, "x-g000-a001", [70, 71]),
            (Purpose.HELD_OUT, "x-random", [70, 71]),
        )
    }
    return Snapshot(
        experiment=Experiment(id="x", uuid="4f8", seed=1, config_yaml="", provenance=Provenance(facts=())),
        config_yaml="",
        state=ExperimentState.COMPLETED,
        reason=None,
        generations=(tuple(evaluations),),
        summaries=(),
        episodes={ref: row(Purpose.TRAINING, agent.id, [10, 11]) for ref, agent in zip(refs, agents, strict=True)},
        judging=judging if champion else {},
        champion=(refs[1], 1.0) if champion else None,
    )


def agent(name: str) -> ReplayedAgent:
    return select_agent(snapshot(), name)


def test_experiment_id_selects_its_champion() -> None:
    """Agent ids select other agents and the random baseline."""
    assert agent("x") == agent("x-g000-a001")
    assert agent("x").champion
    assert not agent("x-g000-a000").champion
    baseline = agent("x-random")
    assert (baseline.baseline, baseline.genome, len(baseline.episodes)) == (True, Genome(()), 2)


def test_experiment_without_champion_is_an_error() -> None:
    """The error has the command that lists agents."""
    with pytest.raises(AgentNotFound, match="agent list x"):
        select_agent(snapshot(champion=False), "x")


def test_first_held_out_episode_is_the_default() -> None:
    """An agent without held-out episodes has its first training episode as the default."""
    assert select_episode(agent("x")).seed == 70
    assert select_episode(agent("x-g000-a000")).seed == 10
    assert select_episode(agent("x"), number=1).seed == 71
    assert select_episode(agent("x"), purpose=Purpose.TRAINING, number=1).seed == 11
    assert select_episode(agent("x"), purpose=Purpose.VALIDATION).name == "validation episode 0"


def test_unrecorded_seed_has_no_episode() -> None:
    """A recorded seed selects its episode of any purpose."""
    found = select_episode(agent("x"), seed=11)
    assert found.episode is not None
    assert (found.episode.purpose, found.episode.number) == (Purpose.TRAINING, 1)
    assert select_episode(agent("x"), seed=11, purpose=Purpose.HELD_OUT).episode is None
    unknown = select_episode(agent("x"), seed=999)
    assert (unknown.seed, unknown.episode, unknown.name) == (999, None, "an episode on seed 999")


@pytest.mark.parametrize(
    ("name", "purpose", "number", "message"),
    [
        ("x", None, 2, "no finished held-out episode 2: it has 0 to 1"),
        ("x", Purpose.VALIDATION, 1, "no finished validation episode 1: it has 0"),
        ("x-g000-a000", Purpose.HELD_OUT, None, "no finished held-out episode: it has training episodes"),
        ("x-random", Purpose.TRAINING, 0, "it has held-out episodes"),
    ],
)
def test_missing_episode_is_an_error(name: str, purpose: Purpose | None, number: int | None, message: str) -> None:
    """The error lists the existing episodes."""
    with pytest.raises(EpisodeNotFound, match=message):
        select_episode(agent(name), purpose=purpose, number=number)


def test_agent_without_episodes_needs_a_seed() -> None:
    idle = ReplayedAgent(id="x-g001-a000", genome=Genome((1.0,)), baseline=False, champion=False, episodes=())
    with pytest.raises(EpisodeNotFound, match="play any seed with seed="):
        select_episode(idle)
    assert select_episode(idle, seed=3).seed == 3
