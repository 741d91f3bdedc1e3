"""Analyses of 70 tables against values that R computed.

`reference.R` contains the tables and the R code; `make reference` runs it and stores `tables.json`.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from clau_doom.table_analysis import Design, Pair, TableAnalysis, analyze_design, make_column, make_design, make_table
from tests.support.skewness_bound import too_skewed_for_g

_REFERENCE = json.loads(Path(__file__).with_name("tables.json").read_text())
_TABLES = _REFERENCE["tables"]
_DIGITS = 1e-6
_QUADRATURE_DIGITS = 1e-4
_QUADRATURE_FLOOR = 1e-9  # ptukey's absolute error

Case = Mapping[str, Any]


def _cases(section: str) -> list[Any]:
    return [pytest.param(table, id=table["name"]) for table in _TABLES if section in table["expected"]]


def _design(table: Case) -> Design:
    columns = [make_column(name, values) for name, values in table["columns"].items()]
    return make_design(
        make_table(table["name"], columns),
        response=table["response"],
        factors=table["factors"],
        block=table.get("block"),
    )


def _close(found: float | None, expected: float, relative: float = _DIGITS, absolute: float = 0.0) -> bool:
    # Differences of values, which may be 0 up to rounding, need an absolute tolerance in the unit of the values.
    return found is not None and math.isclose(found, expected, rel_tol=relative, abs_tol=absolute)


def _unit(design: Design) -> float:
    return 1e-12 * design.unit * float(max(abs(design.values)))


def _half_width(low: float | None, high: float | None) -> float:
    assert low is not None
    assert high is not None
    return 0.5 * (high - low)


def _compare_pairs(design: Design, found: TableAnalysis, expected: Sequence[Case]) -> Iterator[str]:
    """Yield the differences between pairwise comparisons."""
    by_effect = {each.effect: each for each in found.comparisons}
    unit, skewed = _unit(design), too_skewed_for_g(design.groups())
    for comparisons in expected:
        if not comparisons["pairs"]:
            continue
        pairs = {(pair.first, pair.second): pair for pair in by_effect[comparisons["effect"]].pairs}
        for reference in comparisons["pairs"]:
            first, second = reference["first"], reference["second"]
            sign = 1.0 if (first, second) in pairs else -1.0
            pair = pairs[(first, second) if sign > 0 else (second, first)]
            numbers = {"difference": pair.difference, **_effect_sizes(pair)}
            for name, value in numbers.items():
                theirs = reference.get(name)
                if theirs is not None and not _close(
                    None if value is None else sign * value, theirs, absolute=1e-12 if name in {"d", "g"} else unit
                ):
                    yield f"{first} and {second}: {name} {value}, R {theirs}"
            if skewed:
                yield from [f"{first} and {second}: g has an interval" for size in pair.sizes if size.low is not None]
            else:
                yield from _compare_g(pair, reference, sign)
            if "low" in reference:
                half, theirs = _half_width(pair.low, pair.high), _half_width(reference["low"], reference["high"])
                if not _close(half, theirs, _QUADRATURE_DIGITS, unit):
                    yield f"{first} and {second}: half-width {half}, R {theirs}"
            if not _close(pair.p, reference["p"], _QUADRATURE_DIGITS, _QUADRATURE_FLOOR):
                yield f"{first} and {second}: p {pair.p}, R {reference['p']}"


def _effect_sizes(pair: Pair) -> dict[str, float | None]:
    size = pair.sizes[0] if pair.sizes else None
    return {
        "d": None if size is None else size.cohen_d,
        "g": None if size is None else size.value,
    }


def _compare_g(pair: Pair, reference: Case, sign: float) -> Iterator[str]:
    """Yield the differences between intervals of Hedges' g."""
    ends = [sign * reference[name] for name in ("g_low", "g_high") if reference.get(name) is not None]
    if len(ends) < 2:
        return
    low, high = sorted(ends)
    found = pair.sizes[0]
    for name, ours, theirs in (("g low", found.low, low), ("g high", found.high, high)):
        # The confidence level comes from a quadrature.
        if not _close(ours, theirs, _QUADRATURE_DIGITS, 1e-6):
            yield f"{pair.first} and {pair.second}: {name} {ours}, R {theirs}"


