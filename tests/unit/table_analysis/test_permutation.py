"""Tests of permutation tests."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from clau_doom.table_analysis import DataTable, Design, analyze_design, make_design
from clau_doom.table_analysis.effect_contrasts import cell_statistics, effects_of
from clau_doom.table_analysis.welch_james import wald_statistic

Make = Callable[..., DataTable]


def test_p_value_approximates_the_exact_share(one_way: Callable[..., Design]) -> None:
    """Two groups of four: the p-value is that of all 70 splits, within the error of 9,999 random ones."""
    values = [1.0, 2.5, 3.0, 4.5, 3.5, 6.0, 7.5, 5.0]
    design = one_way(values[:4], values[4:])
    (effect,) = effects_of(design)
    assert analyze_design(design, "permutation").effects[0].symbol == "W"
    observed = wald_statistic(effect.contrasts, cell_statistics(design))
    splits = []
    for chosen in combinations(range(8), 4):
        order = [*chosen, *(place for place in range(8) if place not in chosen)]
        splits.append(wald_statistic(effect.contrasts, cell_statistics(design, np.array(values)[order])))
    share = float(np.mean([statistic >= observed * (1 - 1e-9) for statistic in splits]))
    assert analyze_design(design, "permutation").effects[0].p == pytest.approx(share, abs=0.006)


def test_permutations_are_reproducible(one_way: Callable[..., Design]) -> None:
    """The permutations are drawn from a fixed seed."""
    design = one_way([1.0, 2.0, 5.0], [2.0, 7.0, 6.0])
    first, second = (analyze_design(design, "permutation").effects[0].p for _ in range(2))
    assert first == second


def test_blocks_are_permuted_within(table: Make) -> None:
    """Six blocks with the same sign of the difference: p is 2 / 2⁶ for the t statistic of both signs."""
    values = [1.0, 2.0, 3.0, 5.0, 2.0, 6.0, 4.0, 5.5, 0.0, 3.5, 1.0, 3.0]
    made = table(y=values, a=["x", "y"] * 6, seed=[place // 2 for place in range(12)])
    found = analyze_design(make_design(made, response="y", factors=["a"], block="seed"), "permutation")
    assert found.effects[0].symbol == "F"
    assert found.effects[0].p == pytest.approx(2 / 64, abs=0.006)
