"""Tests of the correlation of pairs against R."""

import pytest

from clau_doom.statistics.pair_correlation import pair_correlation

# R: the two groups of `sleep`.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ((SECOND, FIRST), (0.795170205833578, 0.331525474164337, 0.949446533611364)),
        (([1.0, 2.0, 4.0, 3.0], [2.0, 1.0, 5.0, 9.0]), (0.610658026891035, -0.848281950158437, 0.99045278554323)),
    ],
)
def test_correlation_and_interval_agree_with_r(
    pairs: tuple[list[float], list[float]], expected: tuple[float, float, float]
) -> None:
    """R: cor.test(x, y)."""
    found = pair_correlation(*pairs)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx(expected, rel=1e-10)
    assert (found.n, found.reason) == (len(pairs[0]), "")


def test_three_pairs_have_no_interval() -> None:
    found = pair_correlation([1.0, 2.0, 4.0], [2.0, 1.0, 5.0])
    assert found is not None
    assert (found.low, found.high, found.reason) == (None, None, "3 of at least 4 pairs")


def test_exact_line_has_no_interval() -> None:
    found = pair_correlation([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0])
    assert found is not None
    assert found.value == pytest.approx(1.0)
    assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize("pairs", [([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]), ([1.0], [2.0]), ([], [])])
def test_constant_sample_has_no_correlation(pairs: tuple[list[float], list[float]]) -> None:
    assert pair_correlation(*pairs) is None
    assert pair_correlation(*reversed(pairs)) is None


def test_samples_of_different_size_are_refused() -> None:
    with pytest.raises(ValueError, match="3 and 2 values: give pairs"):
        pair_correlation([1.0, 2.0, 3.0], [1.0, 2.0])