def _compare_effects(found: TableAnalysis, expected: Sequence[Case]) -> Iterator[str]:
    """Yield the differences between tests of effects and their sizes."""
    by_name = {effect.name: effect for effect in found.effects}
    for reference in expected:
        effect = by_name[reference["name"]]
        numbers = [("statistic", effect.statistic, reference["f"]), ("p", effect.p, reference["p"])]
        df = reference["df"] if isinstance(reference["df"], list) else [reference["df"]]
        numbers += [("df", ours, theirs) for ours, theirs in zip(effect.df, df, strict=True)]
        for size in effect.sizes:
            theirs = reference.get(size.name.replace(" ", "_"), reference.get("size"))
            if theirs is None:
                continue
            if isinstance(theirs, dict):
                numbers += [
                    (f"{size.name} low", size.low, theirs["low"]),
                    (f"{size.name} high", size.high, theirs["high"]),
                ]
                theirs = theirs["value"]
            numbers.append((size.name, size.value, theirs))
        for name, ours, theirs in numbers:
            # Intervals of effect sizes come from the noncentral F distribution, which is computed by a series.
            series = name.endswith((" low", " high"))
            if not _close(ours, theirs, _QUADRATURE_DIGITS if series else _DIGITS, 1e-6 if series else 1e-12):
                yield f"{effect.name}: {name} {ours}, R {theirs}"


def test_the_reference_covers_sixty_tables() -> None:
    """The stored file contains all tables of the script."""
    assert len(_TABLES) >= 60


@pytest.mark.parametrize("table", _cases("cells"))
def test_cells(table: Case) -> None:
    """Mean, Hall's interval, standard deviation and median of each cell: `mean`, `qt`, `var`, `median`."""
    design = _design(table)
    found = analyze_design(design).groups if table.get("block") is None else analyze_design(design, "classical").groups
    differences = []
    groups = {group.levels: group for group in found}
    assert len(groups) == len(table["expected"]["cells"])
    for reference in table["expected"]["cells"]:
        group = groups[tuple(reference["levels"])]
        ours = {
            "mean": group.mean.mean,
            "low": group.mean.low,
            "high": group.mean.high,
            "deviation": group.deviation,
            "median": group.median,
        }
        differences += [
            f"{':'.join(group.levels)}: {name} {value}, R {reference[name]}"
            for name, value in ours.items()
            if not (
                value is None if reference[name] is None else _close(value, reference[name], _DIGITS, _unit(design))
            )
        ]
    assert differences == []


@pytest.mark.parametrize("table", _cases("default"))
def test_default(table: Case) -> None:
    """Welch-James tests and Games-Howell; in blocks Hotelling's T² or Greenhouse and Geisser's F and paired t tests."""
    design = _design(table)
    found, expected = analyze_design(design), table["expected"]["default"]
    if table["expected"]["withheld"]:
        assert all(effect.p is None and effect.note.startswith("withheld: ") for effect in found.effects)
        return
    differences = [*_compare_effects(found, expected["effects"])]
    assert [*differences, *_compare_pairs(design, found, expected["comparisons"])] == []


@pytest.mark.parametrize("kind", ["II", "III"])
@pytest.mark.parametrize("table", _cases("classical"))
def test_classical(table: Case, kind: str) -> None:
    """Sums of squares by `car::Anova`; Tukey's comparisons of `emmeans`."""
    design, expected = _design(table), table["expected"]["classical"]
    found = analyze_design(design, "classical", sums_of_squares="II" if kind == "II" else "III")
    differences = [*_compare_effects(found, expected[kind]["effects"])]
    if kind == "III":
        differences += _compare_pairs(design, found, expected["comparisons"])
    assert found.residual is not None
    residual = expected[kind]["residual"]
    assert found.residual[0] == residual["df"]
    assert found.residual[1] == pytest.approx(residual["sum_of_squares"], rel=_DIGITS)
    squares = {effect.name: effect.sum_of_squares for effect in found.effects}
    for effect in expected[kind]["effects"]:
        assert squares[effect["name"]] == pytest.approx(
            effect["sum_of_squares"], rel=_DIGITS, abs=1e-12 * residual["sum_of_squares"]
        )
    assert differences == []


@pytest.mark.parametrize("table", _cases("ranks"))
def test_ranks(table: Case) -> None:
    """`kruskal.test` with Dunn's comparisons, or `friedman.test` with Nemenyi's."""
    design = _design(table)
    found, expected = analyze_design(design, "ranks"), table["expected"]["ranks"]
    differences = [*_compare_effects(found, expected["effects"])]
    assert [*differences, *_compare_pairs(design, found, expected["comparisons"])] == []


@pytest.mark.parametrize("table", _cases("brown_forsythe"))
def test_diagnostics(table: Case) -> None:
    """`car::leveneTest` about the median, and `shapiro.test` of the residuals."""
    found = {each.method: each.statistic for each in analyze_design(_design(table)).diagnostics}
    assert found["Brown-Forsythe"] == pytest.approx(table["expected"]["brown_forsythe"], rel=_DIGITS)
    assert found["Shapiro-Wilk"] == pytest.approx(table["expected"]["shapiro_wilk"], rel=_DIGITS)
