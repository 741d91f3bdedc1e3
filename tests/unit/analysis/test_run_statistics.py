"""Tests of differences between the runs of conditions."""

import pytest

from clau_doom.analysis.run_statistics import run_difference, runs_text


def test_equal_seeds_are_pairs() -> None:
    """The differences 1, 2 and 3 of the pairs give 2 -+ 4.302653 / sqrt(3), in any order of the seeds."""
    found = run_difference(4, {3: 33.0, 1: 11.0, 2: 22.0}, {2: 20.0, 3: 30.0, 1: 10.0})
    assert (found.condition, found.paired, runs_text(found)) == (4, True, "3 pairs")
    assert found.difference.mean == pytest.approx(2.0)
    assert found.difference.low == pytest.approx(2.0 - 4.3026527297 / 3**0.5)


def test_other_seeds_are_independent_samples() -> None:
    """Welch's interval of R: t.test(c(1, 3), c(2, 6, 7))$conf.int."""
    found = run_difference(1, {1: 1.0, 2: 3.0}, {4: 2.0, 5: 6.0, 6: 7.0})
    assert (found.paired, runs_text(found)) == (False, "2 and 3")
    assert found.difference.mean == -3.0
    assert found.difference.low == pytest.approx(-8.82679517639)
    assert found.difference.high == pytest.approx(2.82679517639)


def test_partly_equal_seeds_are_a_mixed_model() -> None:
    """Runs that share seeds are not independent."""
    found = run_difference(1, {1: 1.0, 2: 3.0, 3: 4.5}, {1: 2.0, 2: 6.0, 4: 7.0})
    assert (found.test, found.paired, runs_text(found)) == ("mixed model", False, "3 and 3")


def test_one_run_is_not_a_pair() -> None:
    """A pair of two runs shows no variance between runs."""
    found = run_difference(1, {1: 1.0}, {1: 2.0})
    assert (found.paired, found.difference.low, found.difference.reason) == (False, None, "a sample of 1 value")
