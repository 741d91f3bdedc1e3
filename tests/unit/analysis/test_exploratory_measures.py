"""Tests of the comparison of conditions in measures of the user."""

import pytest

from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.exploratory_measures import compare_measures
from clau_doom.domain import Measures


def test_measures_of_the_user_are_compared() -> None:
    """The value of a run is the mean over its episodes."""
    conditions = [
        Condition(number=number, label=f"x = {number}", settings={}, experiments=names, seeds=(1, 2))
        for number, names in enumerate((("a1", "a2"), ("b1", "b2")))
    ]
    aims = {"a1": (0.0, 0.2), "a2": (0.1, 0.5), "b1": (0.5, 0.5), "b2": (0.7, 0.9)}
    held_out = {run: [Measures(custom=(("aim", aim),)) for aim in values] for run, values in aims.items()}
    (row,) = compare_measures(conditions, held_out, ["aim"])
    assert (row.measure, row.condition) == ("aim", 1)
    assert [row.mean, row.baseline_mean] == pytest.approx([0.65, 0.2])
