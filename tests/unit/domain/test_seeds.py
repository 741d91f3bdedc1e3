"""Tests of random seeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import Purpose, episode_seeds, generator

SEEDS = st.integers(min_value=0, max_value=2**63 - 1)


def test_seeds_equal_those_of_the_first_version() -> None:
    """Old results stay reproducible."""
    assert generator(1, "strategy").integers(2**32, size=3).tolist() == [2067106805, 3237230415, 3630759900]
    assert episode_seeds(1, Purpose.TRAINING, 3) == (958850504, 1109388124, 1091908924)
    assert episode_seeds(1, Purpose.TRAINING, 2, generation=7) == (1252298864, 2023338168)
    assert episode_seeds(1, Purpose.HELD_OUT, 2) == (1026729930, 364126546)


def test_streams_are_independent() -> None:
    """Another seed, name or path gives another stream. Equal ones give equal streams."""
    first = generator(1, "strategy", "mutation").random(4)
    assert np.array_equal(first, generator(1, "strategy", "mutation").random(4))
    for other in (generator(2, "strategy", "mutation"), generator(1, "strategy"), generator(1, "strategymutation")):
        assert not np.array_equal(first, other.random(4))


def test_streams_do_not_change_numpys_global_generator() -> None:
    before = np.random.get_state(legacy=False)  # noqa: NPY002 (that it is not used is what is shown)
    generator(1, "a").random(10)
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    assert str(before) == str(after)


@given(SEEDS, st.integers(min_value=0, max_value=50), st.integers(min_value=0, max_value=50))
def test_more_episodes_keep_the_seeds_of_fewer(seed: int, few: int, more: int) -> None:
    row = episode_seeds(seed, Purpose.VALIDATION, few + more)
    assert row[:few] == episode_seeds(seed, Purpose.VALIDATION, few)


@given(SEEDS, st.integers(min_value=0, max_value=1000))
def test_seeds_of_purposes_are_disjoint(seed: int, generation: int) -> None:
    """Training, validation and held-out seeds are also unique within a purpose, and fit in 31 bits."""
    rows = [
        episode_seeds(seed, Purpose.TRAINING, 40),
        episode_seeds(seed, Purpose.VALIDATION, 40),
        episode_seeds(seed, Purpose.HELD_OUT, 40),
    ]
    rows[0] += episode_seeds(seed, Purpose.TRAINING, 40, generation=generation)
    assert [len(set(row)) for row in rows[1:]] == [40, 40]
    assert not set(rows[0]) & set(rows[1])
    assert not set(rows[0]) & set(rows[2])
    assert not set(rows[1]) & set(rows[2])
    assert all(0 <= number < 2**31 for row in rows for number in row)


@pytest.mark.parametrize("purpose", Purpose)
def test_generations_have_separate_seeds(purpose: Purpose) -> None:
    """A generation's seeds differ from the next generation's and from shared seeds."""
    rows = [episode_seeds(5, purpose, 5, generation=generation) for generation in (None, 0, 1)]
    assert len(set(rows)) == 3
