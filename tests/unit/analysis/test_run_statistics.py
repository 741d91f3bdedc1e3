"""Tests of differences between the runs of conditions."""

import pytest

from clau_doom.analysis.run_statistics import difference_sentence, run_difference, runs_text


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


def test_sentence_claims_a_difference_only_if_it_is_shown() -> None:
    """R: the pairs' differences 1, 2 and 3 have the interval [-0.48, 4.48]; 1, 1.1 and 1.2 have [0.85, 1.35]."""
    base = {1: 0.0, 2: 0.0, 3: 0.0}
    unshown, higher, lower = (
        difference_sentence(run_difference(1, dict(enumerate(row, 1)), base), ("b", "a"), "area")
        for row in ((1.0, 2.0, 3.0), (1.0, 1.1, 1.2), (-1.0, -1.1, -1.2))
    )
    test = "(3 pairs of runs; paired t test, p = 0.074)"
    assert unshown == f'No difference between "b" and "a" is shown: 2.0 [-0.5, 4.5] in area {test}.'
    assert higher.startswith(
        '"b" is higher than "a" in an exploratory test: difference 1.10 [0.85, 1.35] in area (3 pairs'
    )
    assert lower.startswith('"b" is lower than "a"')
    alone = difference_sentence(run_difference(1, {1: 1.0}, {1: 2.0}), ("b", "a"), "area")
    assert alone == '"b" and "a" are not tested, because a sample of 1 value: difference -1.00 in area.'
