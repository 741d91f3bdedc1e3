"""Pairwise comparisons against R and SPSS."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.table_analysis import Comparisons, Design, analyze_design, fit, make_column, make_design, make_table
from clau_doom.table_analysis.comparisons import games_howell, tukey
from clau_doom.table_analysis.effect_contrasts import cell_statistics

Published = Callable[..., Design]
Near = Callable[[str], Any]
CHICKWTS = ("chickwts", "weight", "feed")


def pair(comparisons: Comparisons, first: str, second: str) -> tuple[float, float, float, float]:
    """Return first minus second, its interval and its p-value, whichever way round it was compared."""
    for found in comparisons.pairs:
        assert found.low is not None
        assert found.high is not None
        if (found.first, found.second) == (first, second):
            return found.difference, found.low, found.high, found.p
        if (found.first, found.second) == (second, first):
            return -found.difference, -found.high, -found.low, found.p
    raise AssertionError(f"{first} and {second} are not compared")


def test_games_howell_of_small_groups(one_way: Callable[..., Design]) -> None:
    """SPSS, ONEWAY with /POSTHOC=GH, as quoted in SciPy's tests of tukey_hsd: groups of 3, 4, 5 and 5."""
    groups = ([30.0, 23.0, 51.0], [-81.0, 71.0, -27.0, 63.0], [42.0, 11.0, 29.0, 19.0, 50.0], [23.0, 22, 20, 18, 9])
    design = one_way(*groups)
    found = games_howell(design, cell_statistics(design), design.factors)
    rows = {
        ("g0", "g1"): (28.16666667, -141.985416377670, 198.318749711003, 0.8727542747886180),
        ("g0", "g3"): (16.26666667, -35.0933112382470, 67.6266445715803, 0.4262506151302880),
        ("g1", "g2"): (-23.70000000, -195.315617201249, 147.915617201249, 0.9148950609000590),
        ("g2", "g3"): (11.80000000, -16.2894857524254, 39.8894857524254, 0.4755344436335670),
    }
    for levels, numbers in rows.items():
        assert pair(found, *levels) == pytest.approx(numbers, rel=1e-5)


@pytest.mark.parametrize(
    ("names", "levels", "numbers"),
    [  # R: qtukey and ptukey with Welch and Satterthwaite's degrees of freedom
        (
            ("chickwts", "weight", "feed"),
            ("casein", "linseed"),
            (104.8333333, 29.95454209, 179.7121246, 3.101579774e-3),
        ),
        (
            ("chickwts", "weight", "feed"),
            ("horsebean", "soybean"),
            (-86.22857143, -145.2101819, -27.24696097, 1.90147652e-3),
        ),
        (("InsectSprays", "count", "spray"), ("C", "D"), (-2.83333333, -5.714606889, 0.04794022217, 0.05566776951)),
    ],
)
def test_games_howell(
    published: Published, names: tuple[str, ...], levels: tuple[str, str], numbers: tuple[float, ...]
) -> None:
    """Differences, simultaneous intervals and p-values of one factor."""
    design = published(*names)
    found = games_howell(design, cell_statistics(design), design.factors)
    assert pair(found, *levels) == pytest.approx(numbers, rel=1e-6)


def test_marginal_means_with_unequal_variances(published: Published) -> None:
    """R: the contrast of dose 0.5 and 1 over both supplements, with 29.81 degrees of freedom."""
    design = published("ToothGrowth", "len", "supp", "dose")
    found = games_howell(design, cell_statistics(design), design.factors[1:])
    difference, low, high, p = pair(found, "0.5", "1.0")
    assert (difference, low, high) == pytest.approx((-9.13, -11.86097800, -6.399022003), rel=1e-7)
    assert p == pytest.approx(1.039978414e-08, rel=1e-3)


