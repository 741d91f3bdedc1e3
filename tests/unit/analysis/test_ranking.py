"""Tests of criteria, and of the agents and episodes of a ranking."""

import pytest

from clau_doom.analysis.ranking import criteria_of, criterion_values, rank_agents
from clau_doom.analysis.topsis import Ranking
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import Fitness, Measures
from clau_doom.errors import ConfigError
from tests.support.stored_runs import REWARD, snapshot_of

TRAINING = [[[3.0], [1.0]], [[2.0], [5.0], []]]


def test_measures_of_the_user_are_criteria() -> None:
    """Values are means over the episodes, as for bundled measures."""
    criteria = criteria_of("kills:1,aim:-2", ["aim"])
    assert [(each.name, each.weight) for each in criteria] == [("kills", 1.0), ("aim", -2.0)]
    episodes = [Measures(kills=4.0, custom=(("aim", 0.5),)), Measures(kills=6.0, custom=(("aim", 0.0),))]
    assert criterion_values(criteria, Fitness.named("reward"), episodes) == (5.0, 0.25)


@pytest.mark.parametrize(
    ("text", "message"),
    [("aim:1", "'aim' is not a criterion: use fitness, score, kills"), ("kilss:1", "did you mean kills?")],
)
def test_unknown_criteria_are_refused_with_the_nearest_name(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        criteria_of(text)
    assert message in str(refused.value)
    with pytest.raises(ConfigError, match=r"'aimm' is not a criterion: did you mean aim\?"):
        criteria_of("aimm:1", ["aim"])


def test_agents_with_all_validation_episodes_are_ranked() -> None:
    """By hand: the means of 1 and 3, and of 4 and 6. An agent with one episode is left out."""
    snapshot = snapshot_of("lab", TRAINING, {(0, 0): [1.0, 3.0], (1, 1): [4.0, 6.0], (1, 0): [9.0]})
    found = rank_agents(snapshot, REWARD, criteria_of("fitness:1"))
    assert isinstance(found, Ranking)
    assert [(row.name, row.rank, row.values) for row in found.rows] == [
        ("lab-g001-a001", 1, (5.0,)),
        ("lab-g000-a000", 2, (2.0,)),
    ]
    assert found.basis == "the generations' best agents, means of 2 validation episodes on the same seeds"


def test_agents_of_the_last_generation_are_ranked_before_validation() -> None:
    """The agent without a fitness is left out."""
    found = rank_agents(snapshot_of("lab", TRAINING, {}), REWARD, criteria_of("reward:-1"))
    assert isinstance(found, Ranking)
    assert [(row.name, row.values) for row in found.rows] == [("lab-g001-a000", (2.0,)), ("lab-g001-a001", (5.0,))]
    assert found.basis == "the agents of generation 1, means of their training episodes on the same seeds"


def test_one_agent_has_no_ranking() -> None:
    snapshot = snapshot_of("lab", [[[3.0]]], {})
    assert rank_agents(snapshot, REWARD, criteria_of("fitness:1")) == Unavailable(
        missing="fewer than two agents have played the same seeds"
    )
    assert rank_agents(snapshot, REWARD, ()) == Unavailable(missing="no criteria were given")
