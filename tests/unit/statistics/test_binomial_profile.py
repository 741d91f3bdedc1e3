"""Tests of performance profiles with exact intervals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.statistics.binomial_profile import binomial_profile


def test_intervals_are_those_of_clopper_and_pearson() -> None:
    """R: binom.test(k, 10)$conf.int for k = 10, 7, 1 and 0."""
    values = [1.0, *[2.0] * 2, *[3.0] * 6, 4.0]
    found = binomial_profile(values, [0.0, 2.0, 3.0, 4.0])
    assert found.above == (1.0, 0.7, 0.1, 0.0)
    assert found.low == pytest.approx((0.6915028921812, 0.34754714994, 0.0025285785445, 0.0), abs=1e-10)
    assert found.high == pytest.approx((1.0, 0.9332604888222, 0.4450161170280, 0.3084971078188), abs=1e-10)
    assert found.n == 10


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30))
def test_profile_falls_and_lies_within_its_interval(values: list[float]) -> None:
    """Every interval has a width, also at 0 and 100 %."""
    found = binomial_profile(values, [-6.0, -1.0, 0.0, 2.5, 6.0])
    assert list(found.above) == sorted(found.above, reverse=True)
    for low, share, high in zip(found.low, found.above, found.high, strict=True):
        assert 0.0 <= low <= share <= high <= 1.0
        assert high - low > 0.05
