"""Format of a CSV file: encoding, delimiter, comment and header, detected or given by the user."""

import codecs
import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clau_doom.errors import ConfigError
from clau_doom.parameter_names import argument, parameter

__all__ = ["CsvOptions", "Dialect", "find_dialect", "not_utf_8"]

_HEAD = 1 << 16
"""Bytes that are searched for the header and the first row."""
_DELIMITERS = (",", ";", "\t", "|")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, kw_only=True)
class CsvOptions:
    """Options of a CSV file. None and 0 mean detection.

    Attributes:
        delimiter: The delimiter of columns.
        decimal: The decimal separator.
        encoding: A codec of Python.
        skip_rows: Lines before the header.
        na: Unquoted texts that mean a missing value; None: empty cells, ``NA``, ``NaN`` and similar texts.

    Raises:
        ConfigError: The delimiter, the decimal separator or the number of lines is invalid.
    """

    delimiter: str | None = None
    decimal: str = "."
    encoding: str | None = None
    skip_rows: int = 0
    na: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        mark = self.delimiter
        if mark is not None and (len(mark) != 1 or mark in '"\r\n' or not mark.isascii()):
            raise ConfigError(f"{argument('delimiter', mark)}: use one character, such as ';', or tab")
        if self.decimal not in {".", ","}:
            raise ConfigError(f"{argument('decimal', self.decimal)}: use . or ,")
        if self.skip_rows < 0:
            raise ConfigError(f"{argument('skip_rows', self.skip_rows)}: give a number of lines, 0 or above")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """Detected format of a CSV file.

    Attributes:
        encoding: A codec of Python.
        delimiter: The delimiter of columns.
        names: Names of the columns.
        skip_lines: Lines before the first row, including the header.
    """

    encoding: str
    delimiter: str
    names: tuple[str, ...]
    skip_lines: int


def find_dialect(path: Path, options: CsvOptions) -> Dialect:
    """Detect the format of a CSV file.

    Detected without options: a byte-order mark, ``sep=;``, a JSON comment as in Stable-Baselines3's monitor files,
    semicolons, tabs and bars as delimiters, and row names of R, which have no column name.

    Raises:
        ConfigError: The file is empty, or its format cannot be detected; the message names the option to give.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD + 1)
    encoding = _encoding(head, options, path)
    lines = [
        *io.StringIO(_decode(head, encoding, path), newline="")
    ]  # `str.splitlines` also splits at U+0085 and others
    skipped, delimiter = options.skip_rows, options.delimiter
    if not skipped and lines:
        named = _separator(lines[0])
        delimiter, skipped = delimiter or named, int(named is not None or lines[0].startswith("#{"))
    lines = lines[skipped:]
    if not any(line.strip() for line in lines):
        raise ConfigError(f"{path} cannot be read as csv: Empty CSV file")
    delimiter = delimiter or _delimiter(lines, path)
    reader = csv.reader(lines, delimiter=delimiter)
    records: Iterator[list[str]] = filter(None, reader)
    names = tuple(next(records))
    header_lines = reader.line_num
    first = next(records, None)
    if first is not None and len(names) < len(first) and names[0].startswith("#"):
        raise ConfigError(f"{path} begins with a comment: skip it with {argument('skip_rows', 1)}")
    if first is not None and len(first) == len(names) + 1:
        names = ("", *names)  # R's write.table writes no name for the column of row names
    return Dialect(encoding=encoding, delimiter=delimiter, names=names, skip_lines=skipped + header_lines)


def not_utf_8(path: Path) -> ConfigError:
    """Return the error for a file in another encoding than UTF-8."""
    latin, utf_16 = (argument("encoding", name) for name in ("latin-1", "utf-16"))
    return ConfigError(f"{path} is not UTF-8 text: give its encoding, such as {latin} or {utf_16}")


def _encoding(head: bytes, options: CsvOptions, path: Path) -> str:
    if options.encoding is not None:
        try:
            "x".encode(options.encoding)  # refuses codecs from bytes to bytes, such as hex
            return codecs.lookup(options.encoding).name
        except (LookupError, ValueError) as error:
            remedy = "use a codec of Python, such as utf-8, utf-16, latin-1 or cp1252"
            raise ConfigError(f"unknown encoding {options.encoding!r}: {remedy}") from error
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        raise not_utf_8(path)
    return "utf-8"


def _decode(head: bytes, encoding: str, path: Path) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) <= _HEAD)
    except UnicodeError as error:
        if encoding == "utf-8":
            raise not_utf_8(path) from None
        raise ConfigError(f"{path} is not {encoding} text: give its encoding with {parameter('encoding')}") from error


def _separator(line: str) -> str | None:
    """Return the delimiter of a first line such as ``sep=;``, or None."""
    name, _, mark = line.strip().partition("=")
    return mark if name.lower() == "sep" and len(mark) == 1 else None


def _records(lines: list[str], delimiter: str) -> list[list[str]]:
    """Return the header and the first row."""
    return [*itertools.islice(filter(None, csv.reader(lines, delimiter=delimiter)), 2)]


def _delimiter(lines: list[str], path: Path) -> str:
    """Return the only delimiter in the header outside quotes; a comma if there is none.

    Among several, return the one that gives the first row as many values as the header has names.
    """
    header = next(line for line in lines if line.strip())
    inside = itertools.accumulate((char == '"' for char in header), lambda before, quote: before is not quote)
    bare = {char for char, quoted in zip(header, inside, strict=True) if not quoted}
    found = [mark for mark in _DELIMITERS if mark in bare]
    if len(found) > 1:
        fitting = [mark for mark in found if len(set(map(len, _records(lines, mark)))) == 1]
        if len(fitting) == 1:
            return fitting[0]
        shown = " and ".join(repr(mark) for mark in found)
        raise ConfigError(
            f"the header of {path} has {shown}: give the delimiter of columns with {parameter('delimiter')}"
        )
    return found[0] if found else ","
