"""Tests of the fitness of many episodes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import Fitness, Measures
from clau_doom.domain.fitness import MEASURES
from clau_doom.storage.fitness_columns import fitness_of_columns

VALUES = st.floats(min_value=-1e9, max_value=1e9)
EPISODES = st.lists(
    st.builds(
        Measures,
        kills=VALUES,
        deaths=VALUES,
        health=VALUES,
        reward=VALUES,
        custom=VALUES.map(lambda value: (("aim", value),)),
    ),
    max_size=20,
)
WEIGHTS = st.dictionaries(st.sampled_from(["aim", "deaths", "kills", "reward", "score"]), VALUES, min_size=1)


@given(EPISODES, WEIGHTS)
def test_fitness_of_columns_is_that_of_each_episode(episodes: list[Measures], weights: dict[str, float]) -> None:
    """The bits are equal, also of zeros."""
    fitness = Fitness(tuple(weights.items()))
    columns = {name: np.array([each.value(name) for each in episodes], dtype=float) for name in (*MEASURES, "aim")}
    expected = np.array([fitness.of_episode(each) for each in episodes], dtype=float)
    assert fitness_of_columns(fitness, columns).tobytes() == expected.tobytes()


def test_score_without_kills_and_deaths_is_half_of_the_health() -> None:
    columns = {"kills": np.array([0.0, 3.0]), "deaths": np.array([0.0, 1.0]), "health": np.array([50.0, 200.0])}
    assert fitness_of_columns(Fitness.named("score"), columns).tolist() == [0.25, 0.875]
