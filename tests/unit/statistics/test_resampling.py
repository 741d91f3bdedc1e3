"""Resamples and percentiles of the stratified bootstrap."""

import numpy as np
import pytest

from clau_doom.statistics.resampling import RESAMPLES, percentiles, picks, weight_chunks


def test_one_stratum_has_plain_percentiles() -> None:
    """2.5 and 97.5 %."""
    assert percentiles([10]) == pytest.approx((2.5, 97.5))


def test_small_strata_have_expanded_percentiles() -> None:
    """Hesterberg 2015: pnorm(-sqrt(n / (n - 1)) * qt(.975, df)); R 4.2.2 with n = 5 and df = 8: 0.004965954."""
    low, high = percentiles([5, 5])
    assert (low, high) == pytest.approx((100 * 0.004965954149, 100 - 100 * 0.004965954149), rel=1e-5)
    # Many values leave the plain percentiles.
    assert percentiles([10_000, 10_000])[0] == pytest.approx(2.5, abs=2e-3)


def test_the_smallest_stratum_decides() -> None:
    """Unequal strata are expanded as the smallest one needs."""
    assert percentiles([3, 50])[0] < percentiles([50, 50])[0]


def test_all_resamples_are_drawn_in_chunks() -> None:
    """Chunks bound the memory, and each draw of n values has n values."""
    rng = np.random.default_rng(1)
    drawn = [*picks([2_000, 3], rng)]
    assert sum(len(places[0]) for places in drawn) == RESAMPLES
    assert len(drawn) > 1
    assert drawn[0][1].shape[1] == 3
    assert max(places[1].max() for places in drawn) == 2
    weights = [*weight_chunks(rng, [4, 2_000], 3)]
    assert sum(len(fours) for fours, _ in weights) == RESAMPLES
    assert len(weights) > 1
    assert np.all(weights[0][0].sum(axis=1) == 4)
    assert weights[0][1].shape[1] == 2_000
