"""A small part of the validation: designs whose error rates are known."""

import pytest

from validation.__main__ import simulate
from validation.grid import Cell
from validation.procedures import Groups
from validation.results import verdict


@pytest.mark.parametrize(
    ("procedure", "distribution", "groups"),
    [
        ("mean", "normal", Groups(sizes=(10,))),
        ("mean", "exponential", Groups(sizes=(30,))),
        ("paired", "lognormal, sigma 1", Groups(sizes=(30,))),
        ("unpaired", "normal", Groups(sizes=(5, 20), deviations=(3.0, 1.0))),
        ("superiority", "normal", Groups(sizes=(10, 10))),
        ("table", "normal", Groups(sizes=(5, 10, 30), factors=(3,), deviations=(4.0, 2.0, 1.0))),
        ("table", "normal", Groups(sizes=(10,), factors=(2, 2), deviations=(1.0, 1.0, 1.0, 4.0))),
        ("blocks", "normal", Groups(sizes=(10,), factors=(4,))),
        ("equivalence", "normal", Groups(sizes=(30, 30))),
        ("effect size", "normal", Groups(sizes=(30, 30))),
        ("runs, same seeds", "exponential", Groups(sizes=(10,), factors=(3,))),
        ("runs, half of the seeds", "normal", Groups(sizes=(10,), factors=(2,))),
        ("runs, other seeds", "normal", Groups(sizes=(10,), factors=(3,))),
    ],
)
def test_error_rates(procedure: str, distribution: str, groups: Groups) -> None:
    """300 tables show rates within the limits, up to their Monte-Carlo error."""
    cell = Cell(procedure=procedure, distribution=distribution, groups=groups)
    found = simulate(cell, 300)
    assert found
    assert {verdict(cell, each) for each in found} <= {"ok", "conservative"}
    assert all(each.withheld <= 9 for each in found)  # 3 % of normal samples look skewed


def test_saturated_values_have_no_interval() -> None:
    """With 95 % of the values at a limit, nearly all intervals of ten values are withheld."""
    cell = Cell(procedure="mean", distribution="95 % at the limit", groups=Groups(sizes=(10,)))
    (found,) = simulate(cell, 200)
    assert verdict(cell, found) == "withheld"
    assert found.withheld >= 190


def test_effect_sizes_of_skewed_values_have_no_interval() -> None:
    """A result that is withheld in all tables is counted."""
    cell = Cell(procedure="effect size", distribution="lognormal, sigma 1", groups=Groups(sizes=(100, 100)))
    (found,) = simulate(cell, 20)
    assert (found.withheld, verdict(cell, found)) == (20, "withheld")


def test_cell_is_repeatable() -> None:
    """The cell's name seeds its tables."""
    cell = Cell(procedure="mean", distribution="normal", groups=Groups(sizes=(5,)))
    assert simulate(cell, 50) == simulate(cell, 50)
