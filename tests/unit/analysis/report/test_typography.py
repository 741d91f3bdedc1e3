"""Tests of the number format of reports."""

from hypothesis import given
from hypothesis import strategies as st

from clau_doom.analysis.report.typography import (
    chance,
    count,
    interval,
    joined,
    number,
    runs,
    share,
    share_bracket,
    short,
    unbroken,
)
from clau_doom.statistics.estimates import Estimate
from clau_doom.statistics.intervals import Interval

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


def test_numbers_keep_the_digits_that_say_something() -> None:
    """Two decimals below 100, one below 1000, none above; a typographic minus; a dash for a missing value."""
    assert [number(value) for value in (2.236, 99.994, 345.28, 12345.6, -0.5)] == [
        "2.24",
        "99.99",
        "345.3",
        "12346",
        f"{MINUS}0.50",
    ]
    assert number(None) == DASH


@given(st.floats(-1e-3, 0.0), st.integers(0, 2))
def test_nothing_is_minus_nought(value: float, decimals: int) -> None:
    """A value that rounds to zero has no sign."""
    assert MINUS not in short(value, decimals)


def test_intervals_stand_behind_their_estimates() -> None:
    """A mean or an estimate is followed by its interval, and a single value has none."""
    assert interval(Interval(mean=1.0, low=-1.0, high=3.0, n=9)) == f"1.00 [{MINUS}1.00, 3.00]"
    assert interval(Estimate(value=1.0, low=None, high=None, n=1)) == "1.00"
    assert interval(None) == DASH
    assert share_bracket(Estimate(value=0.65, low=0.518, high=0.78, n=30)) == "65 % [52, 78]"


def test_shares_and_chances_are_never_rounded_to_certainty() -> None:
    """Only 1 reads 100 % and only 0 reads 0 %, and a small p has an upper bound."""
    assert [share(value) for value in (0.0, 0.004, 0.5, 0.996, 1.0)] == ["0 %", "< 1 %", "50 %", "> 99 %", "100 %"]
    assert [chance(p) for p in (None, 0.00049, 0.0449)] == [DASH, "< 0.001", "0.045"]


def test_words_are_counted_and_joined() -> None:
    """One is singular, lists end with "and", and consecutive numbers become ranges."""
    assert [count(1, "agent"), count(2000, "agent"), count(2, "axis", "axes")] == ["1 agent", "2,000 agents", "2 axes"]
    assert [joined(["a"]), joined(["a", "b"]), joined(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert runs([0, 1, 2, 4, 7, 8]) == f"0{DASH}2, 4, 7{DASH}8"
    assert runs([]) == ""


def test_no_line_breaks_within_an_estimate() -> None:
    """A number is not separated from its unit, its interval and its relation sign."""
    tied = unbroken("on 95 % of them it is 2.24 [1.95, 2.52], p < 0.001 or n = 4 pairs")
    assert tied.replace("\N{NO-BREAK SPACE}", "_") == (
        "on 95_% of them it is 2.24_[1.95,_2.52], p_<_0.001 or n_=_4 pairs"
    )
