"""Tests of the neural policy: inputs, exact computation and actions."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from clau_doom.config import NeuralPolicyConfig
from clau_doom.domain import Genome, generator
from clau_doom.errors import ConfigError, InvalidGenome
from clau_doom.policies import NeuralPolicy
from clau_doom.policies.features import Features, to_grid
from clau_doom.ports import Action, Observation, ScenarioFacts, SeenObject
from clau_doom.testing import SCRIPTED_FACTS
from clau_doom.testing.policy_contract import drawn_genome, synthetic_observations

FACTS = ScenarioFacts(
    name="made up",
    buttons=("MOVE_LEFT", "ATTACK", "MOVE_RIGHT", "TURN_LEFT_RIGHT_DELTA"),
    variables=("HEALTH", "POSITION_X", "POSITION_Y"),
    frame_skip=4,
    timeout=2100,
    resolution=(160, 120),
    doom_skill=3,
)
LINEAR = NeuralPolicyConfig(layers=(), bins=3)


def box(kind: str, x: int, width: int, *, number: int = 1, distance: float = 256.0) -> SeenObject:
    """Return an object with a given first column of its screen box."""
    return SeenObject(number, kind, kind, x, 50, width, 20, (distance, 0.0, 0.0), (0.0, 0.0, 0.0))


def look(*objects: SeenObject, tic: int = 0, health: float = 50.0, screen: np.ndarray | None = None) -> Observation:
    """Return an observation of a player at the origin."""
    return Observation(np.array([health, 0.0, 0.0]), tic, objects, screen)


def answer(biases: list[float], config: NeuralPolicyConfig = LINEAR) -> Action:
    """Return the action of a network without hidden layers and with only biases set."""
    policy = NeuralPolicy(FACTS, config)
    weights = np.zeros((len(biases), len(policy.space) // len(biases)))
    weights[:, -1] = biases
    return policy.begin(Genome(tuple(weights.ravel().tolist())), generator(1))(look())


def test_opposite_buttons_share_an_output_with_a_dead_zone() -> None:
    """Above 0.25 one button is pressed, below -0.25 the other. Between them neither is pressed."""
    assert list(answer([2.0, 0.0, -1.0, 0.0]).buttons)[:3] == [1.0, 0.0, 0.0]
    assert list(answer([-2.0, 0.0, -1.0, 0.0]).buttons)[:3] == [0.0, 0.0, 1.0]
    assert list(answer([0.25, 0.0, -1.0, 0.0]).buttons)[:3] == [0.0, 0.0, 0.0]


def test_single_button_and_delta_button() -> None:
    """A single button has a threshold at 0. The delta button turns by the output's share of 8 degrees."""
    assert list(answer([0.0, 1.0, 1.0, 0.0]).buttons) == [0.0, 1.0, 0.0, 4.0]
    assert list(answer([0.0, -1.0, -1.0, 0.0]).buttons) == [0.0, 0.0, 0.0, -4.0]


@pytest.mark.parametrize(("bias", "tics"), [(-4.0, 1), (-0.5, 2), (0.0, 3), (4.0, 4)])
def test_last_output_selects_the_number_of_tics(bias: float, tics: int) -> None:
    """The output's range maps in equal shares to one tic up to the frame skip."""
    assert answer([0.0, 0.0, 0.0, bias]).tics == tics


def test_objects_are_sorted_by_kind_and_direction() -> None:
    """Nearness is in the bins of a box, in its kind's channel. At 256 map units it is 0.5."""
    features = Features(FACTS, 3, None)
    row = features.watch().read(look(box("enemy", 0, 10), box("pickup", 75, 10), box("hazard", 150, 10), health=50.0))
    enemies, threats, pickups, motion, rest = np.split(row, [3, 6, 9, 12])
    assert enemies.tolist() == [0.5, 0.0, 0.0]
    assert threats.tolist() == [0.0, 0.0, 0.5]
    assert pickups.tolist() == [0.0, 0.5, 0.0]
    assert motion.tolist() == [0.0, 0.0, 0.0]
    assert rest.tolist() == [0.5, 1.0]


