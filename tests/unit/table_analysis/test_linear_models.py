"""Tests of the classical analysis of variance against published results."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from clau_doom.table_analysis import AnovaTable, DataTable, Design, anova, fit, make_design

Published = Callable[..., Design]
Near = Callable[[str], Any]


def both(design: Design) -> tuple[AnovaTable, AnovaTable]:
    model = fit(design)
    return anova(design, model, "II"), anova(design, model, "III")


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
def test_types_agree_for_equal_cells(published: Published, printed: Near, table: PrintedTable) -> None:
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


def test_unequal_cells_agree_with_sas(published: Published, printed: Near) -> None:
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


def test_unequal_cells_agree_with_car(published: Published, printed: Near) -> None:
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


def test_three_factors(published: Published, printed: Near) -> None:
    """R, summary(aov(yield ~ N * P * K, npk)): each effect of the orthogonal design has one degree of freedom."""
    table = both(published("npk", "yield", "N", "P", "K"))[1]
    squares = {
        "N": "189.28",
        "P": "8.40",
        "K": "95.20",
        "N:P": "21.28",
        "N:K": "33.14",
        "P:K": "0.48",
        "N:P:K": "37.00",
    }
    assert [effect.name for effect in table.effects] == [*squares]
    for name, text in squares.items():
        assert table.effect(name).sum_of_squares == printed(text)
    assert (table.residual_df, table.residual_sum_of_squares) == (16, printed("491.58"))


def test_large_offset_keeps_precision(table: Callable[..., DataTable]) -> None:
    """Values about 1e9 with a spread of 1 have the F of the spread; NIST's SmLs07 to 09 are of this kind."""
    spread = [0.25, 0.5, 0.75, 1.5, 1.25, 2.0, 0.5, 1.0]
    columns = {"g": ["a", "a", "b", "b", "a", "b", "a", "b"]}
    plain, moved = (
        both(make_design(table(y=[value + offset for value in spread], **columns), response="y", factors=["g"]))[1]
        for offset in (0.0, 2.0**30)
    )
    assert moved.effects[0].f == pytest.approx(plain.effects[0].f, rel=1e-12)
