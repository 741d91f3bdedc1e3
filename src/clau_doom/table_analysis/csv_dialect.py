"""How a CSV file is written: encoding, delimiter, comment and header, found in its first lines or named by the user."""

import codecs
import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clau_doom.errors import ConfigError

__all__ = ["CsvOptions", "Dialect", "find_dialect", "not_utf_8"]

_HEAD = 1 << 16
"""Bytes in which the header and the first row are looked for."""
_DELIMITERS = (",", ";", "\t", "|")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, kw_only=True)
class CsvOptions:
    """What a user says about a CSV file. None and 0 leave it to the file.

    Attributes:
        delimiter: The character between two values.
        decimal: The character before the decimals of a number.
        encoding: A codec of Python's.
        skip_rows: Lines before the header.
        na: Unquoted texts that mean a missing value; None: an empty cell, ``NA``, ``NaN`` and the like.
    """

    delimiter: str | None = None
    decimal: str = "."
    encoding: str | None = None
    skip_rows: int = 0
    na: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a CSV file is read.

    Attributes:
        encoding: A codec of Python's.
        delimiter: The character between two values.
        names: The columns' names.
        skip_lines: Lines before the first row, the header among them.
    """

    encoding: str
    delimiter: str
    names: tuple[str, ...]
    skip_lines: int


def find_dialect(path: Path, options: CsvOptions) -> Dialect:
    """Return how a CSV file is read.

    Recognised without options are a byte-order mark, ``sep=;``, a comment of JSON as in Stable-Baselines3's monitor
    files, semicolons, tabs and bars between the names of the header, and R's row names, which have none.

    Raises:
        ConfigError: The file is empty, or it is written in a way that an option must name; the message names it.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD + 1)
    encoding = _encoding(head, options, path)
    lines = [*io.StringIO(_text(head, encoding, path), newline="")]  # `str.splitlines` also splits at U+0085 and others
    skipped, delimiter = options.skip_rows, options.delimiter
    if not skipped and lines:
        told = _separator(lines[0])
        delimiter, skipped = delimiter or told, int(told is not None or lines[0].startswith("#{"))
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
        raise ConfigError(f"{path} begins with a comment: leave it out with --skip-rows 1")
    if first is not None and len(first) == len(names) + 1:
        names = ("", *names)  # R's write.table gives row names no heading
    return Dialect(encoding=encoding, delimiter=delimiter, names=names, skip_lines=skipped + header_lines)


def not_utf_8(path: Path) -> ConfigError:
    """Return the error for a file in another encoding than UTF-8."""
    return ConfigError(f"{path} is not UTF-8 text: name its encoding, such as --encoding latin-1 or --encoding utf-16")


def _encoding(head: bytes, options: CsvOptions, path: Path) -> str:
    if options.encoding is not None:
        try:
            "x".encode(options.encoding)  # codecs between bytes, such as hex, are refused here
            return codecs.lookup(options.encoding).name
        except (LookupError, ValueError) as error:
            remedy = "use a codec of Python's, such as utf-8, utf-16, latin-1 or cp1252"
            raise ConfigError(f"unknown encoding {options.encoding!r}: {remedy}") from error
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        raise not_utf_8(path)
    return "utf-8"


def _text(head: bytes, encoding: str, path: Path) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) <= _HEAD)
    except UnicodeError as error:
        if encoding == "utf-8":
            raise not_utf_8(path) from None
        raise ConfigError(f"{path} is not {encoding} text: name its encoding with --encoding") from error


def _separator(line: str) -> str | None:
    """Return the delimiter that a first line such as ``sep=;`` names, or None."""
    name, _, mark = line.strip().partition("=")
    return mark if name.lower() == "sep" and len(mark) == 1 else None


def _records(lines: list[str], delimiter: str) -> list[list[str]]:
    """Return the header and the first row."""
    return [*itertools.islice(filter(None, csv.reader(lines, delimiter=delimiter)), 2)]


def _delimiter(lines: list[str], path: Path) -> str:
    """Return the delimiter that stands in the header outside quotes; a comma where there is none.

    Of several the one counts by which the first row has as many values as the header has names.
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
        raise ConfigError(f"the header of {path} has {shown}: name the one between two columns with --delimiter")
    return found[0] if found else ","
