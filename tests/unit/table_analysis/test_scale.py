"""Large and small numbers of values, and values near the limits of doubles."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from clau_doom.table_analysis import (
    TableAnalysis,
    analyze_design,
    anova,
    fit,
    make_column,
    make_design,
    make_table,
)
from clau_doom.table_analysis.table_reader import read_table

CASES = Path(__file__).parents[2] / "cases/stat_scales"


def analysis(columns: dict[str, list[str]], values: list[float]) -> TableAnalysis:
    made = [make_column("y", values), *(make_column(name, levels) for name, levels in columns.items())]
    return analyze_design(make_design(make_table("t", made), response="y", factors=[*columns]))


@pytest.mark.parametrize(("name", "f"), [("hugescale", 8.64891), ("tinyscale", 23.7596)])
def test_extreme_values_do_not_overflow(name: str, f: float) -> None:
    """Statistics are those of the values in another unit; means and differences are in the values' own."""
    table = read_table(CASES / f"{name}.csv")
    found = analyze_design(make_design(table, response="y", factors=["g"]), "classical")
    values = table.column("y").floats()[0]
    first = values[table.column("g").codes == 0]
    assert found.effects[0].statistic == pytest.approx(f, rel=1e-5)
    assert found.groups[0].mean.mean == pytest.approx(float(np.mean(first)), rel=1e-12)
    assert found.groups[0].mean.low is not None
    assert found.groups[0].mean.low < float(np.mean(first))
    assert all(
        pair.low is not None and pair.high is not None and pair.low < pair.high
        for each in found.comparisons
        for pair in each.pairs
    )


@pytest.mark.parametrize("unit", [2.0**600, 2.0**-600, 1.7e308 / 8])
def test_a_unit_changes_no_statistic(unit: float) -> None:
    """Each effect's F, p and effect size are those of ordinary values."""
    rng = np.random.default_rng(5)
    values = rng.normal(size=48).clip(-4, 4)
    columns = {"a": ["x", "y"] * 24, "b": ["1", "1", "2", "2", "3", "3"] * 8}
    plain, scaled = (analysis(columns, each.tolist()) for each in (values, values * unit))
    for one, other in zip(plain.effects, scaled.effects, strict=True):
        assert (other.statistic, other.p) == pytest.approx((one.statistic, one.p), rel=1e-9)
        assert [size.value for size in other.sizes] == pytest.approx([size.value for size in one.sizes], rel=1e-9)
    assert scaled.test == plain.test
    assert scaled.groups[0].deviation == pytest.approx(plain.groups[0].deviation * unit, rel=1e-12)


def test_memory_does_not_grow_with_rows_times_cells() -> None:
    """A model has a row for each combination of levels, and not one for each value."""
    rows, levels = 40_000, 12
    rng = np.random.default_rng(2)
    made = [make_column("y", rng.normal(size=rows).tolist())]
    made += [make_column(name, rng.integers(levels, size=rows).tolist()) for name in ("a", "b")]
    design = make_design(make_table("t", made), response="y", factors=["a", "b"])
    tracemalloc.start()
    model = fit(design)
    anova(design, model, "II")
    assert len(model.residuals) == rows
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150 * rows  # a matrix of rows and cells has 1,152 bytes a row


def test_a_model_of_combinations_is_that_of_all_rows() -> None:
    """Parameters, their covariance and residuals are those of least squares over all rows."""
    rng = np.random.default_rng(3)
    columns = {"a": rng.integers(3, size=200).tolist(), "b": rng.integers(4, size=200).tolist()}
    made = [make_column("y", rng.normal(size=200).tolist()), *(make_column(*each) for each in columns.items())]
    design = make_design(make_table("t", made), response="y", factors=["a", "b"])
    model = fit(design)
    matrix = np.hstack([np.ones((200, 1)), *(term[model.grid.codes] for term in model.terms.values())])
    params = np.linalg.lstsq(matrix, design.values, rcond=None)[0]
    residuals = design.values - matrix @ params
    assert model.params == pytest.approx(params)
    assert model.residuals == pytest.approx(residuals)
    assert model.ssr == pytest.approx(float(residuals @ residuals))
    assert model.df_resid == 200 - 12
    assert model.covariance == pytest.approx(np.linalg.inv(matrix.T @ matrix) * model.ssr / model.df_resid)