def test_tukey_of_equal_groups(published: Published, printed: Near) -> None:
    """R, TukeyHSD(aov(weight ~ group, PlantGrowth))."""
    design = published("PlantGrowth", "weight", "group")
    found = tukey(design, fit(design), design.factors)
    assert (found.effect, found.method, found.scale) == ("group", "Tukey's HSD", "values")
    rows = {
        ("trt1", "ctrl"): ("-0.371", "-1.0622161", "0.3202161", "0.3908711"),
        ("trt2", "ctrl"): ("0.494", "-0.1972161", "1.1852161", "0.1979960"),
        ("trt2", "trt1"): ("0.865", "0.1737839", "1.5562161", "0.0120064"),
    }
    for levels, texts in rows.items():
        assert pair(found, *levels) == tuple(printed(text) for text in texts)


def test_tukey_kramer_of_unequal_groups(published: Published, printed: Near) -> None:
    """R, TukeyHSD(aov(weight ~ feed, chickwts)): groups of 10 to 14."""
    design = published("chickwts", "weight", "feed")
    found = tukey(design, fit(design), design.factors)
    rows = {
        ("linseed", "casein"): ("-104.833333", "-170.587491", "-39.07918", "0.0002100"),
        ("meatmeal", "casein"): ("-46.674242", "-113.906207", "20.55772", "0.3324584"),
        ("linseed", "horsebean"): ("58.550000", "-10.413543", "127.51354", "0.1413329"),
        ("soybean", "casein"): ("-77.154762", "-140.517054", "-13.79247", "0.0083653"),
    }
    for levels, texts in rows.items():
        assert pair(found, *levels) == tuple(printed(text) for text in texts)


def test_tukey_of_two_factors(published: Published, printed: Near) -> None:
    """R, TukeyHSD(aov(len ~ supp * dose, ToothGrowth)), levels and cells (Kassambara, two-way ANOVA in R)."""
    design = published("ToothGrowth", "len", "supp", "dose")
    model = fit(design)
    doses = tukey(design, model, design.factors[1:])
    assert pair(doses, "1.0", "0.5")[:3] == (printed("9.130"), printed("6.362488"), printed("11.897512"))
    assert pair(doses, "2.0", "1.0") == (printed("6.365"), printed("3.597488"), printed("9.132512"), printed("2.7e-06"))
    cells = tukey(design, model, design.factors)
    rows = {
        ("VC:0.5", "OJ:0.5"): ("-5.25", "-10.048124", "-0.4518762", "0.0242521"),
        ("VC:1.0", "OJ:0.5"): ("3.54", "-1.258124", "8.3381238", "0.2640208"),
        ("VC:2.0", "OJ:2.0"): ("0.08", "-4.718124", "4.8781238", "1.0000000"),
    }
    for levels, texts in rows.items():
        assert pair(cells, *levels) == tuple(printed(text) for text in texts)


def test_many_levels_are_not_compared(one_way: Callable[..., Design]) -> None:
    """Above 25 levels a note takes the place of pairs."""
    design = one_way(*[[float(place), place + 1.0, place + 3.0] for place in range(26)])
    (found,) = analyze_design(design).comparisons
    assert (found.pairs, found.note) == ((), "more than 25 levels are not compared in pairs")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(-50, 50), min_size=2, max_size=8), min_size=2, max_size=4).filter(
        lambda groups: any(max(group) > min(group) for group in groups)
    ),
    st.sampled_from(["default", "classical"]),
)
def test_interval_and_p_agree(groups: list[list[int]], method: str) -> None:
    """An interval excludes 0 exactly if its p-value is below 0.05."""
    values = [float(value) for group in groups for value in group]
    labels = [place for place, group in enumerate(groups) for _ in group]
    table = make_table("t", [make_column("y", values), make_column("g", labels)])
    analysis = analyze_design(
        make_design(table, response="y", factors=["g"]), "default" if method == "default" else "classical"
    )
    for found in (pair for each in analysis.comparisons for pair in each.pairs):
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.difference <= found.high
        if abs(found.p - 0.05) > 1e-9:
            assert (not found.low <= 0.0 <= found.high) == (found.p < 0.05)
