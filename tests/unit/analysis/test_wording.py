"""Tests of counts, lists and table cells as text."""

import pytest

from clau_doom.analysis.document import Cell, Fixed, Marked, Measured, PValue, Share, Trend
from clau_doom.analysis.wording import (
    bracket,
    cell_text,
    count,
    gaps,
    joined,
    measured,
    measured_column,
    ranges,
    shared,
)
from clau_doom.domain import AgentRef
from clau_doom.statistics.intervals import Interval
from clau_doom.statistics.rliable_aggregates import Estimate


def test_counts_lists_and_ranges_as_text() -> None:
    """One is singular, lists end with "and", and consecutive numbers become ranges."""
    assert [count(1, "agent"), count(2000, "agent"), count(2, "axis", "axes")] == ["1 agent", "2,000 agents", "2 axes"]
    assert [joined(["a"]), joined(["a", "b"]), joined(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert ranges([0, 1, 2, 4, 7, 8]) == "0-2, 4, 7-8"
    assert ranges([]) == ""


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, "-"),
        ("text", "text"),
        (2000, "2000"),
        (345.28, "345.3"),
        (Measured(value=1.0, low=-1.0, high=3.0), "1.0 [-1.0, 3.0]"),
        (Measured(value=1.0, low=None, high=None), "1.00"),
        (Share(value=0.65, low=0.518, high=0.78), "65 % [52, 78]"),
        (PValue(0.0004), "< 0.001"),
        (PValue(None), "-"),
        (Fixed(-0.0001, 2), "0.00"),
        (AgentRef(3, 17), "g003-a017"),
        (Marked(0.5, "warning"), "0.500"),
        (Trend((1.0, 2.0)), ""),
    ],
)
def test_cells_have_the_format_of_their_type(cell: Cell, text: str) -> None:
    """Numbers, intervals, shares, p-values and agents have one format in every table."""
    assert cell_text(cell) == text


def test_means_and_estimates_become_cells() -> None:
    """A mean and an estimate keep their interval, and a missing interval is a dash."""
    assert measured(Interval(mean=1.0, low=0.5, high=1.5, n=9)) == Measured(value=1.0, low=0.5, high=1.5)
    assert measured(None) is None
    assert shared(Estimate(value=0.5, low=0.4, high=0.6, n=9)) == Share(value=0.5, low=0.4, high=0.6)
    assert (bracket(1.0, 2.0), bracket(None, 2.0)) == ("[1.00, 2.00]", "-")


def test_column_of_estimates_has_equal_decimals() -> None:
    """Half-widths of 1.1 and 0.99 need one and two decimals. All values of the column have two."""
    cells = measured_column(
        [
            Interval(mean=34.6, low=33.5, high=35.7, n=9),
            Interval(mean=31.171, low=30.181, high=32.161, n=9),
            Interval(mean=7.0, low=None, high=None, n=1),
            None,
        ]
    )
    assert [cell_text(cell) for cell in cells] == ["34.60 [33.50, 35.70]", "31.17 [30.18, 32.16]", "7.00", "-"]


def test_column_of_very_different_intervals_keeps_their_decimals() -> None:
    """Half-widths of 22 and 0.5 need no decimal and two."""
    cells = measured_column(
        [Interval(mean=1000.0, low=978.0, high=1022.0, n=9), Interval(mean=1.0, low=0.5, high=1.5, n=9)]
    )
    assert [cell_text(cell) for cell in cells] == ["1000 [978, 1022]", "1.00 [0.50, 1.50]"]
    (alone,) = measured_column([Interval(mean=7.0, low=None, high=None, n=1)])
    assert alone == Measured(value=7.0, low=None, high=None)


def test_gaps_of_a_band_have_one_sentence() -> None:
    whole = Interval(mean=0.5, low=0.2, high=0.8, n=9)
    equal = Interval(mean=0.1, low=None, high=None, n=9, reason="8 of 9 values equal the smallest")
    few = Interval(mean=0.1, low=None, high=None, n=2, reason="2 of at least 5 values")
    assert gaps([whole]) == ""
    assert gaps([whole, equal, equal]) == "The band is left out where most runs have the same share."
    assert gaps([few, few]) == "A share without an interval: 2 of at least 5 values."
