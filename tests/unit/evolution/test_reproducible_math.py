"""Tests of arithmetic with equal bits on all machines."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clau_doom.evolution.reproducible_math import (
    cholesky,
    exp,
    log,
    norm,
    power,
    solve_lower,
    standard_normal,
    times_lower,
    weighted_sum,
)


def test_constants_have_their_published_values() -> None:
    """The constants are e, the logarithm of 2 and the square root of 2."""
    assert exp(1.0) == 2.718281828459045
    assert exp(-745.0) == 5e-324
    assert log(2.0) == 0.6931471805599453
    assert power(0.5, 0.5) == 0.7071067811865476
    assert power(0.5, math.inf) == power(0.5, 1e300) == 0.0


def test_overflow_is_an_error() -> None:
    """A double ends at e to the power of 709.78."""
    for value in (710.0, 1e300):
        with pytest.raises(OverflowError, match="larger than a double"):
            exp(value)


@given(st.floats(-700.0, 700.0))
def test_results_agree_with_libm(value: float) -> None:
    """The difference is at most one unit in the last place."""
    assert exp(value) == pytest.approx(math.exp(value), rel=3e-16)
    assert log(exp(value)) == pytest.approx(math.log(math.exp(value)), rel=3e-16, abs=0.0)


def test_cholesky_of_a_textbook_matrix() -> None:
    """The factor of [[4, 12, -16], [12, 37, -43], [-16, -43, 98]] consists of whole numbers."""
    lower = cholesky(np.array([[4.0, 12.0, -16.0], [12.0, 37.0, -43.0], [-16.0, -43.0, 98.0]]))
    assert lower.tolist() == [[2.0, 0.0, 0.0], [6.0, 1.0, 0.0], [-8.0, 5.0, 3.0]]


def test_cholesky_of_an_indefinite_matrix_is_an_error() -> None:
    """The eigenvalues of the matrix are 3 and -1."""
    with pytest.raises(ArithmeticError, match="not positive definite"):
        cholesky(np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_products_and_solutions_of_triangular_matrices() -> None:
    """By hand: L = [[2, 0], [3, 4]] maps (1, 2) to (2, 11)."""
    lower = np.array([[2.0, 0.0], [3.0, 4.0]])
    rows = np.array([[1.0, 2.0], [0.0, 1.0]])
    assert times_lower(lower, rows).tolist() == [[2.0, 11.0], [0.0, 4.0]]
    assert solve_lower(lower, times_lower(lower, rows)).tolist() == rows.tolist()
    assert weighted_sum(np.array([2.0, -1.0]), rows).tolist() == [2.0, 3.0]
    assert norm(np.array([3.0, -4.0])) == 5.0


def test_tail_values_are_multiples_of_a_grid() -> None:
    """Numbers beyond 3.6541528853610088 are multiples of 2⁻²⁰. All numbers together are standard normal."""
    drawn = standard_normal(np.random.default_rng(1), (400, 500))
    tails = drawn[np.abs(drawn) > 3.6541528853610088]
    assert 20 < len(tails) < 90  # 52 are expected
    assert np.array_equal(tails * 2.0**20, np.rint(tails * 2.0**20))
    assert np.array_equal(drawn, np.random.default_rng(1).standard_normal((400, 500))) is False
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.001