def test_bins_are_narrow_in_the_middle() -> None:
    """A bin's width grows with its distance from the middle of the screen, equally on both sides."""
    bins = np.bincount(Features(FACTS, 9, None).bin_of)
    assert bins.tolist() == bins.tolist()[::-1]
    assert sorted(bins[4:]) == bins[4:].tolist()
    assert bins[4] <= 4


def test_bin_shows_the_nearest_object() -> None:
    reader = Features(FACTS, 3, None).watch()
    row = reader.read(look(box("enemy", 0, 10), box("enemy", 0, 10, number=2, distance=768.0)))
    assert row[0] == 0.5


def test_motion_is_in_columns_a_tic_and_ends_with_the_object() -> None:
    """Two columns a tic are half the motion. A new object with the same id has none."""
    reader = Features(FACTS, 3, None).watch()
    reader.read(look(box("enemy", 2, 10), tic=0))
    assert reader.read(look(box("enemy", 10, 10), tic=4))[9] == 0.5
    assert reader.read(look(box("projectile", 20, 10), tic=8))[9] == 0.0


def test_screen_is_reduced_to_blocks() -> None:
    """Each block is the mean grey level of its part of the screen, from 0 to 1."""
    screen = np.zeros((120, 160), dtype=np.uint8)
    screen[60:, :80] = 255
    row = Features(FACTS, 3, (2, 2)).watch().read(look(screen=screen))
    assert row[-5:].tolist() == [0.0, 0.0, 1.0, 0.0, 1.0]


def test_more_blocks_than_pixels_are_refused() -> None:
    with pytest.raises(ConfigError, match="161x10"):
        NeuralPolicy(FACTS, NeuralPolicyConfig(screen=(161, 10)))


def test_asks_for_the_screen_only_when_configured() -> None:
    """The screen is rendered only if the network uses it."""
    assert not NeuralPolicy(FACTS, LINEAR).needs.screen
    assert NeuralPolicy(FACTS, NeuralPolicyConfig(screen=(4, 3))).needs.screen


def test_default_genome_has_fewer_than_1000_weights() -> None:
    """Each weight is within the limit."""
    space = NeuralPolicy(SCRIPTED_FACTS, NeuralPolicyConfig(weight_limit=2.0)).space
    assert len(space) < 1000
    assert (space.low == -2.0).all()
    assert (space.high == 2.0).all()
    with pytest.raises(InvalidGenome):
        NeuralPolicy(FACTS, LINEAR).begin(Genome((0.0,)), generator(1))


def test_sums_are_exact() -> None:
    """The network's double results equal exact rational arithmetic."""
    policy = NeuralPolicy(FACTS, NeuralPolicyConfig(layers=(), bins=5, weight_limit=64.0))
    genome = drawn_genome(policy.space, 3)
    weights = to_grid(genome.array()).reshape(4, -1)
    features = Features(FACTS, 5, None)
    reader = features.watch()
    for observation in synthetic_observations(FACTS, 1, 50):
        row = reader.read(observation)
        exact = [sum(Fraction(w) * Fraction(x) for w, x in zip(unit, row, strict=True)) for unit in weights.tolist()]
        assert (weights @ row).tolist() == [float(value) for value in exact]
        assert all(value == Fraction(float(value)) for value in exact)


def test_weights_of_every_layer_affect_the_output() -> None:
    policy = NeuralPolicy(SCRIPTED_FACTS, NeuralPolicyConfig(layers=(8, 6)))
    genome = drawn_genome(policy.space, 1)

    def actions(values: np.ndarray) -> list[tuple[list[float], int]]:
        decide = policy.begin(Genome(tuple(values.tolist())), generator(1))
        answers = (decide(observation) for observation in synthetic_observations(SCRIPTED_FACTS, 1, 100))
        return [(list(action.buttons), action.tics) for action in answers]

    plain = actions(genome.array())
    inputs = (len(policy.space) - 6 * 9 - 3 * 7) // 8
    starts = (0, 8 * inputs, 8 * inputs + 6 * 9, len(policy.space))
    for first, last in pairwise(starts):
        changed = genome.array()
        changed[first:last] *= -1.0
        assert actions(changed) != plain
