"""Tests of the random policy, which uses only the episode's generator."""

import numpy as np

from clau_doom.domain import Genome, generator
from clau_doom.policies import RandomPolicy
from clau_doom.ports import Observation, ScenarioFacts

FACTS = ScenarioFacts(
    name="made up",
    buttons=("ATTACK", "TURN_LEFT_RIGHT_DELTA"),
    variables=(),
    frame_skip=4,
    timeout=2100,
    resolution=(160, 120),
    doom_skill=3,
)


def test_presses_buttons_half_the_time_and_turns_a_little() -> None:
    """A button is 0 or 1 with equal chances. A delta button gets a value between -10 and 10."""
    decide = RandomPolicy(FACTS).begin(Genome(()), generator(1))
    drawn = np.array([decide(Observation(np.zeros(0), 0)).buttons for _ in range(2000)])
    assert set(drawn[:, 0]) == {0.0, 1.0}
    assert abs(drawn[:, 0].mean() - 0.5) < 0.05
    assert (np.abs(drawn[:, 1]) <= 10.0).all()
    assert drawn[:, 1].std() > 5.0


def test_has_no_genes_and_needs_no_rendering() -> None:
    policy = RandomPolicy(FACTS)
    assert len(policy.space) == 0
    assert not policy.needs.objects
    assert not policy.needs.screen
