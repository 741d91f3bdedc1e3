"""Tests of tables in files."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from clau_doom.errors import ConfigError, DiskFull, StorageFailed
from clau_doom.storage.export_schema import ColumnKind, ExportedColumn, ExportedTable, Value
from clau_doom.storage.table_files import TableFormat, writing_tables
from clau_doom.table_analysis import DataColumn
from clau_doom.table_analysis.table_reader import read_table
from tests.support.small_disk import limited_file_size


def exported(name: str) -> ExportedTable:
    columns = (("text", ColumnKind.TEXT), ("whole", ColumnKind.WHOLE), ("number", ColumnKind.NUMBER))
    return ExportedTable(
        name=name, columns=tuple(ExportedColumn(name=title, kind=kind, meaning="") for title, kind in columns)
    )


ROWS: list[tuple[Value, ...]] = [
    ("a", 1, 0.1),
    ('b, "quoted"\nline', None, -0.0),
    (None, 2**40, 1e-300),
    ("NA", 0, 2.0),
]


def write(
    folder: Path,
    kind: TableFormat,
    *,
    force: bool = False,
    rows: Sequence[tuple[Value, ...]] = ROWS,
    meanwhile: Callable[[], None] | None = None,
) -> None:
    """Write two tables. `meanwhile` is called before they are complete."""
    with writing_tables(folder, [exported("one"), exported("two")], kind, force=force) as files:
        files.add("one", rows)
        files.add("two", ROWS[:1])
        if meanwhile is not None:
            meanwhile()
        files.add("two", ROWS[1:2])


def typed(column: DataColumn) -> tuple[Value, ...]:
    """Return a column's values, as numbers if all of them are numbers."""
    if not column.is_number:
        return column.values
    return tuple(
        [None if text is None else int(text) if text.lstrip("-").isdigit() else float(text) for text in column.values]
    )


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_table_round_trip(tmp_path: Path, kind: TableFormat) -> None:
    """Texts, numbers and missing values are kept."""
    write(tmp_path / "made/here", kind)
    assert left(tmp_path / "made/here") == [f"one.{kind}", f"two.{kind}"]
    table = read_table(tmp_path / f"made/here/one.{kind}")
    assert list(zip(*(typed(table.column(name)) for name in table.names), strict=True)) == ROWS
    assert table.names == ("text", "whole", "number")
    assert table.numbers.tolist() == [1, 2, 3, 4]
    assert len(read_table(tmp_path / f"made/here/two.{kind}")) == 2


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_are_exact_in_csv(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    """A number in a CSV is written so that the same double is read."""
    folder = tmp_path_factory.mktemp("exact")
    write(folder, "csv", rows=[("x", 1, number) for number in [0.5, *numbers]])
    assert read_table(folder / "one.csv").column("number").floats()[0].tolist() == [0.5, *numbers]


def test_existing_files_are_kept(tmp_path: Path) -> None:
    """`force` replaces them."""
    (tmp_path / "two.csv").write_text("mine")
    with pytest.raises(ConfigError, match=r"two.csv exists already: .* replace it with force=True"):
        write(tmp_path, "csv")
    assert (left(tmp_path), (tmp_path / "two.csv").read_text()) == (["two.csv"], "mine")
    write(tmp_path, "csv", force=True)
    assert len(read_table(tmp_path / "two.csv")) == 2


def test_file_created_during_the_export_is_kept(tmp_path: Path) -> None:
    def rival() -> None:
        (tmp_path / "one.csv").write_text("theirs")

    with pytest.raises(ConfigError, match=r"one\.csv exists already"):
        write(tmp_path, "csv", meanwhile=rival)
    assert (left(tmp_path), (tmp_path / "one.csv").read_text()) == (["one.csv"], "theirs")


def test_folder_with_the_name_of_a_table_is_refused(tmp_path: Path) -> None:
    """This holds even with `force`."""
    (tmp_path / "one.csv").mkdir()
    with pytest.raises(ConfigError, match=r"one.csv is a folder"):
        write(tmp_path, "csv", force=True)


def test_failed_export_leaves_no_file(tmp_path: Path) -> None:
    """Existing files stay unchanged."""

    def fail() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(tmp_path / "new", "csv", meanwhile=fail)
    assert left(tmp_path) == []
    write(tmp_path, "parquet")
    before = (tmp_path / "one.parquet").read_bytes()
    with pytest.raises(RuntimeError):
        write(tmp_path, "parquet", force=True, rows=ROWS[:1], meanwhile=fail)
    assert left(tmp_path) == ["one.parquet", "two.parquet"]
    assert (tmp_path / "one.parquet").read_bytes() == before


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_export_above_the_file_size_limit_leaves_no_file(tmp_path: Path, kind: TableFormat) -> None:
    rows: list[tuple[Value, ...]] = [(f"{place * 7919 % 10007:x}" * 9, place, place / 7) for place in range(20_000)]
    reason = r"nothing was exported, because .* cannot be written: .*File too large"
    with pytest.raises(StorageFailed, match=reason), limited_file_size():
        write(tmp_path / "new", kind, rows=rows)
    assert left(tmp_path) == []


def test_export_on_a_full_disk_raises_disk_full(tmp_path: Path) -> None:
    def fill() -> None:
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")

    with pytest.raises(DiskFull, match=r"no space is left on the disk of .*: nothing was exported"):
        write(tmp_path, "csv", meanwhile=fill)
    assert left(tmp_path) == []


def test_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        StorageFailed, match=r"nothing was exported, because .*file/new cannot be written: .*Not a directory"
    ):
        write(tmp_path / "file/new", "csv")


