"""Estimates by rliable's conventions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.domain import generator
from clau_doom.statistics.rliable_aggregates import (
    Aggregates,
    aggregate,
    performance_profile,
    probability_of_improvement,
    thresholds_over,
)

scores = st.lists(st.integers(-50, 50).map(float), min_size=10, max_size=20).filter(lambda row: len({*row}) > 1)


def estimates(*strata: list[float]) -> Aggregates:
    return aggregate(strata, generator(1, "test"))


def test_the_middle_half_is_what_is_left_of_a_quarter_at_each_end() -> None:
    """Of 1 to 8, the mean of 3 to 6; of nine values a quarter is two, as scipy's trim_mean cuts (rliable uses it)."""
    assert estimates([8.0, 1.0, 7.0, 2.0, 6.0, 3.0, 5.0, 4.0]).iqm.value == 4.5
    assert estimates([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 80.0, 900.0]).iqm.value == 5.0
    assert estimates([1.0, 2.0, 30.0]).iqm.value == 11.0


def test_mean_and_median_are_over_the_means_of_strata() -> None:
    """Agarwal et al. 2021, section 4: three tasks with means 1, 2 and 9 have mean 4 and median 2, however many runs."""
    found = estimates([0.0, 2.0], [2.0, 2.0, 2.0, 2.0], [8.0, 10.0])
    assert (found.mean.value, found.median.value, found.mean.n) == (4.0, 2.0, 8)
    assert found.iqm.value == 2.0


def test_a_single_stratum_has_the_median_of_its_scores() -> None:
    """The median of one mean would be that mean."""
    assert estimates([1.0, 2.0, 9.0]).median.value == 2.0


def test_each_stratum_is_resampled_by_itself() -> None:
    """The distance between strata does not widen the interval of their mean."""
    near = [0.0, 1.0] * 5
    found = estimates(near, [1.0] * 5).mean
    distant = estimates(near, [1000.0] * 5).mean
    assert found.low is not None
    assert distant.low is not None
    assert distant.value - distant.low == pytest.approx(found.value - found.low)


def test_the_percentile_interval_of_a_mean_is_the_normal_one_for_many_scores() -> None:
    """For 400 scores of standard deviation 1 the interval reaches 1.96 / 20 to each side, but for its own noise."""
    values = np.tile([-1.0, 1.0], 200).tolist()
    found = estimates(values).mean
    assert found.low == pytest.approx(-0.098, abs=0.008)
    assert found.high == pytest.approx(0.098, abs=0.008)


@pytest.mark.parametrize(
    ("strata", "reason"),
    [
        ([[3.0], [5.0]], "2 of at least 10 values"),
        ([[26.0] * 9], "9 of at least 10 values"),
        ([[1.0] * 10, [2.0] * 9], "all values are equal"),
    ],
)
def test_few_or_equal_scores_have_no_interval(strata: list[list[float]], reason: str) -> None:
    """The percentile bootstrap of a few scores is too narrow, and equal scores give an interval without width."""
    found = estimates(*strata)
    assert {each.reason for each in (found.mean, found.median, found.iqm)} == {reason}
    assert found.iqm.low is None


def test_probability_of_improvement_counts_pairs() -> None:
    """Of the four pairs of (3, 1) and (2, 1), two are won, one is tied, one is lost: (2 + 1/2) / 4."""
    found = probability_of_improvement([[3.0, 1.0]], [[2.0, 1.0]], generator(1, "test"))
    assert found.value == 0.625


def test_probability_of_improvement_is_averaged_over_strata() -> None:
    """Always better in one task and never in the other is a half."""
    better, worse = [5.0, 6.0, 7.0, 8.0, 9.0], [0.0, 1.0, 2.0, 3.0, 4.0]
    found = probability_of_improvement([better, worse], [worse, better], generator(1, "test"))
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_strata_must_match() -> None:
    """One task cannot be compared with two, nor nothing with anything."""
    with pytest.raises(ValueError, match="cannot be compared with strata"):
        probability_of_improvement([[1.0]], [[1.0], [2.0]], generator(1, "test"))
    with pytest.raises(ValueError, match="no scores"):
        aggregate([[1.0], []], generator(1, "test"))


def test_a_profile_is_the_share_of_scores_above_each_threshold() -> None:
    """A score at the threshold is not above it."""
    found = performance_profile([[1.0, 2.0], [2.0, 4.0]], [0.0, 1.0, 2.0, 4.0], generator(1, "test"))
    assert found.above == (1.0, 0.75, 0.25, 0.0)
    assert (found.low[0], found.high[0], found.n) == (1.0, 1.0, 4)
    # The second task's two scores are above 1 in every resample; the first's are in none, half, or all of them.
    assert (found.low[1], found.high[1]) == (0.5, 1.0)


def test_thresholds_span_the_scores() -> None:
    """From the lowest to the highest; equal scores have a span of 1."""
    found = thresholds_over([3.0, 1.0, 2.0])
    assert (found[0], found[-1], len(found)) == (1.0, 3.0, 101)
    assert thresholds_over([2.0, 2.0])[-1] == 3.0


@settings(max_examples=25, deadline=None)
@given(scores, st.integers(1, 9), st.integers(-9, 9))
def test_estimates_follow_scale_and_shift(values: list[float], scale: int, shift: int) -> None:
    """Scores in other units have the same estimates and intervals in those units, and order does not matter."""
    before = estimates(values)
    after = estimates([scale * value + shift for value in values])
    for name in ("mean", "median", "iqm"):
        old, new = getattr(before, name), getattr(after, name)
        assert new.value == pytest.approx(scale * old.value + shift)
        assert new.low == pytest.approx(scale * old.low + shift)
        assert old.low - 1e-9 <= old.value <= old.high + 1e-9
    assert estimates(sorted(values)).iqm.value == pytest.approx(before.iqm.value)


@settings(max_examples=25, deadline=None)
@given(scores, scores)
def test_improvement_has_two_sides(ours: list[float], theirs: list[float]) -> None:
    """What one is more probably better in, the other is less; the rank alone decides."""
    one = probability_of_improvement([ours], [theirs], generator(1, "test")).value
    other = probability_of_improvement([theirs], [ours], generator(1, "test")).value
    cubed = probability_of_improvement([[v**3 for v in ours]], [[v**3 for v in theirs]], generator(1, "test")).value
    assert one + other == pytest.approx(1.0)
    assert cubed == pytest.approx(one)
    assert 0.0 <= one <= 1.0
