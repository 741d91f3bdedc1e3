"""Tests of the numbers of episodes of runs."""

from clau_doom.analysis.run_episodes import RunEpisodes, range_text, run_episodes
from tests.support.stored_runs import snapshot_of


def test_episodes_are_counted_by_purpose() -> None:
    """Three and two agents with two episodes each, two validated ones with four, and five of the champion."""
    snapshot = snapshot_of(
        "a",
        [[[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]], [[1.0, 1.0], [9.0, 9.0]]],
        {(0, 1): [1.0] * 4, (1, 1): [2.0] * 4},
        champion=[1.0] * 5,
        random=[0.0] * 7,
    )
    assert run_episodes(snapshot) == RunEpisodes(training=10, validation=8, held_out=5)


def test_range_has_both_ends_if_they_differ() -> None:
    assert (range_text([1200, 1152]), range_text([96, 96])) == ("1,152 to 1,200", "96")
