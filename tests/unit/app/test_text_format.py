"""Tests of durations and text charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.app.text_format import ago, clock, gauge, sparkline


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (61.9, "1:01"), (3600, "1:00:00"), (90061, "25:01:01")])
def test_clock_shows_hours_only_if_needed(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "just now"), (60, "1 min ago"), (7200, "2 h ago"), (1e5, "1 day ago"), (1e6, "11 days ago")],
)
def test_age_uses_the_largest_unit(seconds: float, text: str) -> None:
    """The largest unit that fits is used."""
    assert ago(seconds) == text


@given(st.floats(-1, 2), st.integers(2, 30))
def test_gauges_have_their_width(share: float, width: int) -> None:
    """For any share, the two parts and the mark between them fill the width."""
    before, after = gauge(share, width)
    assert len(before) + 1 + len(after) == width


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.integers(1, 30))
def test_sparkline_has_at_most_the_width(values: list[float], width: int) -> None:
    """A sparkline has one bar for each value, and ends with the last value's bar."""
    line = sparkline(values, width)
    assert len(line) == min(width, len(values))
    if len(values) <= width and min(values) != max(values):
        assert line[values.index(max(values))] == "█"
        assert line[values.index(min(values))] == "▁"
