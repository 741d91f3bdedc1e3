"""Tests of the score and of fitness from measures."""

import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import Fitness, Measures, score
from clau_doom.domain.fitness import MEASURES

COUNTS = st.integers(min_value=0, max_value=1000).map(float)


@pytest.mark.parametrize(
    ("kills", "deaths", "health", "expected"),
    [
        (10, 0, 100.0, 1.0),
        (5, 5, 50.0, 0.5),
        (0, 3, 10.0, 0.05),
        (0, 0, 0.0, 0.0),
        (0, 0, 100.0, 0.5),
        (1, 0, 0.0, 0.5),
        (3, 1, 200.0, 0.875),
        (3, 1, -30.0, 0.375),
    ],
)
def test_score_follows_its_formula(kills: float, deaths: float, health: float, expected: float) -> None:
    """Half is the share of kills, 0 without kills and deaths. Half is health, clamped to 0..100."""
    assert score(kills, deaths, health) == pytest.approx(expected, abs=1e-12)


@given(COUNTS, COUNTS, st.floats(allow_nan=False))
def test_score_is_between_0_and_1(kills: float, deaths: float, health: float) -> None:
    assert 0.0 <= score(kills, deaths, health) <= 1.0


@given(COUNTS, COUNTS, st.floats(min_value=0.0, max_value=99.0))
def test_score_is_monotonic(kills: float, deaths: float, health: float) -> None:
    """More kills or health never lower a score, and more deaths never raise it."""
    here = score(kills, deaths, health)
    assert score(kills + 1, deaths, health) >= here
    assert score(kills, deaths, health + 1.0) > here
    assert score(kills, deaths + 1, health) <= here


@pytest.mark.parametrize(
    ("name", "expected"), [("reward", -2.5), ("kills", 6.0), ("survival", 525.0), ("score", 0.5 * 6 / 7 + 0.1)]
)
def test_named_fitness_is_its_measure(name: str, expected: float) -> None:
    measures = Measures(kills=6.0, deaths=1.0, health=20.0, reward=-2.5, tics=525.0)
    assert Fitness.named(name).of_episode(measures) == pytest.approx(expected)


def test_weighted_fitness_is_a_sum() -> None:
    """A weighted fitness is the sum of weighted measures. The score is one of the measures."""
    fitness = Fitness((("kills", 2.0), ("damage_taken", -0.5), ("score", 10.0)))
    measures = Measures(kills=3.0, damage_taken=4.0, health=100.0)
    assert fitness.of_episode(measures) == pytest.approx(2 * 3 - 0.5 * 4 + 10 * 1.0)


@pytest.mark.parametrize("name", MEASURES)
def test_any_measure_can_have_a_weight(name: str) -> None:
    values: dict[str, Any] = {name: 7.0}
    assert Fitness(((name, 1.0),)).of_episode(Measures(**values)) == 7.0


def test_measure_of_the_user_can_have_a_weight() -> None:
    measures = Measures(kills=3.0, custom=(("aim", 0.5),))
    assert Fitness((("aim", 4.0), ("kills", 1.0))).of_episode(measures) == 5.0
    assert Fitness.named("aim").of_episode(measures) == 0.5


def test_list_of_measures_is_complete_and_in_order() -> None:
    assert tuple(field.name for field in fields(Measures)) == (*MEASURES, "custom")
    assert len(MEASURES) == 13


@given(st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=1, max_size=20))
def test_fitness_does_not_depend_on_the_order_of_episodes(rewards: list[float]) -> None:
    """The mean is bit-identical."""
    episodes = [Measures(reward=reward) for reward in rewards]
    fitness = Fitness.named("reward").of_agent(episodes)
    assert fitness == Fitness.named("reward").of_agent(episodes[::-1])
    assert fitness == Fitness.named("reward").of_agent(sorted(episodes, key=lambda row: row.reward))
    assert fitness == math.fsum(rewards) / len(rewards)


def test_variance_and_standard_error_of_fitness() -> None:
    """7, 8 and 9 have variance 1 and standard error 1/√3. A single episode has neither."""
    fitness = Fitness.named("kills")
    episodes = [Measures(kills=kills) for kills in (7.0, 8.0, 9.0)]
    assert fitness.variance_of(episodes) == 1.0
    assert fitness.error_of(episodes) == pytest.approx(1 / math.sqrt(3))
    assert fitness.variance_of(episodes[:2]) == 0.5
    assert fitness.variance_of(episodes[:1]) is None
    assert fitness.error_of(episodes[:1]) is None
