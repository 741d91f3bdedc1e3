"""Designs with covariates or incomplete blocks. `tests/reference/test_adjusted_means.py` compares them with R."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from clau_doom.errors import ConfigError
from clau_doom.table_analysis import DataTable, Design, Method, TableAnalysis, analyze_design, make_design

Make = Callable[..., DataTable]


def blocks(seed: int = 1) -> dict[str, Any]:
    """Return a table of three agents on eight seeds, with five rows missing."""
    rng = np.random.default_rng(seed)
    seeds, agents = np.repeat(np.arange(8), 3), np.tile(["a", "b", "c"], 8)
    kills = rng.normal(size=24) + 2.0 * rng.normal(size=8)[seeds] + (agents == "c")
    kept = ~np.isin(np.arange(24), [0, 4, 8, 12, 13])
    return {"kills": kills[kept].tolist(), "agent": agents[kept].tolist(), "seed": seeds[kept].tolist()}


def covariates(seed: int = 1) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    agents, skill = np.repeat(["a", "b", "c"], [6, 9, 12]), rng.normal(size=27)
    score = rng.normal(size=27) + 2.0 * skill + (agents == "c")
    return {"score": score.tolist(), "agent": agents.tolist(), "skill": skill.tolist()}


def in_blocks(table: Make, columns: dict[str, Any]) -> Design:
    return make_design(table(**columns), response="kills", factors=["agent"], block="seed")


def adjusted(table: Make, columns: dict[str, Any], method: Method = "default") -> TableAnalysis:
    design = make_design(table(**columns), response="score", factors=["agent"], covariates=["skill"])
    return analyze_design(design, method)


def test_complete_blocks_keep_their_test(table: Make) -> None:
    """One missing row selects the mixed model."""
    rng = np.random.default_rng(1)
    whole = {"kills": rng.normal(size=24).tolist(), "agent": ["a", "b", "c"] * 8, "seed": sorted([*range(8)] * 3)}
    cut = {name: column[1:] for name, column in whole.items()}
    assert analyze_design(in_blocks(table, whole)).test == "tests of the differences within blocks"
    found = analyze_design(in_blocks(table, cut))
    assert found.test == "mixed model with random blocks, Kenward-Roger"
    assert [each.name for each in found.components] == ["seed", "residual"]
    assert [each.method for each in found.comparisons] == ["max-t"]


def test_equal_runs_nested_in_conditions_are_a_t_test_of_run_means(table: Make) -> None:
    """Blocks may lie within the levels of the factor: the runs are the unit, not their episodes."""
    rng = np.random.default_rng(2)
    runs = np.repeat(np.arange(10), 5)
    kills = rng.normal(size=50) + 2.0 * rng.normal(size=10)[runs]
    columns = {"kills": kills.tolist(), "agent": ["a"] * 25 + ["b"] * 25, "seed": runs.tolist()}
    found = analyze_design(in_blocks(table, columns))
    means = kills.reshape(10, 5).mean(axis=1)
    expected = stats.ttest_ind(means[:5], means[5:])
    (effect,), (pair,) = found.effects, found.comparisons[0].pairs
    assert (*effect.df, effect.p) == pytest.approx((1.0, 8.0, expected.pvalue))
    assert pair.p == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval(0.95)
    assert (pair.low, pair.high) == pytest.approx((interval.low, interval.high))
    assert [each.mean for each in found.adjusted_means] == pytest.approx([means[:5].mean(), means[5:].mean()])


def test_a_shift_of_a_complete_block_changes_no_difference_much(table: Make) -> None:
    """Between-block information has no weight if blocks differ greatly: the estimates are those within blocks."""
    columns = blocks()
    far = [value + 1e4 * seed for value, seed in zip(columns["kills"], columns["seed"], strict=True)]
    mixed = analyze_design(in_blocks(table, columns | {"kills": far})).comparisons[0].pairs
    within = analyze_design(in_blocks(table, columns), "classical").comparisons[0].pairs
    assert [pair.difference for pair in mixed] == pytest.approx([pair.difference for pair in within], rel=1e-4)


def test_effects_intervals_and_p_values_follow_the_unit(table: Make) -> None:
    """A response of 1e-180 has the same p-values; means, slopes and components follow its scale."""
    for columns, name in ((blocks(), "kills"), (covariates(), "score")):
        found = []
        for scale in (1.0, 1e-180):
            changed = columns | {name: [scale * value for value in columns[name]]}
            found.append(analyze_design(in_blocks(table, changed)) if name == "kills" else adjusted(table, changed))
        plain, tiny = found
        assert [each.p for each in tiny.effects] == pytest.approx([each.p for each in plain.effects], rel=1e-6)
        for ours, theirs in zip(tiny.adjusted_means, plain.adjusted_means, strict=True):
            assert ours.low * 1e180 == pytest.approx(theirs.low, rel=1e-6)
        for slope, other in zip(tiny.slopes, plain.slopes, strict=True):
            assert slope.high * 1e180 == pytest.approx(other.high, rel=1e-6)


@pytest.mark.parametrize("method", ["default", "classical"])
def test_the_unit_of_a_covariate_does_not_matter(table: Make, method: Method) -> None:
    """The slope follows it; tests and adjusted means do not."""
    columns = covariates()
    plain = adjusted(table, columns, method)
    moved = adjusted(table, columns | {"skill": [1e9 + 250.0 * value for value in columns["skill"]]}, method)
    assert moved.slopes[0].slope * 250.0 == pytest.approx(plain.slopes[0].slope, rel=1e-5)
    assert moved.slopes[0].mean == pytest.approx(1e9 + 250.0 * plain.slopes[0].mean)
    assert [each.p for each in moved.effects] == pytest.approx([each.p for each in plain.effects], rel=1e-4)
    assert [each.mean for each in moved.adjusted_means] == pytest.approx(
        [each.mean for each in plain.adjusted_means], rel=1e-5
    )
    assert moved.diagnostics[-1].p == pytest.approx(plain.diagnostics[-1].p, rel=1e-4)


def test_different_slopes_are_shown(table: Make) -> None:
    """The diagnostic says that differences depend on the covariate."""
    columns = covariates()
    factor = {"a": -3.0, "b": 0.0, "c": 3.0}
    values = zip(columns["score"], columns["agent"], columns["skill"], strict=True)
    steep = [score + factor[agent] * skill for score, agent, skill in values]
    same, differ = adjusted(table, columns).diagnostics[-1], adjusted(table, columns | {"score": steep}).diagnostics[-1]
    assert (same.name, same.method, same.remark) == ("homogeneity of slopes", "F, skill by agent", "df 2, 21")
    assert differ.p is not None
    assert differ.p < 0.001
    assert "slopes differ, so that differences depend on skill" in differ.remark


def test_diagnostics_use_the_residuals_of_the_model(table: Make) -> None:
    """A strong covariate does not appear as a deviation from normality."""
    columns = covariates()
    columns["skill"] = [4.0**place for place in range(9)] * 3
    columns["score"] = [value + skill for value, skill in zip(columns["score"], columns["skill"], strict=True)]
    with_covariate = adjusted(table, columns, "classical").diagnostics[0]
    without = analyze_design(make_design(table(**columns), response="score", factors=["agent"])).diagnostics[0]
    assert with_covariate.p is not None
    assert without.p is not None
    assert without.p < 1e-4 < with_covariate.p


def test_values_at_a_limit_withhold_the_test(table: Make) -> None:
    """As without covariates; the remedy omits them."""
    columns = covariates()
    columns["score"] = [26.0] * 20 + columns["score"][20:]
    (effect,) = adjusted(table, columns).effects
    assert effect.p is None
    assert effect.note.endswith("use test='ranks' or test='permutation' without covariates=...")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"skill": [2.5] * 27}, "the covariate skill has the same value in all rows: omit it"),
        ({"skill": [1.0] * 6 + [3.0] * 21}, "the covariate skill does not vary within the groups.*: omit it"),
        ({"skill": ["x"] * 27}, "row 1: the covariate skill is not a number but 'x': a covariate must be a number"),
        ({"skill": [None, *range(26)]}, "row 1: the covariate skill is missing: exclude such rows with where="),
        ({"skill": [1.0] + [0.0] * 26}, "one row alone determines a parameter.*: use test='classical'"),
    ],
)
def test_covariates_without_information_are_refused(table: Make, change: dict[str, Any], message: str) -> None:
    """One line names the column and the remedy."""
    with pytest.raises(ConfigError, match=message):
        adjusted(table, covariates() | change)


def test_dependent_covariates_are_refused(table: Make) -> None:
    """Two columns that differ by a group's constant and a factor are one covariate."""
    columns = covariates()
    columns["power"] = [3.0 * value + 1.0 for value in columns["skill"]]
    with pytest.raises(ConfigError, match="the covariates skill and power are linearly dependent within the groups"):
        make_design(table(**columns), response="score", factors=["agent"], covariates=["skill", "power"])


