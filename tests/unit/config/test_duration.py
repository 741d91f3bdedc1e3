"""Tests of durations."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.config import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90.0), ("15m", 900.0), ("2h", 7200.0), ("1h30m", 5400.0), ("1.5h", 5400.0), ("0.25s", 0.25)],
)
def test_durations_mean_seconds(text: str, seconds: float) -> None:
    """Hours, minutes and seconds add up."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("value", ["", "2", "h", "2 hours", "-2h", "1m2h", "2d", "٢h", 90, True, None])
def test_invalid_duration_is_refused(value: object) -> None:
    """A number without a unit is ambiguous and refused, like any other text."""
    with pytest.raises(ValueError, match="is not a duration: write 90s"):
        parse_duration(value)


@pytest.mark.parametrize("value", ["0s", "0.0001s", "100001h", "9" * 400 + "h", -1.0, float("nan"), float("inf")])
def test_durations_have_bounds(value: object) -> None:
    """Zero and too long durations are refused."""
    with pytest.raises(ValueError, match="is out of range"):
        parse_duration(value)


@settings(deadline=None)
@given(st.floats(0.001, 3.6e8))
def test_formatted_duration_parses_to_the_same_value(seconds: float) -> None:
    duration = parse_duration(seconds)
    assert parse_duration(format_duration(duration)) == duration
