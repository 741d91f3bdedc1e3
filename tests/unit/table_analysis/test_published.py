"""The analysis of variance against what books, manuals and R's own outputs print."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from clau_doom.table_analysis import (
    AnovaTable,
    Comparisons,
    Design,
    analyze_variance,
    anova,
    check_assumptions,
    fit,
    games_howell,
    kruskal_wallis,
    tukey,
    welch,
)

Published = Callable[..., Design]
Near = Callable[[str], Any]


def both(design: Design) -> tuple[AnovaTable, AnovaTable]:
    model = fit(design)
    return anova(design, model, "II"), anova(design, model, "III")


def pair(comparisons: Comparisons, first: str, second: str) -> tuple[float, float, float, float]:
    """Return first minus second, its interval and its p, whichever way round it was compared."""
    for found in comparisons.pairs:
        if (found.first, found.second) == (first, second):
            return found.difference, found.low, found.high, found.p
        if (found.first, found.second) == (second, first):
            return -found.difference, -found.high, -found.low, found.p
    raise AssertionError(f"{first} and {second} are not compared")


@dataclass(frozen=True, kw_only=True)
class Printed:
    """One row of a printed analysis of variance."""

    squares: str
    f: str
    p: str | None = None


@dataclass(frozen=True, kw_only=True)
class PrintedTable:
    """A printed analysis of variance of a data set."""

    data: str
    response: str
    rows: dict[str, Printed]
    residuals: str


@pytest.mark.parametrize(
    "table",
    [
        PrintedTable(  # R, anova(lm(weight ~ group, PlantGrowth)), example of ?lm
            data="PlantGrowth",
            response="weight",
            rows={"group": Printed(squares="3.7663", f="4.8461", p="0.01591")},
            residuals="10.4921",
        ),
        PrintedTable(  # R, aov(count ~ spray, InsectSprays): de Vries and Meys, "R for Dummies", chapter 15
            data="InsectSprays",
            response="count",
            rows={"spray": Printed(squares="2668.833", f="34.70")},
            residuals="1015.167",
        ),
        PrintedTable(  # R, anova(lm(weight ~ feed, chickwts)), example of ?chickwts
            data="chickwts",
            response="weight",
            rows={"feed": Printed(squares="231129", f="15.365", p="5.936e-10")},
            residuals="195556",
        ),
        PrintedTable(  # R, summary(aov(len ~ supp * factor(dose), ToothGrowth))
            data="ToothGrowth",
            response="len",
            rows={
                "supp": Printed(squares="205.4", f="15.572", p="0.000231"),
                "dose": Printed(squares="2426.4", f="92.000"),
                "supp:dose": Printed(squares="108.3", f="4.107", p="0.021860"),
            },
            residuals="712.1",
        ),
        PrintedTable(  # R, anova(lm(breaks ~ wool * tension, warpbreaks)), example of ?warpbreaks
            data="warpbreaks",
            response="breaks",
            rows={
                "wool": Printed(squares="450.7", f="3.7653", p="0.0582130"),
                "tension": Printed(squares="2034.3", f="8.4980", p="0.0006926"),
                "wool:tension": Printed(squares="1002.8", f="4.1891", p="0.0210442"),
            },
            residuals="5745.1",
        ),
    ],
    ids=lambda table: table.data,
)
def test_one_factor_and_equal_cells(published: Published, printed: Near, table: PrintedTable) -> None:
    """One factor, or two in equally large cells, have the one table that R prints, whatever the type."""
    factors = [name for name in table.rows if ":" not in name]
    for found in both(published(table.data, table.response, *factors)):
        assert found.residual_sum_of_squares == printed(table.residuals)
        for name, row in table.rows.items():
            effect = found.effect(name)
            assert effect.sum_of_squares == printed(row.squares)
            assert effect.f == printed(row.f)
            if row.p is not None:
                assert effect.p == printed(row.p)


def test_unequal_cells_as_sas_prints_them(published: Published, printed: Near) -> None:
    """SAS/STAT's manual, PROC GLM, "Unbalanced ANOVA for two-way design with interaction": types II and III."""
    second, third = both(published("drug_disease", "y", "drug", "disease"))
    expected = {
        "II": (second, {"drug": "3063.432863", "disease": "418.833741", "drug:disease": "707.266259"}),
        "III": (third, {"drug": "2997.471860", "disease": "415.873046", "drug:disease": "707.266259"}),
    }
    for table, squares in expected.values():
        assert (table.residual_df, [effect.df for effect in table.effects]) == (46, [3, 2, 6])
        assert table.residual_sum_of_squares == printed("5080.816667")
        assert {name: table.effect(name).sum_of_squares for name in squares} == {
            name: printed(text) for name, text in squares.items()
        }
    assert [second.effect(name).f for name in ("drug", "disease", "drug:disease")] == [
        printed("9.25"),
        printed("1.90"),
        printed("1.07"),
    ]
    assert [third.effect(name).p for name in ("disease", "drug:disease")] == [printed("0.1637"), printed("0.3958")]


