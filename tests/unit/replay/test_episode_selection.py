"""Which episode is meant by what is said on the command line."""

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


def test_an_experiment_stands_for_its_champion() -> None:
    """The champion is known as such by either name; other agents, and random play, by theirs."""
    assert agent("x") == agent("x-g000-a001")
    assert agent("x").champion
    assert not agent("x-g000-a000").champion
    baseline = agent("x-random")
    assert (baseline.baseline, baseline.genome, len(baseline.episodes)) == (True, Genome(()), 2)


def test_without_a_champion_an_experiment_stands_for_nobody() -> None:
    """The error says whom to name instead."""
    with pytest.raises(AgentNotFound, match="agent list x"):
        select_agent(snapshot(champion=False), "x")


def test_held_out_comes_first_then_training() -> None:
    """Nothing said, the first held-out episode is meant; of an agent that has none, the first of training."""
    assert select_episode(agent("x")).seed == 70
    assert select_episode(agent("x-g000-a000")).seed == 10
    assert select_episode(agent("x"), number=1).seed == 71
    assert select_episode(agent("x"), purpose=Purpose.TRAINING, number=1).seed == 11
    assert select_episode(agent("x"), purpose=Purpose.VALIDATION).name == "validation episode 0"


def test_a_seed_is_found_in_the_record_or_played_unproved() -> None:
    """A recorded seed brings its episode along, whatever it was played for; another brings none."""
    found = select_episode(agent("x"), seed=11)
    assert found.episode is not None
    assert (found.episode.purpose, found.episode.number) == (Purpose.TRAINING, 1)
    assert select_episode(agent("x"), seed=11, purpose=Purpose.HELD_OUT).episode is None
    unknown = select_episode(agent("x"), seed=999)
    assert (unknown.seed, unknown.episode, unknown.name) == (999, None, "an episode on seed 999")


@pytest.mark.parametrize(
    ("name", "purpose", "number", "said"),
    [
        ("x", None, 2, "no finished held-out episode 2: it has 0 to 1"),
        ("x", Purpose.VALIDATION, 1, "no finished validation episode 1: it has 0"),
        ("x-g000-a000", Purpose.HELD_OUT, None, "no finished held-out episode: it has training episodes"),
        ("x-random", Purpose.TRAINING, 0, "it has held-out episodes"),
    ],
)
def test_an_episode_that_is_not_there(name: str, purpose: Purpose | None, number: int | None, said: str) -> None:
    """The error says which there are."""
    with pytest.raises(EpisodeNotFound, match=said):
        select_episode(agent(name), purpose=purpose, number=number)


def test_an_agent_that_has_played_nothing_can_play_a_seed() -> None:
    """Without episodes only a seed can be meant, and the error says so."""
    idle = ReplayedAgent(id="x-g001-a000", genome=Genome((1.0,)), baseline=False, champion=False, episodes=())
    with pytest.raises(EpisodeNotFound, match="--seed"):
        select_episode(idle)
    assert select_episode(idle, seed=3).seed == 3
