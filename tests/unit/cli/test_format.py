"""Tests of the number format of the command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.analysis import Interval
from clau_doom.cli.format import (
    ago,
    clock,
    estimate,
    gauge,
    interval,
    number,
    p_value,
    percent,
    percents,
    sparkline,
)
from clau_doom.statistics.estimates import Estimate


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (1.0, "1.00"), (-0.001, "0.00"), (-2.5, "-2.50"), (123.456, "123.5"), (12345.6, "12346")],
)
def test_numbers(value: float | None, text: str) -> None:
    """Larger numbers have fewer decimals, a missing value is a dash, and zero is not negative."""
    assert number(value) == text


def test_intervals() -> None:
    """A mean is followed by its interval in brackets, if it has one."""
    assert interval(Interval(mean=2.0, low=1.0, high=3.5, n=9)) == "2.00 [1.00, 3.50]"
    assert interval(Interval(mean=2.0, low=None, high=None, n=1)) == "2.00"
    assert interval(None) == "-"


def test_estimates() -> None:
    """An estimate has the format of a mean, and a share of 1 is in percent."""
    found = Estimate(value=0.65, low=0.5, high=0.8, n=9)
    assert (estimate(found), percents(found)) == ("0.65 [0.50, 0.80]", "65 % [50, 80]")
    alone = Estimate(value=0.65, low=None, high=None, n=1)
    assert (estimate(alone), percents(alone)) == ("0.65", "65 %")


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "-"), (0.0, "0 %"), (0.001, "< 1 %"), (0.5, "50 %"), (0.999, "> 99 %"), (1.0, "100 %")],
)
def test_percent_is_never_surer_than_the_share(share: float | None, text: str) -> None:
    """Only 0 is 0 %, and only 1 is 100 %."""
    assert percent(share) == text


@pytest.mark.parametrize(("p", "text"), [(None, "-"), (0.0, "< 0.001"), (0.00099, "< 0.001"), (0.04, "0.040")])
def test_p_values(p: float | None, text: str) -> None:
    """There are three decimals, and smaller values are an upper bound."""
    assert p_value(p) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (61.9, "1:01"), (3600, "1:00:00"), (90061, "25:01:01")])
def test_clock(seconds: float, text: str) -> None:
    """Hours are shown only if there are any."""
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "just now"), (60, "1 min ago"), (7200, "2 h ago"), (1e5, "1 day ago"), (1e6, "11 days ago")],
)
def test_ago(seconds: float, text: str) -> None:
    """The largest unit that fits is used."""
    assert ago(seconds) == text


@given(st.floats(-1, 2), st.integers(2, 30))
def test_gauges_have_their_width(share: float, width: int) -> None:
    """For any share, the two parts and the mark between them fill the width."""
    before, after = gauge(share, width)
    assert len(before) + 1 + len(after) == width


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.integers(1, 30))
def test_sparklines_fit(values: list[float], width: int) -> None:
    """A sparkline has one bar a value, at most `width`, and ends with the last value's bar."""
    line = sparkline(values, width)
    assert len(line) == min(width, len(values))
    if len(values) <= width and min(values) != max(values):
        assert line[values.index(max(values))] == "█"
        assert line[values.index(min(values))] == "▁"
