"""Tests of control charts over generations."""

import math

import pytest

from clau_doom.analysis.control_charts import D2, D3, ControlChart, control_chart, western_electric
from clau_doom.analysis.unavailable import Unavailable


def chart(generations: list[list[float]]) -> ControlChart:
    found = control_chart(generations)
    assert isinstance(found, ControlChart), found
    return found


# Montgomery, "Introduction to Statistical Quality Control", 6th ed., appendix VI: A2, D3, D4 for the range.
RANGE_CONSTANTS = [
    (2, 1.880, 0.0, 3.267),
    (3, 1.023, 0.0, 2.574),
    (4, 0.729, 0.0, 2.282),
    (5, 0.577, 0.0, 2.114),
    (6, 0.483, 0.0, 2.004),
    (7, 0.419, 0.076, 1.924),
    (8, 0.373, 0.136, 1.864),
    (9, 0.337, 0.184, 1.816),
    (10, 0.308, 0.223, 1.777),
]


@pytest.mark.parametrize(("n", "a2", "d3", "d4"), RANGE_CONSTANTS)
def test_limits_of_ranges_equal_tabulated_factors(n: int, a2: float, d3: float, d4: float) -> None:
    """Subgroups of range 1 around 0 have limits of ± A2 for the mean, and D3 and D4 for the range."""
    row = [-0.5, *[0.0] * (n - 2), 0.5]
    point = chart([row, row]).points[0]
    assert point.mean_high == pytest.approx(a2, abs=2e-3)
    assert point.mean_low == pytest.approx(-a2, abs=2e-3)
    assert point.spread_low == pytest.approx(d3, abs=2e-3)
    assert point.spread_high == pytest.approx(d4, abs=2e-3)


# The same appendix: A3, B3, B4 for the standard deviation.
@pytest.mark.parametrize(
    ("n", "a3", "b3", "b4"), [(11, 0.927, 0.321, 1.679), (15, 0.789, 0.428, 1.572), (25, 0.606, 0.565, 1.435)]
)
def test_limits_of_standard_deviations_equal_tabulated_factors(n: int, a3: float, b3: float, b4: float) -> None:
    """For more than ten agents the second chart is of s: subgroups with s = 1 have limits of ± A3, B3 and B4."""
    raw = [float(value) for value in range(n)]
    mean = sum(raw) / n
    deviation = math.sqrt(sum((value - mean) ** 2 for value in raw) / (n - 1))
    row = [(value - mean) / deviation for value in raw]
    found = chart([row, row])
    assert found.spread == "s"
    assert found.points[0].mean_high == pytest.approx(a3, abs=1e-3)
    assert found.points[0].spread_low == pytest.approx(b3, abs=1e-3)
    assert found.points[0].spread_high == pytest.approx(b4, abs=1e-3)


def test_limits_agree_with_montgomerys_flow_width_example() -> None:
    """Montgomery's example 6.1: mean 1.5056, mean range 0.32521, n = 5: limits 1.31795 and 1.69325, range 0.68749."""
    row = [1.5056 - 0.32521 / 2, 1.5056, 1.5056, 1.5056, 1.5056 + 0.32521 / 2]
    point = chart([row] * 3).points[1]
    assert point.mean_low == pytest.approx(1.31795, abs=1e-3)
    assert point.mean_high == pytest.approx(1.69325, abs=1e-3)
    assert point.spread_high == pytest.approx(0.68749, abs=1e-3)


def test_subgroups_may_differ_in_size() -> None:
    """A generation with failed agents has its own, wider limits. One with a single fitness is omitted."""
    found = chart([[0.0, 1.0, 2.0, 3.0], [0.0, 1.0], [7.0], [0.0, 1.0, 2.0, 3.0]])
    assert [point.generation for point in found.points] == [0, 1, 3]
    assert found.points[1].mean_high > found.points[0].mean_high
    assert found.sigma == pytest.approx((3.0 / D2[4] + 1.0 / D2[2] + 3.0 / D2[4]) / 3.0)


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        ([0.0, 3.1], [(1, 1, True)]),
        ([0.0, -3.1], [(1, 1, False)]),
        ([2.1, 0.0, 2.1], [(2, 2, True)]),
        ([2.1, 0.0, 0.0, 2.1], []),
        ([2.1, 0.0, -2.1], []),
        ([1.1, 1.1, -0.5, 1.1, 1.1], [(4, 3, True)]),
        ([1.1, 1.1, 1.1, 1.1, -0.5], [(3, 3, True)]),
        ([0.1] * 8, [(7, 4, True)]),
        ([0.1] * 7 + [-0.1], []),
        ([-0.1] * 9, [(7, 4, False), (8, 4, False)]),
    ],
)
def test_western_electric_rules(scores: list[float], found: list[tuple[int, int, bool]]) -> None:
    """Each of the four rules is met at its last point, on one side only."""
    assert [*western_electric(scores)] == found


def test_learning_is_signalled_on_both_sides() -> None:
    """If fitness increases suddenly, early generations are below the centre line and late ones above it."""
    found = chart([[0.0, 1.0, 2.0]] * 4 + [[9.0, 10.0, 11.0]] * 4)
    assert {(signal.generation, signal.above) for signal in found.signals if signal.rule == 1} == {
        *((generation, False) for generation in range(4)),
        *((generation, True) for generation in range(4, 8)),
    }
    assert not any(point.spread_signals for point in found.points)


def test_chart_without_spread_is_unavailable() -> None:
    """One generation, or equally fit agents, have no limits."""
    assert isinstance(control_chart([[1.0, 2.0]]), Unavailable)
    assert isinstance(control_chart([[1.0, 1.0], [2.0, 2.0]]), Unavailable)
    assert set(D2) == set(D3)
