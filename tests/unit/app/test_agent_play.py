"""Tests of the seeds of further episodes."""

from clau_doom.app.agent_play import fresh_seeds


def test_seeds_are_different_and_in_range() -> None:
    seeds = fresh_seeds(1, 1000)
    assert len(set(seeds)) == 1000
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_more_seeds_begin_with_the_same_ones() -> None:
    assert fresh_seeds(1, 20)[:5] == fresh_seeds(1, 5) != fresh_seeds(2, 5)
