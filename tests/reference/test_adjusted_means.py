"""Designs with covariates or incomplete blocks against values that R computed.

`adjusted_means.R` contains the tables and the R code; `make reference` runs it and stores `adjusted_means.json`.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from clau_doom.table_analysis import Method, TableAnalysis, analyze_design, make_column, make_design, make_table

_TABLES = {
    table["name"]: table for table in json.loads(Path(__file__).with_name("adjusted_means.json").read_text())["tables"]
}
_CASES = [
    pytest.param(name, method, id=f"{name}, {method}") for name in _TABLES for method in _TABLES[name]["expected"]
]
_REGRESSION, _MIXED = 1e-6, 1e-4
_QUADRATURE = 2e-3  # absolute: R's multivariate normal probabilities are simulated

Case = Mapping[str, Any]
each_analysis = pytest.mark.parametrize(("name", "method"), _CASES)


@cache
def _analysis(name: str, method: Method, squares: str = "III") -> TableAnalysis:
    table = _TABLES[name]
    design = make_design(
        make_table(name, [make_column(each, values) for each, values in table["columns"].items()]),
        response=table["response"],
        factors=table["factors"],
        block=table.get("block"),
        covariates=table["covariates"],
    )
    return analyze_design(design, method, sums_of_squares="II" if squares == "II" else "III")


def _digits(name: str) -> float:
    return _REGRESSION if _TABLES[name].get("block") is None else _MIXED


def _expected(name: str, method: str) -> Case:
    found: Case = _TABLES[name]["expected"][method]
    return found


def test_the_reference_covers_the_designs() -> None:
    """At least five tables have covariates, and five incomplete blocks."""
    assert sum(bool(table["covariates"]) for table in _TABLES.values()) >= 5
    assert sum(table.get("block") is not None for table in _TABLES.values()) >= 5


@each_analysis
def test_effects(name: str, method: Method) -> None:
    """`car::Anova` of type III with `vcovHC` or the ordinary covariance, and `anova` of `lmer`."""
    found, digits = {each.name: each for each in _analysis(name, method).effects}, _digits(name)
    references = _expected(name, method)["effects"]
    assert {each["name"] for each in references} == set(found)
    for each in references:
        effect = found[each["name"]]
        assert effect.statistic == pytest.approx(each["f"], rel=digits)
        assert effect.df == pytest.approx(each["df"], rel=digits)
        assert effect.p == pytest.approx(each["p"], rel=10 * digits)
        if "omega" in each:
            assert effect.sizes[0].value == pytest.approx(each["omega"], rel=10 * digits, abs=1e-9)
        if "sum_of_squares" in each:
            assert effect.sum_of_squares == pytest.approx(each["sum_of_squares"], rel=digits)


@pytest.mark.parametrize("name", [name for name in _TABLES if "classical" in _TABLES[name]["expected"]])
def test_type_ii(name: str) -> None:
    """`car::Anova` of type II."""
    found = {each.name: each for each in _analysis(name, "classical", "II").effects}
    for each in _expected(name, "classical")["II"]:
        assert found[each["name"]].sum_of_squares == pytest.approx(each["sum_of_squares"], rel=_REGRESSION)
        assert found[each["name"]].p == pytest.approx(each["p"], rel=10 * _REGRESSION)


@each_analysis
def test_adjusted_means(name: str, method: Method) -> None:
    """`emmeans` at the means of the covariates: mean, standard error, df and interval."""
    digits = _digits(name)
    found = {(each.effect, each.level): each for each in _analysis(name, method).adjusted_means}
    count = 0
    for compared in _expected(name, method)["compared"]:
        means = compared["means"]
        for place, level in enumerate(means["levels"]):
            mean, count = found[compared["effect"], str(level)], count + 1
            error = means["standard_error"][place]
            for ours, theirs in ((mean.mean, "mean"), (mean.low, "low"), (mean.high, "high")):
                assert ours == pytest.approx(means[theirs][place], abs=digits * max(error, abs(means["mean"][place])))
            assert mean.standard_error == pytest.approx(error, rel=digits)
            assert mean.df == pytest.approx(means["df"][place], rel=digits)
    assert count == len(found)


@each_analysis
def test_comparisons(name: str, method: Method) -> None:
    """`pairs` of `emmeans`: difference and p, by max-t or Tukey's method."""
    digits = _digits(name)
    by_effect = {each.effect: each.pairs for each in _analysis(name, method).comparisons}
    for compared in _expected(name, method)["compared"]:
        reference = compared["pairs"]
        pairs = {(pair.first, pair.second): pair for pair in by_effect[compared["effect"]]}
        assert len(pairs) == len(reference["first"])
        for place, ends in enumerate(zip(reference["first"], reference["second"], strict=True)):
            sign = 1.0 if ends in pairs else -1.0  # levels of the table are sorted
            pair = pairs[ends if sign > 0.0 else (ends[1], ends[0])]
            assert pair.low is not None
            error = reference["standard_error"][place]
            assert sign * pair.difference == pytest.approx(reference["difference"][place], abs=10 * digits * error)
            assert pair.p == pytest.approx(reference["p"][place], abs=_QUADRATURE, rel=0.01)
            # The interval excludes 0 exactly if p < 0.05.
            assert (pair.low > 0.0 or (pair.high or 0.0) < 0.0) == (pair.p < 0.05)


@each_analysis
def test_slopes_and_their_homogeneity(name: str, method: Method) -> None:
    """Coefficients of the covariates, and `linearHypothesis` or `KRmodcomp` of their interactions."""
    analysis, digits, expected = _analysis(name, method), _digits(name), _expected(name, method)
    slopes = {each.covariate: each for each in analysis.slopes}
    assert len(slopes) == len(expected["slopes"])
    for each in expected["slopes"]:
        found = slopes[each["covariate"]]
        assert found.slope == pytest.approx(each["slope"], rel=10 * digits)
        assert found.standard_error == pytest.approx(each["standard_error"], rel=digits)
        assert found.df == pytest.approx(each["df"], rel=digits)
    diagnostics = [each for each in analysis.diagnostics if each.name == "homogeneity of slopes"]
    for diagnostic, each in zip(diagnostics, expected["homogeneity"], strict=True):
        assert diagnostic.statistic == pytest.approx(each["f"], rel=digits)
        assert diagnostic.p == pytest.approx(each["p"], rel=10 * digits)


@pytest.mark.parametrize("name", [name for name in _TABLES if _TABLES[name].get("block") is not None])
def test_components(name: str) -> None:
    """`VarCorr` of `lmer`."""
    found = [each.variance for each in _analysis(name, "default").components]
    expected = _expected(name, "default")["components"]
    assert found == pytest.approx(expected, rel=_MIXED, abs=1e-6 * expected[-1])
