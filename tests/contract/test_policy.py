"""Contract tests of every policy, on scenarios with any buttons and variables."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clau_doom.config import (
    NeuralPolicyConfig,
    PolicyConfig,
    RandomPolicyConfig,
    RulesPolicyConfig,
    ScenarioConfig,
)
from clau_doom.domain import generator
from clau_doom.game import SCENARIOS, resolve
from clau_doom.policies import make_policy
from clau_doom.ports import Policy, ScenarioFacts
from clau_doom.testing.policy_contract import check_action, check_policy, drawn_genome, synthetic_observations

POLICIES: tuple[PolicyConfig, ...] = (
    RandomPolicyConfig(),
    RulesPolicyConfig(),
    NeuralPolicyConfig(),
    NeuralPolicyConfig(layers=(), bins=3),
    NeuralPolicyConfig(layers=(6, 5), bins=12, screen=(10, 7)),
)
BUTTONS = (
    "ATTACK",
    "USE",
    "SPEED",
    "STRAFE",
    "TURN_LEFT",
    "TURN_RIGHT",
    "MOVE_LEFT",
    "MOVE_RIGHT",
    "MOVE_FORWARD",
    "MOVE_BACKWARD",
    "SELECT_NEXT_WEAPON",
    "TURN_LEFT_RIGHT_DELTA",
    "MOVE_LEFT_RIGHT_DELTA",
    "MOVE_FORWARD_BACKWARD_DELTA",
    "LOOK_UP_DOWN_DELTA",
)
UNUSED_BY_RULES = {"USE", "SPEED", "STRAFE", "SELECT_NEXT_WEAPON", "LOOK_UP_DOWN_DELTA"}
VARIABLES = ("HEALTH", "SELECTED_WEAPON_AMMO", "AMMO2", "ATTACK_READY", "POSITION_X", "POSITION_Y", "ANGLE", "ARMOR")
FACTS = st.builds(
    ScenarioFacts,
    name=st.just("drawn"),
    buttons=st.lists(st.sampled_from(BUTTONS), unique=True, min_size=1).map(tuple),
    variables=st.lists(st.sampled_from(VARIABLES), unique=True).map(tuple),
    frame_skip=st.integers(1, 12),
    timeout=st.just(2100),
    resolution=st.sampled_from([(160, 120), (320, 240)]),
    doom_skill=st.integers(1, 5),
)


def made(config: PolicyConfig, facts: ScenarioFacts) -> Policy:
    """Return a policy, for buttons that it uses: the rules refuse a scenario that has none of theirs."""
    assume(not isinstance(config, RulesPolicyConfig) or not set(facts.buttons) <= UNUSED_BY_RULES)
    return make_policy(config, facts)


def _name(config: PolicyConfig) -> str:
    return f"{config.kind}-{config.layers}" if isinstance(config, NeuralPolicyConfig) else config.kind


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
@pytest.mark.parametrize("config", POLICIES, ids=_name)
def test_every_bundled_scenario_can_be_played(config: PolicyConfig, scenario: str) -> None:
    """A policy keeps its promises with the buttons and variables of any bundled scenario."""
    facts = resolve(ScenarioConfig(name=scenario)).facts
    check_policy(make_policy(config, facts), make_policy(config, facts), facts, count=25)


@pytest.mark.parametrize("config", POLICIES, ids=_name)
@settings(max_examples=40, deadline=None)
@given(facts=FACTS, seed=st.integers(0, 2**31))
def test_action_is_valid_for_any_scenario_and_genome(config: PolicyConfig, facts: ScenarioFacts, seed: int) -> None:
    """An action has one finite value for each button, and tics within the frame skip."""
    policy = made(config, facts)
    decide = policy.begin(drawn_genome(policy.space, seed), generator(seed, "policy"))
    for observation in synthetic_observations(facts, seed, 20):
        check_action(decide(observation), facts)


@pytest.mark.parametrize("config", POLICIES[1:], ids=_name)
@settings(max_examples=40, deadline=None)
@given(facts=FACTS, seed=st.integers(0, 2**31))
def test_opposite_buttons_are_never_pressed_together(config: PolicyConfig, facts: ScenarioFacts, seed: int) -> None:
    policy = made(config, facts)
    decide = policy.begin(drawn_genome(policy.space, seed), generator(seed, "policy"))
    for observation in synthetic_observations(facts, seed, 20):
        pressed = {name for name, value in zip(facts.buttons, decide(observation).buttons, strict=True) if value}
        for pair in ({"TURN_LEFT", "TURN_RIGHT"}, {"MOVE_LEFT", "MOVE_RIGHT"}, {"MOVE_FORWARD", "MOVE_BACKWARD"}):
            assert not pair <= pressed
