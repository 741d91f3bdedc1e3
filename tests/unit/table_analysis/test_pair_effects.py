"""Tests of effect sizes and equivalence tests of pairs."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.errors import ConfigError
from clau_doom.table_analysis import Design, Pair, analyze_design, make_column, make_design, make_table

Published = Callable[..., Design]


def _design(values: Sequence[float], **columns: Sequence[object]) -> Design:
    made = [make_column("y", values), *(make_column(name, [*map(str, cells)]) for name, cells in columns.items())]
    factors = [name for name in columns if name != "block"]
    return make_design(
        make_table("t", made), response="y", factors=factors, block="block" if "block" in columns else None
    )


def _pairs(
    design: Design, method: Literal["default", "classical"], margin: float | None = None
) -> dict[tuple[str, str], Pair]:
    """Return the pairs of the first effect. The default method has none for skewed values."""
    found = analyze_design(design, method, margin=margin).comparisons[:1]
    return {(pair.first, pair.second): pair for each in found for pair in each.pairs}


def test_hedges_g_of_independent_levels(published: Published) -> None:
    """R's effectsize: cohens_d(len ~ supp, data = ToothGrowth, pooled_sd = FALSE)."""
    (pair,) = _pairs(published("ToothGrowth", "len", "supp"), "default").values()
    (size,) = pair.sizes
    assert (size.symbol, size.standardizer) == ("g", "root of the mean variance of the compared cells")
    assert size.cohen_d == pytest.approx(0.4945201405, rel=1e-8)
    assert (size.low, size.high) == pytest.approx((-0.02198699, 1.0067035), abs=1e-6)
    assert size.confidence == pytest.approx(0.95)


def test_pairs_in_blocks_have_both_effect_sizes() -> None:
    """R's effectsize: hedges_g(sleep, paired = TRUE) is -1.1739249; g_av divides by the mean variance."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    design = _design([*first, *second], drug=["1"] * 10 + ["2"] * 10, block=[*range(10)] * 2)
    (pair,) = _pairs(design, "default").values()
    average, z = pair.sizes
    assert (average.symbol, z.symbol) == ("g_av", "g_z")
    assert z.value == pytest.approx(-1.173924904, rel=1e-8)
    assert average.cohen_d == pytest.approx(-0.8321810813, rel=1e-8)


def test_skewed_values_have_effect_sizes_without_intervals() -> None:
    """Two of 20 values are far from the others; a skewness of 2.64 of the residuals forbids the intervals."""
    skewed = [*map(float, range(18)), 200.0, 210.0]
    design = _design([*skewed, *(value + 5.0 for value in skewed)], a=["x"] * 20 + ["y"] * 20)
    (pair,) = _pairs(design, "classical").values()
    assert len(pair.sizes) == 1
    assert (pair.sizes[0].low, pair.sizes[0].high) == (None, None)


def test_pooled_d_includes_the_other_factor() -> None:
    """By hand: levels with the values 0, 2, 4, 6 and 1, 3, 5, 7 have the pooled variance 20 / 3."""
    design = _design([0.0, 2.0, 4.0, 6.0, 1.0, 3.0, 5.0, 7.0], a=["x"] * 4 + ["y"] * 4, b=["u", "u", "v", "v"] * 2)
    (pair,) = _pairs(design, "classical").values()
    residual, pooled = pair.sizes
    assert residual.cohen_d == pytest.approx(-1.0 / 2.0**0.5)
    assert pooled.symbol == "pooled g"
    assert pooled.cohen_d == pytest.approx(-1.0 / (20.0 / 3.0) ** 0.5)


def test_the_unit_does_not_change_effect_sizes() -> None:
    """Standard errors and standardizers are in the response's unit."""
    values = [1.0, 2.0, 4.0, 3.0, 5.0, 9.0]
    plain, tiny = (
        next(iter(_pairs(_design([scale * value for value in values], g=["x"] * 3 + ["y"] * 3), "default").values()))
        for scale in (1.0, 2.0**-600)
    )
    assert plain.standard_error is not None
    assert tiny.standard_error == pytest.approx(plain.standard_error * 2.0**-600)
    assert tiny.standardizers[0].deviation == pytest.approx(plain.standardizers[0].deviation * 2.0**-600)
    assert tiny.sizes[0].value == pytest.approx(plain.sizes[0].value)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.integers(-50, 50), min_size=3, max_size=6, unique=True), min_size=2, max_size=4),
    st.sampled_from(["default", "classical"]),
)
def test_effect_size_and_p_agree(groups: list[list[int]], method: Literal["default", "classical"]) -> None:
    """The simultaneous interval of g excludes 0 exactly if the corrected p-value is below 0.05."""
    values = [float(value) for group in groups for value in group]
    labels = [place for place, group in enumerate(groups) for _ in group]
    for pair in _pairs(_design(values, g=labels), method).values():
        for size in pair.sizes:
            if abs(pair.p - 0.05) > 1e-6 and size.low is not None and size.high is not None:
                assert (size.low > 0.0 or size.high < 0.0) == (pair.p < 0.05)


