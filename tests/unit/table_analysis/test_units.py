"""Conversion of an analysis to the unit of the response."""

from collections.abc import Callable

import pytest

from clau_doom.statistics.intervals import Interval
from clau_doom.table_analysis import Design, analyze_design
from clau_doom.table_analysis.units import in_units, shifted


def test_another_unit_scales_means_differences_and_squares(published: Callable[..., Design]) -> None:
    """R, anova(lm(weight ~ group, PlantGrowth)): sums of squares 3.76634 and 10.49209; a mean of 5.032."""
    plain = analyze_design(published("PlantGrowth", "weight", "group"), "classical")
    half = in_units(plain, 0.5)
    assert half.effects[0].sum_of_squares == pytest.approx(3.76634 / 4, abs=1e-6)
    assert half.residual is not None
    assert half.residual[0] == 27
    assert half.residual[1] == pytest.approx(10.49209 / 4, abs=1e-6)
    assert (half.effects[0].statistic, half.effects[0].p) == (plain.effects[0].statistic, plain.effects[0].p)
    one, other = plain.groups[0], half.groups[0]
    assert other.mean.mean == pytest.approx(5.032 / 2)
    assert one.mean.low is not None
    assert one.mean.high is not None
    assert (other.mean.low, other.mean.high) == (one.mean.low / 2, one.mean.high / 2)
    assert (other.deviation, other.median) == (one.deviation / 2, one.median / 2)
    pair, scaled = plain.comparisons[0].pairs[0], half.comparisons[0].pairs[0]
    assert pair.low is not None
    assert (scaled.difference, scaled.low, scaled.p) == (pair.difference / 2, pair.low / 2, pair.p)


def test_squares_beyond_the_range_of_a_double_are_none(published: Callable[..., Design]) -> None:
    plain = analyze_design(published("PlantGrowth", "weight", "group"), "classical")
    for unit in (1e200, 1e-200):
        assert in_units(plain, unit).effects[0].sum_of_squares is None


def test_an_offset_moves_an_interval() -> None:
    """Ends that are withheld stay so."""
    moved = shifted(Interval(mean=1.0, low=0.5, high=2.0, n=9), 10.0)
    assert (moved.mean, moved.low, moved.high, moved.n) == (11.0, 10.5, 12.0, 9)
    withheld = shifted(Interval(mean=1.0, low=None, high=None, n=1, reason="a sample of 1 value"), 10.0)
    assert (withheld.mean, withheld.low, withheld.high) == (11.0, None, None)
