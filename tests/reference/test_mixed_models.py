"""Mixed models against values that lmerTest and pbkrtest computed.

`mixed_models.R` contains the data and the R code; `make reference` runs it and stores `mixed_models.json`.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clau_doom.statistics.mixed_models import Method, MixedModel, fit_mixed

_MODELS = json.loads(Path(__file__).with_name("mixed_models.json").read_text())["models"]
_DIGITS = 1e-4
_ZERO = 1e-6  # relative to the residual variance: R's components of 0
_METHODS: tuple[Method, ...] = ("kenward-roger", "satterthwaite")

Case = Mapping[str, Any]
each_model = pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in _MODELS])
each_method = pytest.mark.parametrize("method", _METHODS)


def _fit(case: Case) -> MixedModel:
    return _fit_of(case["name"])


@cache
def _fit_of(name: str) -> MixedModel:
    case = next(case for case in _MODELS if case["name"] == name)
    return fit_mixed(
        np.array(case["values"], dtype=float),
        np.array(case["fixed"], dtype=float),
        [np.array(codes) for codes in case["groups"]],
    )


def test_the_reference_covers_the_designs() -> None:
    """Complete and incomplete blocks, nested, crossed, and components of 0."""
    names = " ".join(case["name"] for case in _MODELS)
    assert len(_MODELS) >= 8
    assert all(word in names for word in ("complete blocks", "incomplete", "unbalanced", "crossed", "boundary"))


@each_model
def test_components(case: Case) -> None:
    """`VarCorr` of `lmer`."""
    expected = case["components"]
    assert _fit(case).components == pytest.approx(expected, rel=_DIGITS, abs=_ZERO * expected[-1])


@each_method
@each_model
def test_contrasts(case: Case, method: Method) -> None:
    """`contest1D` of each parameter: estimate, standard error, df, p and interval."""
    model, count = _fit(case), len(case["fixed"][0])
    for row, expected in zip(np.eye(count), case["contrasts"][method], strict=True):
        found = model.contrast(row, method=method)._asdict()
        error = expected["standard_error"]
        for name in ("estimate", "low", "high"):  # in units of the standard error: they may be 0
            assert found[name] == pytest.approx(expected[name], abs=_DIGITS * error), name
        for name in ("standard_error", "df"):
            assert found[name] == pytest.approx(expected[name], rel=_DIGITS), name
        assert found["p"] == pytest.approx(expected["p"], rel=10 * _DIGITS, abs=1e-12)


@each_method
@each_model
def test_terms(case: Case, method: Method) -> None:
    """`contestMD` and `KRmodcomp`: F, both degrees of freedom and p."""
    model = _fit(case)
    for term in case["terms"]:
        found = model.test(np.array(term["contrasts"], dtype=float), method=method)
        expected = term[method]
        for name in ("f", "df", "residual_df"):
            assert getattr(found, name) == pytest.approx(expected[name], rel=_DIGITS), name
        assert found.p == pytest.approx(expected["p"], rel=10 * _DIGITS, abs=1e-12)
