"""Tests of experiment and agent ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import (
    Agent,
    AgentRef,
    Genome,
    agent_id,
    baseline_id,
    check_experiment_id,
    experiment_of_player,
    parse_agent_id,
)
from clau_doom.errors import AgentNotFound, ConfigError

EXPERIMENTS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,39}", fullmatch=True)
PLACES = st.integers(min_value=0, max_value=999_999)


@pytest.mark.parametrize("text", ["a", "0", "quickstart", "a-b_c", "a" * 40, "0_-"])
def test_valid_experiment_id_is_returned(text: str) -> None:
    assert check_experiment_id(text) == text


@pytest.mark.parametrize("text", ["", "-a", "_a", "A", "a" * 41, "a/b", "..", "a b", "a\n", "é", "a.b", "\x00"])
def test_invalid_experiment_id_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(ConfigError, match="is not an experiment id: use 1 to 40 of a-z, 0-9, '_' and '-'") as caught:
        check_experiment_id(text)
    assert str(caught.value).startswith(repr(text))


def test_agent_ids_are_readable() -> None:
    """An agent's id names its experiment, generation and index, three digits or more each."""
    assert agent_id("quickstart", 3, 17) == "quickstart-g003-a017"
    assert agent_id("quickstart", 1234, 0) == "quickstart-g1234-a000"
    agent = Agent(experiment="lab", ref=AgentRef(0, 5), genome=Genome(()), parents=(), operator="draw")
    assert agent.id == "lab-g000-a005"


@given(EXPERIMENTS, PLACES, PLACES)
def test_agent_id_round_trip(experiment: str, generation: int, index: int) -> None:
    """Each agent id parses to its experiment and position, so ids are unique."""
    assert parse_agent_id(agent_id(experiment, generation, index)) == (experiment, generation, index)


def test_experiment_id_may_have_the_form_of_an_agent_id() -> None:
    assert parse_agent_id("lab-g000-a000-g001-a002") == ("lab-g000-a000", 1, 2)


@pytest.mark.parametrize(
    "text",
    ["", "lab", "lab-g3-a017", "lab-g003-a17", "lab-g0003-a017", "LAB-g003-a017", "lab-g003-a017\n", "-g003-a017"],
)
def test_invalid_agent_id_is_refused(text: str) -> None:
    """Non-canonical spellings are refused, and the message shows the format of ids."""
    with pytest.raises(AgentNotFound, match="is not an agent id: use the form quickstart-g003-a017"):
        parse_agent_id(text)


@given(EXPERIMENTS)
def test_player_ids_name_their_experiment(experiment: str) -> None:
    """Only agent ids and the random baseline's id give an experiment."""
    assert experiment_of_player(agent_id(experiment, 3, 17)) == experiment
    assert experiment_of_player(baseline_id(experiment)) == experiment
    for text in (f"{experiment}/x", "-random", f"{experiment}.x-random"):
        with pytest.raises(AgentNotFound, match="is not an agent id"):
            experiment_of_player(text)


def test_positions_are_sorted_by_generation_then_index() -> None:
    assert sorted([AgentRef(1, 0), AgentRef(0, 2), AgentRef(0, 10)]) == [
        AgentRef(0, 2),
        AgentRef(0, 10),
        AgentRef(1, 0),
    ]
