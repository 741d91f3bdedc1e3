"""Tests of the section about other measures than the fitness."""

from dataclasses import replace

from clau_doom.analysis.comparison_sections.exploratory_measures import describe
from clau_doom.analysis.document import PValue, Table
from clau_doom.analysis.exploratory_measures import ExploratoryContrast
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.statistics.difference_tests import DifferenceTest
from clau_doom.statistics.intervals import Interval
from tests.support.stored_runs import comparison_of, learning_run


def test_measures_but_the_fitness_are_exploratory() -> None:
    """The fitness is the reward, which is compared as the primary measure only."""
    groups = [[learning_run(f"{letter}{seed}", [1.0], seed=seed) for seed in (1, 2)] for letter in "ab"]
    section = describe(comparison_of(*groups))
    (block,) = section.blocks
    assert isinstance(block, Table)
    assert [row[:2] for row in block.rows] == [("kills", "mutation = 0.1"), ("tics", "mutation = 0.1")]
    assert "exploratory" in section.title
    assert block.columns[-1].heading == "p, uncorrected"
    assert "weak evidence" in block.note
    assert "A tic is 1/35 s." in block.note


def test_constant_measure_states_its_value() -> None:
    """All runs have 0 kills. The differences are equal, but the value is the reason."""
    groups = [[learning_run(f"{letter}{seed}", [1.0], seed=seed) for seed in (1, 2)] for letter in "ab"]
    (block,) = describe(comparison_of(*groups)).blocks
    assert isinstance(block, Table)
    assert block.rows[0] == ("kills", "mutation = 0.1", "0", "0", None, "constant", PValue(None))
    assert "kills is 0 in each run, and cannot differ." in block.note
    assert "values are equal" not in block.note


def test_means_of_the_conditions_have_the_decimals_of_the_difference() -> None:
    """The interval's half-width of 1.43 is shown with one decimal."""
    result = DifferenceTest(
        test="paired t test",
        difference=Interval(mean=-1.3333, low=-2.7676, high=0.1009, n=3),
        standard_error=0.3333,
        df=2.0,
        p=0.0572,
    )
    contrast = ExploratoryContrast(
        measure="kills", condition=1, result=result, mean=31.6667, baseline_mean=33.0, constant=False
    )
    data = comparison_of([learning_run("a1", [1.0])], [learning_run("b1", [1.0])])
    data = replace(data, comparison=replace(data.comparison, exploratory_contrasts=(contrast,)))
    (block,) = describe(data).blocks
    assert isinstance(block, Table)
    assert block.rows[0][2:4] == ("31.7", "33.0")


def test_single_runs_have_no_exploratory_comparison() -> None:
    section = describe(comparison_of([learning_run("a1", [1.0])], [learning_run("b1", [1.0])]))
    assert section.blocks == (Unavailable(missing="the conditions are not compared"),)
