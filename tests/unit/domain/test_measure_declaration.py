"""Tests of the declared type and range of measures."""

import math

import pytest

from clau_doom.domain.measure_declaration import MeasureDeclaration


@pytest.mark.parametrize("value", [0, 1, 0.5, 1.0])
def test_values_in_the_range_are_valid(value: float) -> None:
    assert MeasureDeclaration(low=0.0, high=1.0).problem(value) is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (-0.1, "is -0.1, which is outside of its declared range, 0 to 3"),
        (3.5, "outside of its declared range"),
        (1.5, "is 1.5, but it is declared as a whole number"),
        (math.nan, "is nan, which is not a finite number"),
        (math.inf, "not a finite number"),
        (True, "is True, which is not a finite number"),
        ("1", "is '1', which is not a finite number"),
        (None, "is None, which is not a finite number"),
    ],
)
def test_other_values_are_described(value: object, problem: str) -> None:
    found = MeasureDeclaration(low=0.0, high=3.0, integer=True).problem(value)
    assert found is not None
    assert problem in found


def test_measure_without_limits_is_finite() -> None:
    assert MeasureDeclaration().problem(-1e99) is None
    assert MeasureDeclaration().problem(1e101) is not None