def test_equivalence_is_schuirmanns_test(published: Published) -> None:
    """R: the one-sided t.test(len ~ supp, ToothGrowth) with mu = -8 and mu = 8; its interval with conf.level = 0.9."""
    (pair,) = _pairs(published("ToothGrowth", "len", "supp"), "default", margin=8.0).values()
    assert pair.equivalence is not None
    test = pair.equivalence.test
    assert (test.p_lower, test.p_upper) == pytest.approx((6.403892805e-08, 1.505897467e-02), rel=1e-6)
    assert test.p == test.p_upper
    assert (test.low, test.high) == pytest.approx((0.4682686899, 6.9317313101), rel=1e-9)
    assert pair.equivalence.conclusion == "equivalent"


@pytest.mark.parametrize(
    ("shift", "spread", "margin", "conclusion"),
    [
        (5.0, 1.0, 2.0, "different"),
        (0.0, 1.0, 3.0, "equivalent"),
        (1.0, 0.1, 2.0, "different, but within the margin"),
        (1.0, 9.0, 2.0, "neither a difference nor equivalence is shown"),
    ],
)
def test_conclusions(shift: float, spread: float, margin: float, conclusion: str) -> None:
    """The comparison shows a difference, the equivalence test a small one; each may be shown without the other."""
    noise = [-1.0, -0.5, 0.0, 0.5, 1.0]
    values = [spread * each for each in noise] + [shift + spread * each for each in noise]
    (pair,) = _pairs(_design(values, g=["x"] * 5 + ["y"] * 5), "default", margin=margin).values()
    assert pair.equivalence is not None
    assert pair.equivalence.conclusion == conclusion


@pytest.mark.parametrize("margin", [0.0, -1.0, float("nan"), float("inf")])
def test_an_invalid_margin_is_refused(margin: float) -> None:
    design = _design([1.0, 2.0, 3.0, 5.0], g=["x", "x", "y", "y"])
    with pytest.raises(ConfigError, match="give a margin above 0"):
        analyze_design(design, margin=margin)
    with pytest.raises(ConfigError, match="test='ranks' has none"):
        analyze_design(design, "ranks", margin=1.0)


def test_a_pair_without_variance_has_no_equivalence_test() -> None:
    """Two of three levels are constant."""
    design = _design([1.0, 1.0, 2.0, 2.0, 3.0, 5.0, 4.5], g=["x", "x", "y", "y", "z", "z", "z"])
    pairs = _pairs(design, "default", margin=1.0)
    assert pairs["x", "y"].equivalence is None
    assert pairs["x", "y"].sizes == ()
    assert pairs["x", "z"].equivalence is not None
    assert np.isfinite(pairs["x", "z"].sizes[0].value)
