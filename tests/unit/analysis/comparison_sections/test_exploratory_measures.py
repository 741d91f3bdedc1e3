"""Tests of the section about other measures than the fitness."""

from clau_doom.analysis.comparison_sections.exploratory_measures import describe
from clau_doom.analysis.document import Table
from clau_doom.analysis.unavailable import Unavailable
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
    assert "are not evidence" in block.note


def test_single_runs_have_no_exploratory_comparison() -> None:
    section = describe(comparison_of([learning_run("a1", [1.0])], [learning_run("b1", [1.0])]))
    assert section.blocks == (Unavailable(missing="the conditions are not compared"),)
