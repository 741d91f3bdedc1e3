"""Tests of CSV files of other programs."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from clau_doom.errors import ConfigError
from clau_doom.table_analysis.csv_dialect import CsvOptions
from clau_doom.table_analysis.table_reader import read_table

CASES = Path(__file__).parents[2] / "cases/csv"


@pytest.mark.parametrize(
    ("file", "options", "names"),
    [
        ("semicolon", {}, ("agent", "score")),
        ("excel_sep", {}, ("agent", "score")),
        ("utf16", {}, ("agent", "score")),
        ("rindex", {}, ("", "agent", "score")),
        ("sb3monitor", {}, ("r", "l", "t")),
        ("decimalcomma", {"decimal": ","}, ("agent", "score")),
        ("decimalcomma_q", {"decimal": ","}, ("agent", "score")),
        ("latin1", {"encoding": "latin-1"}, ("Gruppe", "score")),
        ("latin1head", {"encoding": "latin-1"}, ("Größe", "score")),
    ],
)
def test_csv_dialects_are_read(file: str, options: dict[str, str], names: tuple[str, ...]) -> None:
    """Ambiguous files need an option."""
    table = read_table(CASES / f"{file}.csv", CsvOptions(**options))  # type: ignore[arg-type]
    assert table.names == names
    response = table.column("r" if "r" in names else "score")
    assert response.floats()[0][:2].tolist() == [7.64, 7.7]
    if "Gruppe" in names:
        assert table.column("Gruppe").levels[0] == "Männer"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"gr\xf6\xdfe,score\na,1\n", r"t\.csv is not UTF-8 text: give its encoding, such as encoding='latin-1'"),
        (b"x,score\n" + b"a,1\n" * 50_000 + b"\xf6,1\n", "is not UTF-8 text: give its encoding"),
        ("x,score\na,1\n".encode("utf-16-le"), "is not UTF-8 text: give its encoding"),
        (b"a;b,score\n1;2,3\n", "the header of .*t.csv has ',' and ';': give the delimiter of columns with delimiter="),
        (b"# run of Monday\nx,score\na,1\n", "t.csv begins with a comment: skip it with skip_rows=1"),
    ],
)
def test_ambiguous_file_is_refused_with_the_option(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_table(tmp_path / "t.csv")


def test_options_set_the_dialect(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("made by x\n\nname|größe\nNA|1\n-|2\n".encode("cp1252"))
    options = CsvOptions(delimiter="|", skip_rows=1, encoding="cp1252", na=("-",))
    table = read_table(tmp_path / "t.csv", options)
    assert table.names == ("name", "größe")
    assert table.column("name").values == ("NA", None)


@pytest.mark.parametrize(
    ("content", "names", "values"),
    [
        (b'"agent","score"\n"1","alpha",7.5\n"2","beta",8\n', ("", "agent", "score"), ("alpha", "beta")),
        (b"\xef\xbb\xbfagent,score\nalpha,1\nbeta,2\n", ("agent", "score"), ("alpha", "beta")),
        (b"agent\tscore\r\nalpha\t1\r\nbeta\t2\r\n", ("agent", "score"), ("alpha", "beta")),
        (b'agent,"a;b\nc",score\nalpha,x,1\nbeta,y,2\n', ("agent", "a;b\nc", "score"), ("alpha", "beta")),
        (b"#agent,score\nalpha,1\nbeta,2\n", ("#agent", "score"), ("alpha", "beta")),
        (b"agent,a;b\nalpha,1\nbeta,2\n", ("agent", "a;b"), ("alpha", "beta")),
        ("agent\u2028x,score\nalpha,1\nbeta,2\n".encode(), ("agent\u2028x", "score"), ("alpha", "beta")),
    ],
)
def test_headers_are_recognised(tmp_path: Path, content: bytes, names: tuple[str, ...], values: tuple[str]) -> None:
    """R's row names, byte-order marks, tabs, and names with line breaks, semicolons or a hash."""
    (tmp_path / "t.csv").write_bytes(content)
    table = read_table(tmp_path / "t.csv")
    assert table.names == names
    assert table.column(next(name for name in names if "agent" in name)).values == values


def test_texts_are_unchanged() -> None:
    """Identifiers that look like equal numbers are not merged."""
    assert len(read_table(CASES / "bigids.csv").column("id").levels) == 3
    assert read_table(CASES / "leadingzero.csv").column("subject").levels == ("01", "1", "02")
    assert read_table(CASES / "expids.csv").column("id").levels == ("1e2", "100", "2e1")
    assert read_table(CASES / "date.csv").column("day").levels[0] == "2026-01-15"


def test_only_used_columns_are_converted(tmp_path: Path) -> None:
    columns = {
        "day": pa.array([0, 1], type=pa.date32()),
        "at": pa.array([0, 1], type=pa.time64("ns")),
        "when": pa.array([0, 1], type=pa.timestamp("ns", tz="UTC")),
        "took": pa.array([5, 6], type=pa.duration("ms")),
        "nested": pa.array([[1], [2]]),
        "kills": [3, 4],
        "share": [0.1, 2.0],
    }
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert table.column("day").values == ("1970-01-01", "1970-01-02")
    assert table.column("at").values == ("00:00:00.000000000", "00:00:00.000000001")
    assert table.column("when").values == ("1970-01-01 00:00:00.000000000Z", "1970-01-01 00:00:00.000000001Z")
    assert table.column("took").values == ("5", "6")
    assert table.column("kills").values == ("3", "4")
    assert table.column("share").values == ("0.1", "2")
    assert [table.column(name).name for name in table.names] == [*columns]


def test_other_files_are_refused_with_the_formats(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"t\.xlsx' is not a \.csv or \.parquet file$"):
        read_table(tmp_path / "t.xlsx")


def test_options_of_csv_are_refused_for_parquet(tmp_path: Path) -> None:
    """They say nothing about such a file."""
    parquet.write_table(pa.table({"x": [1]}), tmp_path / "t.parquet")
    with pytest.raises(ConfigError, match=r"are for \.csv files: omit them"):
        read_table(tmp_path / "t.parquet", CsvOptions(delimiter=";"))
