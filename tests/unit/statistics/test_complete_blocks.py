"""Tests of contrasts in complete blocks against R."""

import numpy as np
import pytest

from clau_doom.statistics.complete_blocks import block_contrasts_test

AGAINST_FIRST = np.array([[1.0, -1, 0, 0], [1, 0, -1, 0], [1, 0, 0, -1]])


def test_few_blocks_have_the_corrected_f() -> None:
    """R, anova(lm(Y ~ 1), X = ~1, test = "Spherical"): F = 11.10294, Greenhouse-Geisser p = 0.041417791."""
    means = np.array([[3.0, 5, 4, 9], [2, 6, 7, 8], [4, 4, 6, 11]])
    found = block_contrasts_test(AGAINST_FIRST, means)
    assert found is not None
    assert (found.f, found.p) == pytest.approx((11.10294, 0.041417791), rel=1e-6)


def test_one_contrast_is_the_paired_t_test() -> None:
    """R, t.test(paired = TRUE) of `sleep`: t = -4.06212768 with 9 degrees of freedom, p = 0.00283289."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = block_contrasts_test(np.array([[1.0, -1.0]]), np.column_stack([first, second]))
    assert found is not None
    assert (found.f, found.df, found.residual_df) == pytest.approx((4.062127683382037**2, 1.0, 9.0))
    assert found.p == pytest.approx(0.00283289019738427)


def test_equal_scores_have_no_test() -> None:
    assert block_contrasts_test(np.array([[1.0, -1.0]]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])) is None