def test_unequal_cells_as_car_prints_them(published: Published, printed: Near) -> None:
    """R's car, ?Anova: Moore's data, type II (also in statsmodels' manual), and type III with contr.sum."""
    second, third = both(published("Moore", "conformity", "fcategory", "partner.status"))
    rows = {
        "fcategory": ("11.614700", "0.276958", "0.759564"),
        "partner.status": ("212.213778", "10.120692", "0.002874"),
        "fcategory:partner.status": ("175.488928", "4.184623", "0.022572"),
    }
    for name, (squares, f, p) in rows.items():
        effect = second.effect(name)
        assert (effect.sum_of_squares, effect.f, effect.p) == (printed(squares), printed(f), printed(p))
    assert second.residual_sum_of_squares == printed("817.763961")
    assert (third.effect("fcategory").f, third.effect("fcategory").p) == (printed("0.8589"), printed("0.431492"))
    status = third.effect("partner.status")
    assert (status.f, status.p) == (printed("11.4250"), printed("0.001657"))


def test_blocks(published: Published, printed: Near) -> None:
    """Venables and Ripley's npk: sums of squares of summary(aov(yield ~ block + N*P*K)), orthogonal to each other."""
    table = both(published("npk", "yield", "N", "K", block="block"))[0]
    squares = {"N": "189.2817", "K": "95.2017", "N:K": "33.1350", "block": "343.2950"}
    for name, text in squares.items():
        assert table.effect(name).sum_of_squares == printed(text)
    # Without P the residuals hold what P, N:P, P:K and the residuals of the printed table do.
    within = 185.2867 + 8.4017 + 21.2817 + 0.4817
    assert table.residual_df == 15
    assert table.residual_sum_of_squares == pytest.approx(within, abs=2e-4)
    assert table.effect("N").f == pytest.approx(189.2817 / (within / 15), rel=1e-5)


def test_effect_sizes(published: Published) -> None:
    """PlantGrowth's eta squared and omega squared follow from the sums of squares that R prints."""
    between, within = 3.76634, 10.49209  # summary(aov(weight ~ group, PlantGrowth)), digits = 7
    (effect,) = both(published("PlantGrowth", "weight", "group"))[0].effects
    assert effect.partial_eta_squared == pytest.approx(between / (between + within), rel=1e-5)
    mean_square = within / 27
    omega = (between - 2 * mean_square) / (between + within + mean_square)
    assert effect.omega_squared == pytest.approx(omega, rel=1e-5)


# R, shapiro.test(residuals(aov(...))) and car's leveneTest(...), as printed for these data sets by Kassambara,
# "Statistical tools for high-throughput data analysis", one-way and two-way ANOVA in R; each a statistic and its p.
ASSUMPTIONS = {
    ("PlantGrowth", "weight", "group"): (("0.96607", "0.4379"), ("1.1192", "0.3412")),
    ("ToothGrowth", "len", "supp", "dose"): (("0.98499", "0.6694"), ("1.7086", "0.1484")),
    ("InsectSprays", "count", "spray"): (("0.96006", "0.02226"), ("3.8214", "0.004223")),
}


@pytest.mark.parametrize("names", ASSUMPTIONS)
def test_assumptions(published: Published, printed: Near, names: tuple[str, ...]) -> None:
    """Shapiro and Wilk's test of the residuals and Brown and Forsythe's of the cells are those of R."""
    design = published(*names)
    shapiro, brown_forsythe = ASSUMPTIONS[names]
    found = check_assumptions(design, fit(design).residuals)
    normality, variances = found.normality, found.equal_variances
    assert (normality.statistic, normality.p) == (printed(shapiro[0]), printed(shapiro[1]))
    assert (variances.statistic, variances.p) == (printed(brown_forsythe[0]), printed(brown_forsythe[1]))


def test_welch(published: Published, printed: Near) -> None:
    """R, oneway.test: PlantGrowth (Kassambara, one-way ANOVA in R) and InsectSprays."""
    plants = welch(published("PlantGrowth", "weight", "group"))
    assert (plants.statistic, plants.p) == (printed("5.181"), printed("0.01739"))
    assert plants.df == (2.0, printed("17.128"))
    assert plants.effect_size == pytest.approx(2 * 4.181 / (2 * 4.181 + 30), abs=1e-4)
    sprays = welch(published("InsectSprays", "count", "spray"))
    assert (sprays.statistic, sprays.df[1], sprays.p) == (printed("36.065"), printed("30.043"), printed("7.999e-12"))


