"""Complete blocks: Hotelling's T², the corrected F, and incomplete blocks."""

from collections.abc import Callable

import pytest

from clau_doom.errors import ConfigError
from clau_doom.statistics.complete_blocks import block_contrasts_test
from clau_doom.table_analysis import DataTable, Design, Method, analyze_design, make_design
from clau_doom.table_analysis.effect_contrasts import effects_of
from clau_doom.table_analysis.repeated_measures import complete_blocks

Make = Callable[..., DataTable]

# Hollander and Wolfe (1973), times of 22 baseball players to round first base by three methods; R, ?friedman.test.
ROUNDING_TIMES = """
5.40 5.50 5.55 5.85 5.70 5.75 5.20 5.60 5.50 5.55 5.50 5.40 5.90 5.85 5.70 5.45 5.55 5.60 5.40 5.40 5.35 5.45 5.50 5.35
5.25 5.15 5.00 5.85 5.80 5.70 5.25 5.20 5.10 5.65 5.55 5.45 5.60 5.35 5.45 5.05 5.00 4.95 5.50 5.50 5.40 5.45 5.55 5.50
5.55 5.55 5.35 5.45 5.50 5.55 5.50 5.45 5.25 5.65 5.60 5.40 5.70 5.65 5.55 6.30 6.30 6.25
"""


@pytest.fixture
def rounding_times(table: Make) -> Design:
    values = [float(text) for text in ROUNDING_TIMES.split()]
    made = table(y=values, method=["out", "narrow", "wide"] * 22, player=[place // 3 for place in range(66)])
    return make_design(made, response="y", factors=["method"], block="player")


def test_hotellings_t_squared(rounding_times: Design) -> None:
    """R: T² = n d' S⁻¹ d = 16.189926 of the two differences; F(2, 20) = 7.7094886, p = 0.0032956."""
    (effect,) = effects_of(rounding_times)
    blocks = complete_blocks(rounding_times)
    assert blocks is not None
    found = block_contrasts_test(effect.contrasts, blocks.means)
    assert found is not None
    assert (found.f, found.df, found.residual_df) == pytest.approx((7.7094886519, 2.0, 20.0))
    assert found.p == pytest.approx(0.003295640153, rel=1e-8)


def test_comparisons_are_paired(rounding_times: Design) -> None:
    """R, t.test(paired = TRUE): p = 1 - (1 - p)³ and intervals of level 0.95^(1/3)."""
    (comparisons,) = analyze_design(rounding_times).comparisons
    found = {(pair.first, pair.second): (pair.difference, pair.low, pair.high, pair.p) for pair in comparisons.pairs}
    assert comparisons.method == "paired t tests, Šidák"
    expected = {  # levels are sorted by name
        ("narrow", "out"): (-0.009090909091, -0.077154852366, 0.058973034184, 0.980854694305),
        ("narrow", "wide"): (0.075, 0.026171871254, 0.123828128746, 0.002024952362),
        ("out", "wide"): (0.084090909091, 0.002525667447, 0.165656150735, 0.042020291694),
    }
    assert found == {levels: pytest.approx(numbers, rel=1e-7) for levels, numbers in expected.items()}


def test_a_shift_of_a_block_changes_nothing(table: Make) -> None:
    """Differences within blocks do not depend on the blocks' levels."""
    values = [1.0, 2.5, 4.0, 3.0, 3.7, 6.2, 2.0, 9.0, 5.0, 1.5, 4.4, 7.7]
    shifted = [value + 1024.0 * (place // 3) for place, value in enumerate(values)]
    columns = {"a": ["x", "y", "z"] * 4, "seed": [place // 3 for place in range(12)]}
    plain, moved = (
        analyze_design(make_design(table(y=each, **columns), response="y", factors=["a"], block="seed"))
        for each in (values, shifted)
    )
    assert moved.effects[0].p == pytest.approx(plain.effects[0].p, rel=1e-9)
    assert [pair.p for pair in moved.comparisons[0].pairs] == pytest.approx(
        [pair.p for pair in plain.comparisons[0].pairs], rel=1e-9
    )


@pytest.mark.parametrize("method", ["ranks", "permutation"])
def test_incomplete_blocks_are_refused(table: Make, method: Method) -> None:
    """The error names the methods that allow them."""
    made = table(y=[1.0, 2.0, 3.0, 5.0, 4.0], a=["x", "y", "x", "y", "x"], seed=[1, 1, 2, 2, 3])
    design = make_design(made, response="y", factors=["a"], block="seed")
    with pytest.raises(
        ConfigError, match=r"a block of seed has no value in some cells.*test='default' or test='classical'"
    ):
        analyze_design(design, method)
    assert analyze_design(design, "classical").effects[0].name == "a"
