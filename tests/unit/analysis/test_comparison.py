"""Tests of the comparison of experiments."""

from clau_doom.analysis.ranking import criteria_of
from clau_doom.analysis.topsis import Ranking
from clau_doom.analysis.unavailable import Unavailable
from tests.support.stored_runs import comparison_of, learning_run


def test_champions_are_ranked_by_their_held_out_episodes() -> None:
    """By hand: the champions have the means 2 and 4."""
    runs = [[learning_run(name, [1.0], champion=(mean - 1.0, mean + 1.0))] for name, mean in (("a", 2.0), ("b", 4.0))]
    found = comparison_of(*runs, criteria=criteria_of("fitness:1")).comparison.ranking
    assert isinstance(found, Ranking)
    assert [(row.name, row.rank, row.values) for row in found.rows] == [
        ("b-g000-a000", 1, (4.0,)),
        ("a-g000-a000", 2, (2.0,)),
    ]
    assert found.basis == "the champions, means of their held-out episodes"
    assert comparison_of(*runs).comparison.ranking == Unavailable(missing="no criteria were given")