def test_parquet_types_are_converted(tmp_path: Path) -> None:
    """Dictionaries, decimals, booleans, times and NaN become numbers, texts and missing values."""
    made = pa.table(
        {
            "kind": pa.array(["a", "b"]).dictionary_encode(),
            "alive": [True, None],
            "when": pa.array([0, 1], type=pa.timestamp("s")),
            "price": pa.array([1, 2]).cast(pa.decimal128(21, 2)),
            "gap": [float("nan"), 1.5],
        }
    )
    parquet.write_table(made, tmp_path / "made.parquet")
    table = read_table(tmp_path / "made.parquet")
    assert {name: typed(table.column(name)) for name in table.names} == {
        "kind": ("a", "b"),
        "alive": ("true", None),
        "when": ("1970-01-01 00:00:00.000", "1970-01-01 00:00:01.000"),
        "price": (1.0, 2.0),
        "gap": (None, 1.5),
    }


def test_gaps_in_csv_are_missing(tmp_path: Path) -> None:
    """An empty cell and an unquoted NA are missing. Quoted, they are text."""
    (tmp_path / "t.csv").write_text('x,y\n1,a\n,NA\n2,"NA"\nNA,\n')
    table = read_table(tmp_path / "t.csv")
    assert [typed(table.column(name)) for name in table.names] == [(1, None, 2, None), ("a", None, "NA", None)]


def test_type_of_a_column_depends_on_all_rows(tmp_path: Path) -> None:
    """The file may be long."""
    (tmp_path / "t.csv").write_text("x\n" + "1\n" * 900_000 + "dead\n")
    assert read_table(tmp_path / "t.csv").column("x").values[-1] == "dead"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.txt", b"x\n1\n", "'.*t.txt' is not a .csv or .parquet file"),
        ("t.csv", None, "cannot read .*t.csv: No such file or directory"),
        ("t.csv", b"", "t.csv cannot be read as csv: Empty CSV file"),
        ("t.csv", b"x,y\n", "t.csv has no rows"),
        ("t.csv", b"x,x\n1,2\n", "t.csv has two columns named 'x'"),
        ("t.csv", b"x,y\n1,2\n3\n", "t.csv cannot be read as csv: .* Expected 2 columns, got 1"),
        ("t.parquet", b"x,y\n1,2\n", "t.parquet cannot be read as parquet"),
    ],
)
def test_unreadable_table_is_one_line_with_its_name(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        read_table(tmp_path / name)
    assert "\n" not in str(caught.value)