def test_an_exact_covariate_is_refused(table: Make) -> None:
    """No residual variance is left."""
    columns = covariates()
    with pytest.raises(ConfigError, match="score is a linear function of skill in each group"):
        adjusted(table, columns | {"score": [2.0 * value - 1.0 for value in columns["skill"]]})


@pytest.mark.parametrize("method", ["ranks", "permutation"])
def test_methods_without_covariates_refuse_them(table: Make, method: Method) -> None:
    """The error names the methods that allow them."""
    with pytest.raises(
        ConfigError, match=f"test={method!r} does not allow covariates: use test='default' or test='classical'"
    ):
        adjusted(table, covariates(), method)


def test_blocks_that_cannot_be_random_are_refused(table: Make) -> None:
    """One row in each block, and blocks that are the levels of the factor."""
    columns = blocks()
    with pytest.raises(ConfigError, match="each block of seed has only one row: omit block="):
        analyze_design(in_blocks(table, columns | {"seed": list(range(19))}))
    with pytest.raises(ConfigError, match=r"block='seed': the variance components .* cannot be separated.*omit block="):
        analyze_design(in_blocks(table, columns | {"seed": columns["agent"]}))


def test_slopes_need_values(table: Make) -> None:
    """With too few rows, the homogeneity of slopes is not tested."""
    kept = [0, 1, 6, 7, 8, 15, 16]
    columns = {name: [column[place] for place in kept] for name, column in covariates().items()}
    last = adjusted(table, columns, "classical").diagnostics[-1]
    assert (last.statistic, last.p, last.remark) == (None, None, "too few values")
