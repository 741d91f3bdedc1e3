"""Tests of the results on held-out seeds."""

from dataclasses import replace

from clau_doom.analysis.held_out_results import held_out_standings, held_out_table
from tests.support.stored_runs import REWARD, snapshot_of

# The best agents have 3 in generation 0 and 5 in generation 1.
TRAINING = [[[3.0], [1.0]], [[2.0], [5.0]]]
SNAPSHOT = snapshot_of("lab", TRAINING, {}, champion=(3.0, 5.0), first=(2.0, 4.0), random=(0.0, 1.0))


def test_champion_generation_0_and_random_play_have_results() -> None:
    assert [(each.role, each.agent, each.fitnesses) for each in held_out_standings(SNAPSHOT, REWARD)] == [
        ("champion", "lab-g001-a001", (3.0, 5.0)),
        ("generation 0", "lab-g000-a000", (2.0, 4.0)),
        ("random", "lab-random", (0.0, 1.0)),
    ]


def test_champion_of_generation_0_has_one_result() -> None:
    snapshot = snapshot_of("lab", TRAINING[:1], {}, champion=(3.0, 5.0))
    assert [each.role for each in held_out_standings(snapshot, REWARD)] == ["champion", "random"]


def test_table_has_means_and_the_selection_bias() -> None:
    """The champion has 5 in training, and 4 on held-out seeds."""
    table = held_out_table(SNAPSHOT, REWARD, ("reward",))
    assert table is not None
    assert [(row.role, row.fitness.mean) for row in table.rows] == [
        ("champion", 4.0),
        ("generation 0", 3.0),
        ("random", 0.5),
    ]
    assert [(name, mean.mean) for name, mean in table.rows[0].measures] == [("reward", 4.0)]
    assert table.bias is not None
    assert (table.bias.training, table.bias.held_out, table.bias.n) == (5.0, 4.0, 2)


def test_no_table_before_the_first_held_out_episode() -> None:
    assert held_out_table(replace(SNAPSHOT, judging={}, champion=None), REWARD, ("reward",)) is None
