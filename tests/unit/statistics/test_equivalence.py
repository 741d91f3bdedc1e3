"""Tests of the equivalence test against R and a published example."""

import math

import pytest

from clau_doom.statistics.equivalence import equivalence

# R: t.test(x, y, mu = -margin, alternative = "greater"), t.test(x, y, mu = margin, alternative = "less") and
# t.test(x, y, conf.level = 0.9) with the two groups of `sleep`; difference, standard error and df from the same tests.
PAIRED = (-1.58, 0.388958723888395, 9.0)
WELCH = (-1.58, 0.849091017238762, 17.7764735161785)
SLEEP = [
    (PAIRED, 1.0, 0.914944114551289, 4.77859569554683e-05),
    (PAIRED, 2.5, 0.0211168602465007, 1.20024173818964e-06),
    (PAIRED, 4.0, 7.73889850321541e-05, 8.3023115329584e-08),
    (WELCH, 1.0, 0.748319811440982, 0.00357066917366289),
    (WELCH, 2.5, 0.146529723122521, 7.32816479377915e-05),
    (WELCH, 4.0, 0.00536162410315912, 1.90040568341307e-06),
]


@pytest.mark.parametrize(("estimate", "margin", "p_lower", "p_upper"), SLEEP)
def test_both_one_sided_tests_agree_with_r(
    estimate: tuple[float, float, float], margin: float, p_lower: float, p_upper: float
) -> None:
    found = equivalence(*estimate, margin)
    assert (found.p_lower, found.p_upper) == pytest.approx((p_lower, p_upper), rel=1e-10)
    assert found.p == found.p_lower
    assert found.shown is (p_lower < 0.05)


@pytest.mark.parametrize(
    ("estimate", "interval"),
    [
        (PAIRED, (-2.29300526702928, -0.866994732970716)),
        (WELCH, (-3.05338149733161, -0.106618502668394)),
    ],
)
def test_interval_is_of_90_percent(estimate: tuple[float, float, float], interval: tuple[float, float]) -> None:
    found = equivalence(*estimate, 1.0)
    assert (found.low, found.high) == pytest.approx(interval, rel=1e-12)


@pytest.mark.parametrize(
    ("estimate", "margin", "p"),
    [
        # R: t.test(x, y, paired = TRUE, mu = -margin) and t.test(x, y, mu = -margin), both two-sided.
        (PAIRED, 0.5, 0.0215184867567745),
        (PAIRED, 1.0, 0.170111770897423),
        (WELCH, 0.5, 0.2197800774971043),
        (PAIRED, 4.0, 1.0),
    ],
)
def test_difference_beyond_the_margin_agrees_with_r(
    estimate: tuple[float, float, float], margin: float, p: float
) -> None:
    """The direction of the difference does not matter. A margin above the difference has a p-value of 1."""
    assert equivalence(*estimate, margin).p_beyond == pytest.approx(p, rel=1e-10)
    assert equivalence(-estimate[0], *estimate[1:], margin).p_beyond == pytest.approx(p, rel=1e-10)


@pytest.mark.parametrize(("margin", "shown"), [(0.7001, True), (0.7002, False)])
def test_difference_beyond_the_margin_agrees_with_the_interval(margin: float, *, shown: bool) -> None:
    """R: the 95 % interval of t.test(x, y, paired = TRUE) ends at -0.7001142."""
    assert (equivalence(*PAIRED, margin).p_beyond < 0.05) is shown


def test_published_example() -> None:
    """Lakens 2017, the replication of Moery and Calin-Jageman: t(182) = -2.69, p = .004 with a margin of d = 0.43."""
    parts = (0.95**2 / 95, 0.83**2 / 89)
    error = math.sqrt(sum(parts))
    df = sum(parts) ** 2 / (parts[0] ** 2 / 94 + parts[1] ** 2 / 88)
    margin = 0.43 * math.sqrt((0.95**2 + 0.83**2) / 2)
    found = equivalence(5.25 - 5.22, error, df, margin)
    assert (0.03 - margin) / error == pytest.approx(-2.69, abs=0.005)
    assert found.p == found.p_upper == pytest.approx(0.004, abs=0.0005)
    assert found.shown


@pytest.mark.parametrize("t", [0.5, 1.0, 3.0, 20.0])
def test_test_and_interval_agree(t: float) -> None:
    """Equivalence is shown exactly if the 90 % interval lies between the margins."""
    ends = equivalence(0.4, 0.2, t, 1.0)
    for margin, shown in ((ends.high * 1.001, True), (ends.high * 0.999, False)):
        assert equivalence(0.4, 0.2, t, margin).shown is shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.1, 1.0, 5.0, 0.0), r"margin = 0\.0: give a finite number above 0"),
        ((0.1, 1.0, 5.0, math.nan), "margin = nan"),
        ((0.1, 0.0, 5.0, 1.0), r"standard error = 0\.0"),
        ((0.1, 1.0, -1.0, 1.0), r"degrees of freedom = -1\.0"),
        ((math.inf, 1.0, 5.0, 1.0), "difference = inf"),
    ],
)
def test_invalid_arguments_are_refused(arguments: tuple[float, float, float, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        equivalence(*arguments)
