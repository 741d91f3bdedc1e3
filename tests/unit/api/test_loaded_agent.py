"""Tests of loaded agents without an engine."""

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clau_doom as cd
from clau_doom.api.loaded_agent import LoadedAgent
from clau_doom.api.observation_arrays import MOST_OBJECTS, observation_to_arrays
from clau_doom.app.trusted_code import Trust
from clau_doom.config import CustomPolicyConfig, PolicyConfig, RulesPolicyConfig, ScenarioConfig
from clau_doom.domain import Gene, Genome, GenomeSpace
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ConfigError, PolicyFailed, WrongState
from clau_doom.ports import Action, Needs, Observation
from clau_doom.replay import ReplayedAgent, Setting

CHAMPION = Path(__file__).parents[3] / "examples/champions/basic.json"
POLICY = """
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.ports import Action, Needs

class {name}:
    needs = Needs()
    space = GenomeSpace([Gene(name="bias", low=0.0, high=1.0)])
    def __init__(self, facts):
        pass
    def begin(self, genome, rng):
        return {decide}
"""
SEEN = Observation(np.zeros(19), 0)

MakeAgent = Callable[..., LoadedAgent]


@pytest.fixture
def agent_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeAgent:
    """Return a function that makes an agent of `basic`, whose custom policy has a decision function."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(decide: str = "", *, trust: bool = True, contained: bool = False, **fields: Any) -> LoadedAgent:
        policy: PolicyConfig = RulesPolicyConfig()
        if decide:
            module = f"policy_{zlib.crc32(decide.encode())}"
            (tmp_path / f"{module}.py").write_text(POLICY.format(name="Mine", decide=decide))
            policy = CustomPolicyConfig(target=f"{module}:Mine")
        setting = Setting(
            scenario=ScenarioConfig(name="basic"),
            policy=policy,
            contained=contained,
            provenance=Provenance(facts=()),
            space=GenomeSpace([Gene(name="<bias>", low=0.0, high=1.0)]) if decide else None,
        )
        known: dict[str, Any] = {
            "id": "lab-g000-a000",
            "genome": Genome((0.5,)),
            "baseline": False,
            "champion": False,
            "episodes": (),
        }
        agent = ReplayedAgent(**(known | fields))
        names = frozenset({getattr(policy, "target", "")} if trust else ())
        return LoadedAgent(setting, agent, trust=Trust(names), stored_in=None, address=None)

    return make


def test_acting_without_an_episode_is_refused() -> None:
    with pytest.raises(WrongState, match="call reset with the episode's seed first"):
        cd.load_agent(CHAMPION).act(SEEN)


def test_forms_of_observations_give_forms_of_actions(agent_of: MakeAgent) -> None:
    """An observation of an engine gives an action of an engine; arrays give arrays."""
    agent = agent_of("lambda seen: Action([0.0, 1.0, float(seen.tic)], 0)")
    agent.reset(1)
    assert agent.act(SEEN) == Action([0.0, 1.0, 0.0], 0)
    arrays = agent.act(observation_to_arrays(replace(SEEN, tic=1), agent.needs, MOST_OBJECTS))
    assert {name: np.asarray(array).tolist() for name, array in arrays.items()} == {
        "buttons": [0.0, 1.0, 1.0],
        "tics": 4,
    }


def test_random_draws_follow_the_seed(agent_of: MakeAgent) -> None:
    agent = agent_of("lambda seen: Action(list(rng.random(3)))")
    drawn = []
    for seed in (5, 5, np.int64(5), 6):
        agent.reset(seed)
        drawn.append([agent.act(SEEN).buttons for _ in range(3)])
    assert drawn[0] == drawn[1] == drawn[2] != drawn[3]


@pytest.mark.parametrize(
    ("decide", "message"),
    [
        ("lambda seen: 1 / 0", "the policy raised ZeroDivisionError: division by zero"),
        ("lambda seen: exit(3)", "the policy raised SystemExit"),
        ("lambda seen: Action([1.0])", "it has 1 values for 3 buttons"),
        ("lambda seen: Action([0.0] * 3, 9)", "the policy held an action for 9 tics"),
        ("lambda seen: None", "which is not an action"),
    ],
)
def test_failures_of_the_policy_are_errors_as_in_a_run(agent_of: MakeAgent, decide: str, message: str) -> None:
    agent = agent_of(decide)
    agent.reset(1)
    for seen in (SEEN, observation_to_arrays(SEEN, Needs(), 1)):
        with pytest.raises(PolicyFailed, match=message):
            agent.act(seen)


def test_failure_at_the_beginning_of_an_episode(agent_of: MakeAgent) -> None:
    with pytest.raises(PolicyFailed, match="raised ZeroDivisionError as it began"):
        agent_of("1 / 0").reset(1)


def test_genes_of_a_stored_agent_do_not_need_the_policy(agent_of: MakeAgent) -> None:
    agent = agent_of("raise SyntaxError(")
    assert agent.genes == {"<bias>": 0.5}
    with pytest.raises(ConfigError, match="importing it raised SyntaxError"):
        _ = agent.needs


def test_policy_of_containers_needs_consent(agent_of: MakeAgent) -> None:
    """Its code ran in containers only. Consent allows this process to import it."""
    decide = "lambda seen: Action([1.0] * 3)"
    with pytest.raises(ConfigError, match=r"ran its policy in containers, uses .* trust=\['policy_.*:Mine'\]"):
        agent_of(decide, trust=False, contained=True).reset(1)
    agent = agent_of(decide, contained=True)
    agent.reset(1)
    assert agent.act(SEEN).buttons == [1.0] * 3


def test_baseline_draws_without_genes(agent_of: MakeAgent) -> None:
    agent = agent_of(id="lab-random", baseline=True, genome=Genome(()))
    assert (agent.genes, agent.needs, repr(agent)) == ({}, Needs(), "<agent lab-random: random policy in basic>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"episode": 0, "seed": 1}, "episode and seed exclude each other"),
        ({"start": 2.0, "end": 2.0}, "end 2 is not after start 2"),
        ({"resolution": "1x1"}, "'1x1' is not a resolution of a replay: choose 640x480"),
        ({"purpose": "fun"}, "'fun' is not a purpose of episodes: choose training"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_invalid_arguments_of_films_are_refused(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        cd.load_agent(CHAMPION).film(tmp_path / "film.mp4", **arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"episodes": 0}, "episodes is 0 and workers is 0: use at least 1 episode and 0 workers"),
        ({"workers": -1}, "workers is -1"),
        ({"episodes": [1, 2]}, r"episodes is \[1, 2\], which is not a number: give seeds as seeds="),
        ({"seeds": [1, -2]}, "seed is -2: use a whole number from 0 to 4294967295"),
        ({"seeds": []}, "seeds is empty: give at least one seed"),
    ],
)
def test_invalid_arguments_of_episodes_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        cd.load_agent(CHAMPION).play(**arguments)


def test_recorded_episodes_are_a_table() -> None:
    """An agent file has no fitness."""
    table = cd.load_agent(CHAMPION).episodes
    document = json.loads(CHAMPION.read_text())
    assert table["seed"] == [row["seed"] for row in document["episodes"]]
    assert table["reward"] == [row["measures"]["reward"] for row in document["episodes"]]
    assert set(table["purpose"]) == {"held_out"}
    assert set(table["agent"]) == {document["agent"]}
    assert set(table["fitness"]) == {None}


def test_episodes_of_an_agent_with_any_id(agent_of: MakeAgent) -> None:
    """The id in an agent file is free text."""
    episodes = [replace(episode, agent="My agent") for episode in cd.load_agent(CHAMPION)._agent.episodes[:1]]
    table = agent_of(id="My agent", episodes=tuple(episodes)).episodes
    assert (table["agent"], table["experiment_id"], table["generation"]) == (["My agent"], [None], [None])
