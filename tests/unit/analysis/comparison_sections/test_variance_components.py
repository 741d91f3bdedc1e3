"""Tests of the section about variance components."""

from clau_doom.analysis.comparison_sections.variance_components import describe
from clau_doom.analysis.document import Paragraph, Share, Table
from clau_doom.analysis.unavailable import Unavailable
from tests.support.stored_runs import comparison_of, learning_run


def test_components_and_the_gain_of_more_episodes() -> None:
    """By hand: runs with the means 1, 3 and two episodes at 1 below and above; mean squares 4 and 2."""
    one, two = (
        learning_run(name, [1.0, 2.0], seed=int(mean), champion=(mean - 1.0, mean + 1.0))
        for name, mean in (("a1", 1.0), ("a2", 3.0))
    )
    components, gain = describe(comparison_of([one, two])).blocks
    assert isinstance(components, Table)
    (row,) = components.rows
    assert row == ("mutation = 0.0", 2, "2", 1.0, 2.0, Share(value=0.5))
    assert isinstance(gain, Paragraph)
    assert "Twice as many runs lower the standard error of a condition's mean by 29 %." in gain.text
    assert gain.text.endswith("Twice as many episodes of each run lower it by 13 %.")


def test_several_conditions_have_a_row_for_all() -> None:
    groups = [
        [learning_run(f"{letter}{seed}", [1.0], seed=seed, champion=(seed, seed + shift)) for seed in (1, 2)]
        for letter, shift in (("a", 1.0), ("b", 2.0))
    ]
    block = describe(comparison_of(*groups)).blocks[0]
    assert isinstance(block, Table)
    assert [row[:2] for row in block.rows] == [("mutation = 0.0", 2), ("mutation = 0.1", 2), ("all conditions", 4)]


def test_single_runs_have_no_components() -> None:
    section = describe(comparison_of([learning_run("a1", [1.0])], [learning_run("b1", [1.0])]))
    assert section.blocks == (Unavailable(missing="no condition has two runs"),)
