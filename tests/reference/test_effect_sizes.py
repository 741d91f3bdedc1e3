"""Effect sizes of samples against values that R computed.

`effect_sizes.R` contains the data and the R code, which compares its values with those of the package effectsize;
`make reference` runs it and stores `effect_sizes.json`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from clau_doom.statistics.hedges_g import HedgesG, hedges_g, independent_g, paired_g, paired_gz
from clau_doom.statistics.superiority import probability_of_superiority
from tests.support.skewness_bound import too_skewed_for_g

_REFERENCE = json.loads(Path(__file__).with_name("effect_sizes.json").read_text())
_DIGITS = 1e-6

Case = Mapping[str, Any]


def _cases(kind: str) -> list[Any]:
    return [pytest.param(case, id=name) for name, case in _REFERENCE[kind].items()]


def _numbers(found: HedgesG | None) -> dict[str, float | None]:
    assert found is not None
    return {"d": found.cohen_d, "value": found.value, "low": found.low, "high": found.high}


def _expected(case: Case, kind: str, *samples: ArrayLike) -> Any:
    """Return R's numbers. For samples that are too skewed, the interval is withheld: R prints it."""
    numbers = {name: case["expected"][kind][name] for name in ("d", "value", "low", "high")}
    if samples and too_skewed_for_g([np.asarray(sample, dtype=np.float64) for sample in samples]):
        numbers |= {"low": None, "high": None}
    return {name: None if end is None else pytest.approx(end, rel=_DIGITS, abs=1e-9) for name, end in numbers.items()}


@pytest.mark.parametrize("case", _cases("independent"))
def test_hedges_g_over_the_mean_variance(case: Case) -> None:
    """`cohens_d(pooled_sd = FALSE)`; `hedges_g(pooled_sd = FALSE)` with equal sizes."""
    assert _numbers(independent_g(case["x"], case["y"])) == _expected(case, "average", case["x"], case["y"])


@pytest.mark.parametrize("case", _cases("independent"))
def test_hedges_g_over_the_pooled_deviation(case: Case) -> None:
    """`cohens_d` and `hedges_g` with equal variances."""
    pooled = case["expected"]["pooled"]
    df = len(case["x"]) + len(case["y"]) - 2.0
    found = hedges_g(
        pooled["d"] * pooled["deviation"],
        standard_error=pooled["standard_error"],
        df=df,
        deviation=pooled["deviation"],
        deviation_df=df,
        standardizer="pooled standard deviation",
    )
    assert _numbers(found) == _expected(case, "pooled")


@pytest.mark.parametrize("case", _cases("independent"))
def test_probability_of_superiority(case: Case) -> None:
    """`p_superiority(parametric = FALSE)` and `cliffs_delta`; the ends solve Newcombe's equation."""
    found = probability_of_superiority(case["x"], case["y"])
    expected = case["expected"]["superiority"]
    assert {"value": found.value, "low": found.low, "high": found.high} == pytest.approx(expected, rel=_DIGITS)


@pytest.mark.parametrize("case", _cases("paired"))
def test_hedges_g_of_pairs(case: Case) -> None:
    """`cohens_d(paired = TRUE)` for g_z; Algina and Keselman's interval for g_av."""
    x, y = case["x"], case["y"]
    assert _numbers(paired_gz(x, y)) == _expected(case, "z", np.subtract(x, y))
    assert _numbers(paired_g(x, y)) == _expected(case, "average", x, y)