def test_welch_of_unequal_groups(one_way: Callable[..., Design]) -> None:
    """R, oneway.test, as quoted in SciPy's tests of f_oneway: groups of 6, 4 and 5."""
    groups = ([-50.42, 40.31, -18.09, 35.58, -6.8, 0.22], [23.44, 4.5, 15.1, 9.66], [11.94, 11.1, 9.87, 9.09, 3.33])
    found = welch(one_way(*groups))
    assert found.statistic == pytest.approx(0.609740409019517)
    assert found.p == pytest.approx(0.574838941286302)
    assert found.effect_size == 0.0


def test_kruskal_wallis(published: Published, printed: Near) -> None:
    """R, kruskal.test: InsectSprays and PlantGrowth, both with ties."""
    sprays = kruskal_wallis(published("InsectSprays", "count", "spray"))
    assert (sprays.statistic, sprays.df, sprays.p) == (printed("54.691"), (5.0,), printed("1.511e-10"))
    plants = kruskal_wallis(published("PlantGrowth", "weight", "group"))
    assert (plants.statistic, plants.p) == (printed("7.9882"), printed("0.01842"))
    assert plants.effect_size == pytest.approx((7.9882 - 3 + 1) / 27, rel=1e-4)


def test_tukey_of_equal_groups(published: Published, printed: Near) -> None:
    """R, TukeyHSD(aov(weight ~ group, PlantGrowth))."""
    design = published("PlantGrowth", "weight", "group")
    found = tukey(design, fit(design), design.factors[0])
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
    found = tukey(design, fit(design), design.factors[0])
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
    doses = tukey(design, model, design.factors[1])
    assert pair(doses, "1.0", "0.5")[:3] == (printed("9.130"), printed("6.362488"), printed("11.897512"))
    assert pair(doses, "2.0", "1.0") == (printed("6.365"), printed("3.597488"), printed("9.132512"), printed("2.7e-06"))
    cells = tukey(design, model, design.cells)
    rows = {
        ("VC:0.5", "OJ:0.5"): ("-5.25", "-10.048124", "-0.4518762", "0.0242521"),
        ("VC:1.0", "OJ:0.5"): ("3.54", "-1.258124", "8.3381238", "0.2640208"),
        ("VC:2.0", "OJ:2.0"): ("0.08", "-4.718124", "4.8781238", "1.0000000"),
    }
    for levels, texts in rows.items():
        assert pair(cells, *levels) == tuple(printed(text) for text in texts)


def test_games_howell(one_way: Callable[..., Design]) -> None:
    """SPSS, ONEWAY with /POSTHOC=GH, as quoted in SciPy's tests of tukey_hsd: groups of 3, 4, 5 and 5."""
    groups = ([30.0, 23.0, 51.0], [-81.0, 71.0, -27.0, 63.0], [42.0, 11.0, 29.0, 19.0, 50.0], [23.0, 22, 20, 18, 9])
    found = games_howell(one_way(*groups))
    rows = {
        ("g0", "g1"): (28.16666667, -141.985416377670, 198.318749711003, 0.8727542747886180),
        ("g0", "g3"): (16.26666667, -35.0933112382470, 67.6266445715803, 0.4262506151302880),
        ("g1", "g2"): (-23.70000000, -195.315617201249, 147.915617201249, 0.9148950609000590),
        ("g2", "g3"): (11.80000000, -16.2894857524254, 39.8894857524254, 0.4755344436335670),
    }
    for levels, numbers in rows.items():
        assert pair(found, *levels) == pytest.approx(numbers, rel=1e-5)


@pytest.mark.parametrize(
    ("data", "names", "test", "words"),
    [
        ("PlantGrowth", ("weight", "group"), "ANOVA", "not rejected"),
        ("ToothGrowth", ("len", "supp", "dose"), "ANOVA", "not rejected"),
        ("drug_disease", ("y", "drug", "disease"), "ANOVA", "type II (no significant interaction)"),
        ("Moore", ("conformity", "fcategory", "partner.status"), "ANOVA", "type III (the factors interact)"),
        ("InsectSprays", ("count", "spray"), "Welch's ANOVA", "variances are unequal (Brown-Forsythe p 0.0042)"),
    ],
)
def test_what_is_believed(published: Published, data: str, names: tuple[str, ...], test: str, words: str) -> None:
    """The choice follows the published assumptions of the data, and the sentence gives the reason."""
    chosen = analyze_variance(published(data, *names)).chosen
    assert chosen.test == test
    assert words in chosen.sentence
