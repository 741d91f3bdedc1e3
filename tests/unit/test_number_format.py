"""Tests of the formats of numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.number_format import (
    bracket,
    counted,
    number,
    number_in_interval,
    number_with_interval,
    p_relation,
    p_value,
    percent,
    significant,
    tick_labels,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12.3456, "12.35"),
        (0.000123456, "0.0001235"),
        (9.99996, "10.00"),
        (1234567.0, "1234567"),
        (12345678.0, "1.235e+07"),
        (1e-13, "1.000e-13"),
        (-0.5, "-0.5000"),
        (1e150, "1.000e+150"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_four_significant_digits(value: float, text: str) -> None:
    """Ordinary magnitudes have no exponent, and whole parts are not rounded."""
    assert significant(value) == text


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        ((10.0333, 8.8775, 11.1892), "10.0 [8.9, 11.2]"),
        ((1234.5, 1200.0, 1269.0), "1234 [1200, 1269]"),
        ((0.000123, 0.000111, 0.000135), "0.000123 [0.000111, 0.000135]"),
        ((2.5e-9, 1.5e-9, 3.5e-9), "2.5e-09 [1.5e-09, 3.5e-09]"),
        ((1e150, 0.5e150, 1.5e150), "1.00e+150 [5.00e+149, 1.50e+150]"),
        ((-0.04, -1.2, 1.1), "0.0 [-1.2, 1.1]"),
        ((1.5, -0.03, 3.03), "1.5 [-0.03, 3.0]"),
        ((1.5, 0.03, 3.03), "1.5 [0.03, 3.0]"),
        ((-1.5, -3.0, -0.00002), "-1.5 [-3.0, -2e-05]"),
        ((1.5, 0.0, 3.0), "1.5 [0.0, 3.0]"),
        ((1.5, 1e-16, 3.0), "1.5 [0.0, 3.0]"),
        ((4000.0, 30.0, 8000.0), "4000 [30, 8000]"),
        ((26.0, 26.0, 26.0), "26.00 [26.00, 26.00]"),
        ((3.25, None, None), "3.25"),
        ((0.0, -1e-9, 1e-9), "0 [-1.0e-09, 1.0e-09]"),
        ((624.0, -7305.0, 8553.0), "600 [-7300, 8600]"),
        ((1e8, 99999997.0, 100000003.0), "100000000.0 [99999997.0, 100000003.0]"),
        ((1.0, 1.0, 1.0 + 2**-52), "1.00000000000000 [1.00000000000000, 1.00000000000000]"),
    ],
)
def test_interval_width_sets_the_digits(estimate: tuple[float, float | None, float | None], text: str) -> None:
    """The half-width has two significant digits. Zero has no sign."""
    assert number_with_interval(*estimate) == text


def test_given_decimals_hold_for_the_estimate_and_its_interval() -> None:
    """They replace the digits of the half-width."""
    assert number_with_interval(34.6, 33.5, 35.7, decimals=2) == "34.60 [33.50, 35.70]"
    assert number_with_interval(34.6, None, None, decimals=2) == "34.60"
    assert number_with_interval(None, None, None, decimals=2) == "-"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0"),
        (1.0, "1.00"),
        (-2.5, "-2.50"),
        (26.0, "26.00"),
        (99.96, "100.0"),
        (123.456, "123.5"),
        (12345.6, "12346"),
        (0.9996, "1.00"),
        (1 / 3, "0.333"),
        (-0.001, "-0.00100"),
        (1.2345e-9, "1.23e-09"),
        (1e150, "1.00e+150"),
        (math.nan, "nan"),
    ],
)
def test_numbers_without_an_interval(value: float | None, text: str) -> None:
    """A missing value is a dash. Small numbers are not rounded to 0, and large ones have an exponent."""
    assert number(value) == text


def test_parts_of_an_estimate_have_its_digits() -> None:
    """The estimate alone and the interval alone have the digits that they have together."""
    assert (number_in_interval(8.949, 7.01, 11.4), bracket(7.01, 11.4)) == ("8.9", "[7.0, 11.4]")
    assert (number_in_interval(8.949, None, None), bracket(None, 11.4)) == ("8.95", "-")


@pytest.mark.parametrize(
    ("ticks", "step", "labels"),
    [
        ((0.0, 0.25, 0.5), 0.25, ("0.00", "0.25", "0.50")),
        ((0.0, 5.0, 10.0), 5.0, ("0", "5", "10")),
        ((-2e-9, 0.0, 2e-9), 2e-9, ("-2e-09", "0", "2e-09")),
        ((1e150, 1.2e150), 2e149, ("1.0e+150", "1.2e+150")),
        ((2.5e-5, 5e-5), 2.5e-5, ("2.5e-05", "5.0e-05")),
        ((0.0,), 1.0, ("0",)),
    ],
)
def test_tick_labels_have_the_digits_of_the_step(
    ticks: tuple[float, ...], step: float, labels: tuple[str, ...]
) -> None:
    assert tick_labels(ticks, step) == labels


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "-"), (0.0, "0 %"), (0.001, "< 1 %"), (0.5, "50 %"), (0.999, "> 99 %"), (1.0, "100 %")],
)
def test_percent_does_not_round_to_0_or_100(share: float | None, text: str) -> None:
    """Only 0 is 0 %, and only 1 is 100 %."""
    assert percent(share) == text


@pytest.mark.parametrize(("p", "text"), [(None, "-"), (0.0, "< 0.001"), (0.00099, "< 0.001"), (0.04, "0.040")])
def test_p_values_have_three_decimals(p: float | None, text: str) -> None:
    """A small p-value is an upper bound."""
    assert p_value(p) == text


def test_p_value_in_a_sentence_has_a_relation_sign() -> None:
    assert [p_relation(p) for p in (0.033, 1e-9)] == ["p = 0.033", "p < 0.001"]


ANY_SCALE = st.builds(lambda digits, exponent: digits * 10.0**exponent, st.floats(1.0, 9.99), st.integers(-200, 200))


@given(ANY_SCALE, st.booleans())
def test_number_keeps_three_significant_digits(size: float, negative: bool) -> None:
    """The text differs from the number by at most half a unit of the third digit, at any scale, and is short."""
    value = -size if negative else size
    assert float(number(value)) == pytest.approx(value, rel=0.0051)
    assert len(number(value)) <= 10


@given(st.floats(-1.0, 1.0), ANY_SCALE, st.floats(1e-6, 1.0))
def test_interval_keeps_its_ends(middle: float, scale: float, share: float) -> None:
    """Each of the three numbers is within 5 % of the half-width of its text, and all have the same decimals."""
    width = share * scale
    value = middle * scale
    texts = number_with_interval(value, value - width, value + width).replace("[", "").replace("]", "").replace(",", "")
    for text, exact in zip(texts.split(), (value, value - width, value + width), strict=True):
        assert abs(float(text) - exact) <= 0.051 * width
    nonzero = [text for text in texts.split() if text != "0"]
    assert len({len(text.partition("e")[0].partition(".")[2]) for text in nonzero}) == 1


@given(st.floats(-1e300, 1e300), st.floats(1e-200, 1e200))
def test_texts_of_intervals_are_short(value: float, width: float) -> None:
    assert len(number_with_interval(value, value - width, value + width)) < 90
    assert len(significant(value)) <= 11


@pytest.mark.parametrize(("count", "text"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (12345, "12,345 rows")])
def test_a_count_of_one_has_a_singular_noun(count: int, text: str) -> None:
    assert counted(count, "row") == text
