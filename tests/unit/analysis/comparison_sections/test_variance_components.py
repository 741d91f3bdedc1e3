"""Tests of the section about variance components."""

from clau_doom.analysis.comparison_sections.variance_components import describe
from clau_doom.analysis.document import Fixed, Measured, Paragraph, Share, Table
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
    condition, runs, episodes, between, within, share = row
    assert (condition, runs, episodes, within, share) == ("mutation = 0.0", 2, "2", Fixed(2.0, 2), Share(value=0.5))
    assert isinstance(between, Measured)
    assert (between.value, between.low) == (1.0, 0.0)
    assert components.note.startswith("Variances in reward², with 95 % intervals.")
    assert isinstance(gain, Paragraph)
    assert "Twice as many runs lower the standard error of a condition's mean by 29 %." in gain.text
    assert gain.text.endswith("Twice as many episodes of each run lower it by 13 %.")


def test_conditions_with_other_seeds_have_a_row_for_all() -> None:
    groups = [
        [learning_run(f"{letter}{seed}", [1.0], seed=seed, champion=(seed, seed + 1.0)) for seed in seeds]
        for letter, seeds in (("a", (1, 2)), ("b", (2, 3)))
    ]
    block, gain = describe(comparison_of(*groups)).blocks
    assert isinstance(block, Table)
    assert [row[:2] for row in block.rows] == [("mutation = 0.0", 2), ("mutation = 0.1", 2), ("all conditions", 4)]
    assert isinstance(gain, Paragraph)
    assert "of a condition's mean" in gain.text


def test_seeds_are_blocks_and_cancel_in_the_tested_difference() -> None:
    """By hand: the means are (1, 4) and (5, 6), with the mean squares 9 of seeds and 1 of runs.

    The deviations from the mean are ±1, ±2 and ±1, ±2. Without the shared effect of an episode, ±0.5 is left, and their
    mean square is 8 · 0.25 / 2 = 1: half of it, 0.5, is in the variance 1 of a run's mean.
    """
    champions = ((0.0, 2.0), (4.0, 6.0)), ((2.0, 6.0), (4.0, 8.0))
    groups = [
        [learning_run(f"{number}-{seed}", [1.0], seed=seed, champion=row[seed - 1]) for seed in (1, 2)]
        for number, row in enumerate(champions)
    ]
    section = describe(comparison_of(*groups))
    _, seeds, gain = section.blocks
    assert isinstance(seeds, Table)
    assert isinstance(gain, Paragraph)
    assert [row[0] for row in seeds.rows] == ["seeds", "runs of a seed", "episodes of a run"]
    assert [row[1] for row in seeds.rows] == [1, 1, 2]
    assert [row[3] for row in seeds.rows] == ["cancels", Share(value=0.5), Share(value=0.5)]
    assert "same held-out seeds" in seeds.note
    assert gain.text.endswith("tested difference by 29 %. Twice as many episodes of each run lower it by 13 %.")
    assert "block_variance" in section.data


def test_single_runs_have_no_components() -> None:
    section = describe(comparison_of([learning_run("a1", [1.0])], [learning_run("b1", [1.0])]))
    assert section.blocks == (Unavailable(missing="no condition has two runs"),)
