"""Tests of Welch-James tests against R."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from clau_doom.statistics.approximate_f import ApproximateF
from clau_doom.table_analysis import Design, make_design, read_table
from clau_doom.table_analysis.effect_contrasts import cell_statistics, effects_of
from clau_doom.table_analysis.welch_james import _wald, _weighted, welch_james

Published = Callable[..., Design]


def results(design: Design) -> dict[str, ApproximateF]:
    cells = cell_statistics(design)
    found = {effect.name: welch_james(effect.contrasts, cells) for effect in effects_of(design)}
    assert all(found.values())
    return {name: test for name, test in found.items() if test is not None}


@pytest.mark.parametrize(
    ("data", "names", "expected"),
    [  # R: oneway.test(y ~ g)
        ("PlantGrowth", ("weight", "group"), (5.18097240811, 17.12841861664, 0.01739282149)),
        ("InsectSprays", ("count", "spray"), (36.06544389, 30.04256051, 7.999379456e-12)),
        ("chickwts", ("weight", "feed"), (19.66172436, 29.95203639, 1.177059716e-08)),
    ],
)
def test_one_factor_is_welchs_anova(
    published: Published, data: str, names: tuple[str, ...], expected: tuple[float, float, float]
) -> None:
    (found,) = results(published(data, *names)).values()
    assert (found.f, found.residual_df, found.p) == pytest.approx(expected, rel=1e-8)


def test_small_groups_of_different_sizes(one_way: Callable[..., Design]) -> None:
    """R, oneway.test, as quoted in SciPy's tests of f_oneway: groups of 6, 4 and 5."""
    groups = ([-50.42, 40.31, -18.09, 35.58, -6.8, 0.22], [23.44, 4.5, 15.1, 9.66], [11.94, 11.1, 9.87, 9.09, 3.33])
    (found,) = results(one_way(*groups)).values()
    assert (found.f, found.p) == pytest.approx((0.609740409019517, 0.574838941286302))


# R: Johansen's formula in matrix form, for contrasts kronecker(c(1, -1), rep(1/3, 3)) and so on.
TOOTH_GROWTH = {
    "supp": (15.57197945, 1.0, 43.14239518, 2.880844055e-04),
    "dose": (83.29081771, 2.0, 29.25049642, 8.378975057e-13),
    "supp:dose": (3.82704873287, 2.0, 29.25049641793, 0.03339045197),
}
WARPBREAKS = {
    "wool": (3.7652883611, 1.0, 29.0616443225, 0.0620840641),
    "tension": (6.965402183394, 2.0, 24.846097535357, 0.003966790766),
    "wool:tension": (3.70468770600, 2.0, 24.84609753536, 0.03907569401),
}


@pytest.mark.parametrize(
    ("names", "expected"),
    [(("ToothGrowth", "len", "supp", "dose"), TOOTH_GROWTH), (("warpbreaks", "breaks", "wool", "tension"), WARPBREAKS)],
)
def test_two_factors(
    published: Published, names: tuple[str, ...], expected: dict[str, tuple[float, float, float, float]]
) -> None:
    """Main effects and the interaction of unweighted marginal means."""
    found = results(published(*names))
    assert [*found] == [*expected]
    for name, numbers in expected.items():
        test = found[name]
        assert (test.f, test.df, test.residual_df, test.p) == pytest.approx(numbers, rel=1e-8)


def test_two_groups_are_welchs_t_test(one_way: Callable[..., Design]) -> None:
    """R, t.test(extra ~ group, sleep): t = -1.8608135, df = 17.776474, p = 0.07939414."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    (found,) = results(one_way(first, second)).values()
    assert (found.f, found.residual_df, found.p) == pytest.approx((1.8608135**2, 17.776474, 0.07939414), rel=1e-7)


def test_equal_variances_and_sizes_give_nearly_the_classical_f(one_way: Callable[..., Design]) -> None:
    """With many values of equal variance, F and p are close to those of the analysis of variance."""
    base = [float(value) for value in stats.norm.ppf([(place + 0.5) / 400 for place in range(400)])]
    design = one_way(base, [value + 0.1 for value in base], [value + 0.15 for value in base])
    (found,) = results(design).values()
    classical = stats.f_oneway(*design.groups())
    assert found.f == pytest.approx(float(classical.statistic), rel=1e-2)


def test_cells_without_variance_have_no_test(one_way: Callable[..., Design]) -> None:
    """Two cells without variance leave a difference without a standard error."""
    design = one_way([1.0, 1.0], [2.0, 2.0], [1.0, 5.0])
    (effect,) = effects_of(design)
    assert welch_james(effect.contrasts, cell_statistics(design)) is None


def test_variances_may_differ_by_any_factor() -> None:
    """R, oneway.test(err ~ alg) of final errors with variances from 2e-23 to 71."""
    table = read_table(Path(__file__).parents[2] / "cases/stat_kw_then_games_howell/optim_err.csv")
    (found,) = results(make_design(table, response="err", factors=["alg"])).values()
    assert (found.f, found.residual_df, found.p) == pytest.approx((9.246905991, 16.67459054, 0.000786335705), rel=1e-8)


def test_both_ways_of_the_wald_statistic_agree(published: Published) -> None:
    """The regression's residuals are the quadratic form of the contrasts."""
    design = published("ToothGrowth", "len", "supp", "dose")
    cells = cell_statistics(design)
    for effect in effects_of(design):
        plain, weighted = (
            _wald(effect.contrasts, cells),
            _weighted(effect.contrasts, cells.means, cells.variances / cells.sizes),
        )
        assert plain is not None
        assert weighted[0] == pytest.approx(plain[0], rel=1e-9)
        assert weighted[1] == pytest.approx(plain[1], rel=1e-9)


def test_a_common_offset_of_the_means_is_not_lost() -> None:
    """Welch's weighted sum of squares in exact arithmetic, of means from 5.1 with standard errors from 1e-13 to 2."""
    means, errors = (5.1, 5.223, 20.7), (3e-26, 1e-2, 4.0)
    weights = [1 / Fraction(error) for error in errors]
    centre = sum(weight * Fraction(mean) for weight, mean in zip(weights, means, strict=True)) / sum(weights)
    wald = sum(weight * (Fraction(mean) - centre) ** 2 for weight, mean in zip(weights, means, strict=True))
    contrasts = np.array([[1.0, -1.0, 0.0], [1.0, 0.0, -1.0]])
    assert _weighted(contrasts, np.array(means), np.array(errors))[0] == pytest.approx(float(wald), rel=1e-12)
