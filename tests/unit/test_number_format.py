"""Tests of the formats of numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.number_format import number, p_relation, p_value, percent, significant, significant_with_interval


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12.3456, "12.35"),
        (0.000123456, "0.0001235"),
        (9.99996, "10.00"),
        (1234567.0, "1235000"),
        (12345678.0, "1.235e+07"),
        (1e-13, "1.000e-13"),
        (-0.5, "-0.5000"),
        (1e150, "1.000e+150"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_four_significant_digits(value: float, text: str) -> None:
    """Ordinary magnitudes have no exponent."""
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
        ((26.0, 26.0, 26.0), "26.00 [26.00, 26.00]"),
        ((3.25, None, None), "3.250"),
    ],
)
def test_interval_width_sets_the_digits(estimate: tuple[float, float | None, float | None], text: str) -> None:
    """The half-width has two significant digits. Zero has no sign."""
    assert significant_with_interval(*estimate) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (1.0, "1.00"), (-0.001, "0.00"), (-2.5, "-2.50"), (123.456, "123.5"), (12345.6, "12346")],
)
def test_large_numbers_have_fewer_decimals(value: float | None, text: str) -> None:
    """A missing value is a dash, and zero is not negative."""
    assert number(value) == text


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


@given(st.floats(-1e300, 1e300), st.floats(1e-200, 1e200))
def test_texts_of_intervals_are_short(value: float, width: float) -> None:
    assert len(significant_with_interval(value, value - width, value + width)) < 90
    assert len(significant(value)) <= 11
