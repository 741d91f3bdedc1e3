"""Comparisons of mean ranks against Demšar (2006) and R."""

import numpy as np
import pytest

from clau_doom.statistics.mean_rank_comparisons import (
    against_control,
    bonferroni_dunn_difference,
    nemenyi_difference,
    nemenyi_p,
    undivided_groups,
)

DEMSAR_RANKS = (44 / 14, 28 / 14, 40.5 / 14, 27.5 / 14)


def test_critical_differences_of_demsar() -> None:
    """Demšar 2006, table 5 and section 3.2.2: q = 2.569 gives 1.25; with a control at 10 %, q = 2.128 gives 1.04."""
    assert nemenyi_difference(4, 14) == pytest.approx(2.569 * np.sqrt(20 / 84), abs=5e-4)
    assert nemenyi_difference(4, 14) == pytest.approx(1.25, abs=5e-3)
    assert bonferroni_dunn_difference(4, 14, alpha=0.10) == pytest.approx(1.04, abs=5e-3)
    # Table 5 (b): q = 2.394 at 5 %.
    assert bonferroni_dunn_difference(4, 14) == pytest.approx(2.394 * np.sqrt(20 / 84), abs=5e-4)


@pytest.mark.parametrize(("methods", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)])
def test_critical_values_of_nemenyi(methods: int, q: float) -> None:
    """Demšar 2006, table 5 (a), at 5 %."""
    assert nemenyi_difference(methods, 10) == pytest.approx(q * np.sqrt(methods * (methods + 1) / 60), rel=5e-4)


def test_nemenyi_p_values_are_those_of_r() -> None:
    """R 4.2.2: ptukey(abs(d) / sqrt(20 / 84) * sqrt(2), 4, Inf, lower.tail = FALSE) = 0.0741847950725."""
    found = nemenyi_p(DEMSAR_RANKS, 14)
    assert found[0][3] == pytest.approx(0.0741847950725, rel=1e-5)
    assert found[3][0] == found[0][3]
    assert [found[at][at] for at in range(4)] == [1.0] * 4


def test_comparisons_with_the_control_of_demsar() -> None:
    """Demšar 2006, section 3.2.2: z = 2.416, 2.342 and 0.512; Holm rejects the first two at 5 %, as Hochberg does.

    The corrected p-values are those of R 4.2.2: p.adjust with "holm" and "hochberg".
    """
    found = {each.method: each for each in against_control(DEMSAR_RANKS, 14, 0)}
    assert [found[method].z for method in (3, 1, 2)] == pytest.approx([2.416, 2.342, 0.512], abs=1.5e-3)
    assert [found[method].p for method in (3, 1, 2)] == pytest.approx([0.016, 0.019, 0.607], abs=2e-3)
    assert found[3].p == pytest.approx(0.01571998021, rel=1e-8)
    assert [found[method].p_holm for method in (3, 1, 2)] == pytest.approx(
        [0.0471599406301, 0.0471599406301, 0.6084078002330], rel=1e-8
    )
    assert [found[method].p_hochberg for method in (3, 1, 2)] == pytest.approx(
        [0.0383449695104, 0.0383449695104, 0.6084078002330], rel=1e-8
    )


def test_groups_are_the_largest_ones_within_the_critical_difference() -> None:
    """By hand: 1 and 1.9 differ by less than 1, and 1.9 and 2.8; a method alone is a group."""
    assert undivided_groups([2.8, 1.0, 1.9, 5.0], 1.0) == ((1, 2), (2, 0), (3,))
    assert undivided_groups([2.0, 1.0, 1.5], 2.0) == ((1, 2, 0),)
    # A difference equal to the critical one is significant.
    assert undivided_groups([1.0, 2.0], 1.0) == ((0,), (1,))


def test_the_groups_of_demsar() -> None:
    """Demšar 2006, figure 1 (a): no pair of the four differs by 1.25, the largest difference is 1.179."""
    assert undivided_groups(DEMSAR_RANKS, nemenyi_difference(4, 14)) == ((3, 1, 2, 0),)
