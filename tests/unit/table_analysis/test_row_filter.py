"""Tests of the row filter."""

import re
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.errors import ConfigError
from clau_doom.table_analysis import DataTable, make_column, make_table, parse_where, rows_where
from clau_doom.table_analysis.row_filter import All, AnyOf, Literal, Name, Not, Relation


def table() -> DataTable:
    return make_table(
        "t.csv",
        [
            make_column("kills", (1, 2.5, None, 4)),
            make_column("condition", ("a", "b", "a", 'say "hi"')),
            make_column("partner.status", ("high", "low", "low", "high")),
            make_column("damage taken", (10, 20, 30, 40)),
            make_column("id", ("01", "1", "18446744073709551001", "18446744073709551002")),
            make_column("and", (1, 1, 0, 0)),
        ],
    )


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("kills == 1", [1]),
        ("kills != 1", [2, 4]),
        ("kills < 2.5", [1]),
        ("kills <= 2.5", [1, 2]),
        ("kills > +1e0", [2, 4]),
        ("kills >= -.5", [1, 2, 4]),
        ("2 < kills", [2, 4]),
        ("kills == kills", [1, 2, 4]),
        ("not kills == kills", [3]),
        ("condition == 'a'", [1, 3]),
        ('condition == "a"', [1, 3]),
        ("condition == 'say \"hi\"'", [4]),
        (r'condition == "say \"hi\""', [4]),
        ("condition < 'b'", [1, 3]),
        ("partner.status == 'low'", [2, 3]),
        ("`damage taken` >= 30", [3, 4]),
        ("`and` == 0", [3, 4]),
        ("condition == 'b' or condition == 'a' and kills == 1", [1, 2]),
        ("(condition == 'b' or condition == 'a') and kills == 1", [1]),
        ("not condition == 'a' and kills > 3", [4]),
        ("not (condition == 'a' or kills > 3)", [2]),
        ("not not kills==1", [1]),
        ("kills<`damage taken`", [1, 2, 4]),
        ("id == '01'", [1]),
        ("id == 1", [1, 2]),
        ("id != '1'", [1, 3, 4]),
        ("id == 18446744073709551001", [3]),
        ("id > 18446744073709551001", [4]),
        ("id == `and`", [2]),
        ("kills == '1'", [1]),
        ("  ( ( kills==1 ) )  ", [1]),
    ],
)
def test_conditions_select_rows(text: str, rows: list[int]) -> None:
    """A missing value satisfies no comparison."""
    chosen = rows_where(table(), text)
    assert list(chosen.numbers) == rows
    assert len(chosen.column("kills").values) == len(rows)


def test_a_text_is_read_into_values() -> None:
    """A condition is a tree of frozen values that know where they stood."""
    assert parse_where("not a == 1 and b < 'x' or c >= d") == AnyOf(
        (
            All(
                (
                    Not(Relation(Name("a", 5), "==", Literal(Decimal(1), 10))),
                    Relation(Name("b", 16), "<", Literal("x", 20)),
                )
            ),
            Relation(Name("c", 27), ">=", Name("d", 32)),
        )
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at character 1, at its end: expected a column, a number or a quoted text"),
        ("kills", "at character 6, at its end: expected one of == != < <= > >="),
        ("kills = 1", "at character 7, before '= 1': '=' is not expected here: write =="),
        ("kills == 1 & kills == 2", "at character 12, before '& kills == 2': '&' is not expected here: write and"),
        ("kills == 1 kills == 2", "at character 12, before 'kills == 2': expected and, or, or the end"),
        ("kills == 'a", "at character 10, before \"'a\": the ' is never closed"),
        ("(kills == 1", "at character 12, at its end: expected )"),
        ("kills == 1)", "at character 11, before ')': expected and, or, or the end"),
        ("kills == and", "at character 10, before 'and': expected a column, a number or a quoted text"),
        ("1 < kills < 3", "at character 11, before '< 3': expected and, or, or the end"),
        ("kills == 1 or", "at character 14, at its end: expected a column"),
        ("kills == 3x", "at character 10, before '3x': '3' is not expected here"),
        ("__import__('os')", "at character 11, before \"('os')\": expected one of =="),
        ("kill == 1", "at character 1, before 'kill == 1': t.csv has no column 'kill', did you mean 'kills'?"),
        ("kills < 'a'", "at character 9, before \"'a'\": a number is compared with text"),
        ("condition == 1", "at character 14, before '1': text is compared with a number"),
        ("(" * 60 + "kills == 1" + ")" * 60, "more than 50 levels of not and parentheses"),
        ("not " * 60 + "kills == 1", "more than 50 levels of not and parentheses"),
    ],
)
def test_syntax_error_has_its_position(text: str, message: str) -> None:
    """The message has the found and the expected text."""
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        rows_where(table(), text)
    assert "\n" not in str(caught.value)


def test_condition_without_rows_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"none of the 4 rows of t\.csv satisfies 'kills > 99'"):
        rows_where(table(), "kills > 99")


@given(st.text(alphabet="ab ()'\"`=!<>.and ornot01-\\", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is written, it is a condition or one error of ours."""
    with suppress(ConfigError):
        parse_where(text)


@given(st.text(min_size=1), st.text())
def test_quoting_holds_every_text(value: str, other: str) -> None:
    """Any text can be asked for, its quotes and backslashes escaped."""
    made = make_table("t", [make_column("x", (value, other + value + "."))])
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    assert rows_where(made, f"x == '{escaped}'").numbers.tolist() == [1]
