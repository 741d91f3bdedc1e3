"""Tests of the probability of superiority."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.statistics.superiority import probability_of_superiority

scores = st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=12)


def test_pairs_are_counted_and_ties_count_half() -> None:
    """Of the four pairs of (3, 1) and (2, 1), two are won, one is tied and one is lost: (2 + 1/2) / 4."""
    assert probability_of_superiority([3.0, 1.0], [2.0, 1.0]).value == 0.625


@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [  # R: uniroot of Newcombe's equation
        ([5.0, 6.0, 7.0, 8.0], [1.0, 2.0, 3.0, 4.0], 0.582284045583, 1.0),
        ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], 0.0, 1.0 - 0.582284045583),
        ([10, 10, 20, 20, 20, 30, 30, 30, 40, 50], [10, 20, 30, 40, 40, 50], 0.16267388043, 0.658066386514),
        ([*range(30)], [*range(30)], 0.359799566349, 0.640200433651),
    ],
)
def test_newcombes_interval(ours: list[float], theirs: list[float], low: float, high: float) -> None:
    """Samples that do not overlap have an interval with a width."""
    found = probability_of_superiority(ours, theirs)
    assert found.low == pytest.approx(low, abs=1e-9)
    assert found.high == pytest.approx(high, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(scores, scores)
def test_both_sides_add_up_to_one(ours: list[float], theirs: list[float]) -> None:
    """Exchanging the samples mirrors estimate and interval, and only ranks matter."""
    one, other = probability_of_superiority(ours, theirs), probability_of_superiority(theirs, ours)
    cubed = probability_of_superiority([v**3 for v in ours], [v**3 for v in theirs])
    assert one.value + other.value == pytest.approx(1.0)
    assert one.low is not None
    assert one.high is not None
    assert other.high == pytest.approx(1.0 - one.low, abs=1e-9)
    assert 0.0 <= one.low <= one.value <= one.high <= 1.0
    assert cubed == one


def test_coverage_of_nearly_separate_samples() -> None:
    """At a probability of 0.92, nearly 95 % of 1,000 intervals from four values of each sample contain it."""
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(1000):
        found = probability_of_superiority(rng.normal(2.0, 1.0, 4).tolist(), rng.normal(0.0, 1.0, 4).tolist())
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.9214 <= found.high  # Φ(2 / √2)
    assert 0.92 <= covered / 1000 <= 0.98


def test_one_value_each_has_no_interval() -> None:
    """An empty sample is refused."""
    found = probability_of_superiority([2.0], [1.0])
    assert (found.value, found.low, found.high, found.n) == (1.0, None, None, 1)
    with pytest.raises(ValueError, match="no values"):
        probability_of_superiority([], [1.0])
