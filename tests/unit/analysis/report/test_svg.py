"""Tests of axes and marks of the report's figures."""

import math
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from clau_doom.analysis.report.svg import Picture, axis_over

VALUES = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30)
ANY_SCALE = st.builds(lambda digits, exponent: digits * 10.0**exponent, st.floats(-1.0, 1.0), st.integers(-200, 200))


@given(VALUES, st.booleans())
def test_axis_covers_its_values_and_has_few_ticks(values: list[float], whole: bool) -> None:
    """Every value is on the axis, in order, with a few evenly spaced ticks within its ends."""
    axis = axis_over(values, 300.0, 20.0, whole=whole)
    places = [axis.at(value) for value in sorted(values)]
    assert places == sorted(places, reverse=True)
    assert all(20.0 <= place <= 300.0 for place in places)
    assert all(axis.low - 1e-6 * abs(axis.low) <= tick <= axis.high + 1e-6 * abs(axis.high) for tick in axis.ticks)
    assert len(axis.ticks) <= 8
    if whole:
        assert all(tick == math.floor(tick) for tick in axis.ticks)


@given(st.lists(ANY_SCALE, min_size=1, max_size=5))
def test_ticks_of_any_scale_have_short_and_different_labels(values: list[float]) -> None:
    """Neither 1e150 nor 1e-9 gives a long label, nor labels that are all "0.00"."""
    axis = axis_over(values, 300.0, 20.0)
    assert len(set(axis.labels)) == len(axis.ticks)
    assert max(map(len, axis.labels)) <= 16
    assert axis.low < axis.high


def test_ticks_are_round_numbers() -> None:
    """Steps are 1, 2, 2.5 or 5 times a power of ten, with the necessary decimals."""
    assert axis_over([0.0, 1.0], 0.0, 1.0, pad=0.0).ticks == (0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0)
    assert axis_over([0.0, 1.0], 0.0, 1.0, pad=0.0).labels == ("0.0", "0.2", "0.4", "0.6", "0.8", "1.0")
    assert axis_over([0.0, 11.0], 0.0, 1.0, count=10, whole=True, pad=0.0).ticks == (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)
    assert axis_over([1.0, 1.0], 0.0, 1.0).low < 1.0 < axis_over([1.0, 1.0], 0.0, 1.0).high


def test_missing_values_interrupt_lines_and_bands() -> None:
    """Lines and bands are interrupted where a value is missing or not a number."""
    picture = Picture(100.0)
    picture.line([(0.0, 1.0), (1.0, None), (2.0, 3.0), (3.0, math.nan), (4.0, 5.0), (5.0, 6.0)], "c0")
    picture.band([(0.0, 1.0, 2.0), (1.0, None, 2.0), (2.0, 3.0, 4.0)], "c0")
    drawn = ET.fromstring(picture.svg("a line"))
    assert [path.get("d") for path in drawn] == ["M0 1", "M2 3", "M4 5L5 6", "M0 1L0 2Z", "M2 3L2 4Z"]


def test_untrusted_names_are_escaped() -> None:
    """Names from outside are text in the figure and in its description."""
    picture = Picture(10.0)
    picture.text((1.0, 2.0), "<script>&", "name")
    drawn = ET.fromstring(picture.svg('"><script>'))
    assert drawn.get("aria-label") == '"><script>'
    assert drawn[0].text == "<script>&"
