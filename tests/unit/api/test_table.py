"""Tests of tables of results."""

import builtins
from collections.abc import Callable

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from clau_doom.api.table import Table
from clau_doom.errors import ConfigError

TABLE = Table({"agent": ["a", "b", "c"], "fitness": [1.5, None, -0.0], "seed": [3, 4, 2**62]}, name="agents")


def test_rows_columns_and_slices() -> None:
    assert len(TABLE) == 3
    assert TABLE.columns == ["agent", "fitness", "seed"]
    assert TABLE["fitness"] == [1.5, None, -0.0]
    assert TABLE[1] == {"agent": "b", "fitness": None, "seed": 4}
    assert TABLE[-1]["seed"] == 2**62
    assert [row["agent"] for row in TABLE] == ["a", "b", "c"]
    assert TABLE[1:]["agent"] == ["b", "c"]
    assert TABLE[::-2]["agent"] == ["c", "a"]
    assert len(TABLE[5:]) == 0


def test_a_table_of_many_batches_is_iterated_in_order() -> None:
    table = Table({"x": list(range(25_000))})
    assert [row["x"] for row in table] == list(range(25_000))


def test_an_unknown_column_is_named_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="agents has no column 'kills': choose one of agent, fitness, seed"):
        _ = TABLE["kills"]
    with pytest.raises(IndexError):
        _ = TABLE[3]


def test_conversions_keep_values_and_types() -> None:
    assert TABLE.to_arrow().schema.types == [pa.string(), pa.float64(), pa.int64()]
    frame = TABLE.to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert frame.fitness.isna().tolist() == [False, True, False]
    assert frame.seed.tolist() == [3, 4, 2**62]
    polars = TABLE.to_polars()
    assert polars.rows() == [("a", 1.5, 3), ("b", None, 4), ("c", -0.0, 2**62)]
    assert pl.DataFrame(TABLE).equals(polars)
    assert pa.table(TABLE).equals(TABLE.to_arrow())


@pytest.mark.parametrize(("package", "convert"), [("pandas", Table.to_pandas), ("polars", Table.to_polars)])
def test_a_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, package: str, convert: Callable[[Table], object]
) -> None:
    original = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name == package:
            raise ModuleNotFoundError(f"No module named {package!r}")
        return original(name, *rest, **more)  # type: ignore[arg-type] # passed on unchanged

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=rf"to_{package} needs {package}.*: pip install 'clau-doom\[{package}\]'"):
        convert(TABLE)


def test_text_and_html_name_the_size() -> None:
    assert repr(TABLE) == "<Table agents: 3 rows, 3 columns: agent, fitness, seed>"
    assert "agents: 3 rows, 3 columns" in TABLE._repr_html_()
    assert "1 row, 1 column" in repr(Table({"x": [1]}))


def test_html_shows_the_first_and_the_last_rows() -> None:
    shown = Table({"x": [f"row{number}" for number in range(100)]})._repr_html_()
    assert [number for number in range(100) if f">row{number}<" in shown] == [0, 1, 2, 3, 4, 95, 96, 97, 98, 99]
    assert shown.count(">…<") == 1
    assert ">…<" not in Table({"x": [*range(10)]})._repr_html_()


def test_html_shows_the_first_and_the_last_columns() -> None:
    shown = Table({f"gene_{number}": [number] for number in range(2_000)})._repr_html_()
    assert ">gene_0<" in shown
    assert ">gene_1999<" in shown
    assert ">gene_1000<" not in shown
    assert len(shown) < 5_000


def test_html_escapes_text_from_outside() -> None:
    shown = Table({"<b>": ["<script>alert(1)</script>", "\x1b[31m", "x" * 1_000]}, name="<i>")._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<b>" not in shown
    assert "<i>" not in shown
    assert "\x1b" not in shown
    assert "x" * 200 not in shown
