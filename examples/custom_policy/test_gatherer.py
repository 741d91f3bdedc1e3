"""Tests of the example policy: contract of the policy port, and gathering of items."""

from pathlib import Path

import numpy as np
import pytest

from clau_doom.config import CustomPolicyConfig
from clau_doom.domain import Genome, generator
from clau_doom.errors import ConfigError
from clau_doom.policies import make_policy
from clau_doom.ports import Observation, Policy, ScenarioFacts, SeenObject
from clau_doom.testing import SCRIPTED_FACTS, check_policy

FACTS = ScenarioFacts(
    name="health_gathering",
    buttons=("TURN_LEFT", "TURN_RIGHT", "MOVE_FORWARD"),
    variables=("HEALTH",),
    frame_skip=4,
    timeout=2100,
    resolution=(160, 120),
    doom_skill=3,
)
GENOME = Genome((10.0, 30.0, 3.0, 2.0))


@pytest.fixture
def gatherer(monkeypatch: pytest.MonkeyPatch) -> Policy:
    """Return the policy, loaded by its name from its folder as clau-doom does."""
    monkeypatch.chdir(Path(__file__).parent)
    return make_policy(CustomPolicyConfig(target="gatherer:Gatherer"), FACTS)


def medikit(x: int, height: int = 4) -> SeenObject:
    """Return a medikit at a column of the screen."""
    return SeenObject(x, "Medikit", "pickup", x, 60, 4, height, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def pressed(policy: Policy, *objects: SeenObject) -> set[str]:
    """Return the pressed buttons of the first decision of an episode."""
    action = policy.begin(GENOME, generator(1))(Observation(np.array([100.0]), 0, objects))
    return {name for name, value in zip(FACTS.buttons, action.buttons, strict=True) if value}


def test_keeps_the_promises_of_a_policy(gatherer: Policy) -> None:
    """Run the contract tests of the bundled policies: deterministic, no state between episodes, valid actions."""
    check_policy(gatherer, make_policy(CustomPolicyConfig(target="gatherer:Gatherer"), FACTS), FACTS)


def test_walks_to_the_nearest_item(gatherer: Policy) -> None:
    """Walk straight ahead, curve for small angles, turn on the spot for large ones; the tallest box is the target."""
    assert pressed(gatherer, medikit(78)) == {"MOVE_FORWARD"}
    assert pressed(gatherer, medikit(100)) == {"TURN_RIGHT", "MOVE_FORWARD"}
    assert pressed(gatherer, medikit(10)) == {"TURN_LEFT"}
    assert pressed(gatherer, medikit(10), medikit(78, height=9)) == {"MOVE_FORWARD"}


def test_looks_around_and_walks_on_when_nothing_is_in_sight(gatherer: Policy) -> None:
    """Turn for the length of the patience gene, then walk, and repeat both."""
    decide = gatherer.begin(GENOME, generator(1))
    walked = [decide(Observation(np.array([100.0]), 4 * step)).buttons[2] for step in range(10)]
    assert walked == [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0]


def test_refuses_a_scenario_in_which_it_cannot_walk(gatherer: Policy) -> None:
    """Report an error of the policy's constructor as a configuration error before the start."""
    del gatherer
    with pytest.raises(ConfigError, match="has no MOVE_FORWARD"):
        make_policy(CustomPolicyConfig(target="gatherer:Gatherer"), SCRIPTED_FACTS)
