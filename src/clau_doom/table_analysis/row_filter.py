"""Row filter of a table: a small grammar of comparisons, parsed into frozen values and never executed as code.

    condition  = both { "or" both }
    both       = one { "and" one }
    one        = "not" one | "(" condition ")" | operand operator operand
    operator   = "==" | "!=" | "<" | "<=" | ">" | ">="
    operand    = column | `column` | number | 'text' | "text"

A column name with other characters than letters, digits, "_" and ".", or with a leading digit, is written in
backquotes. In quoted text a backslash escapes the next character. A column and a number are compared as numbers,
without rounding; a column and a text as texts, by code point: ``id == '01'`` selects 01 and not 1. Two columns are
equal if their texts are equal. They are ordered as numbers if all values are numbers. A comparison with a missing value
is false for each operator: ``kills == kills`` keeps the rows that have a value.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from clau_doom.errors import ConfigError
from clau_doom.table_analysis.table import DataColumn, DataTable

__all__ = ["All", "AnyOf", "Condition", "Literal", "Name", "Not", "Relation", "parse_where", "rows_where"]

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<quoted>`[^`]+`)
      | (?P<word>[^\W\d][\w.]*)
      | (?P<sign>==|!=|<=|>=|[<>()])
    )""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST = 50  # each level is a recursive call
_REMEDIES = {"=": "write ==", "&": "write and", "|": "write or", "!": "write not, or !="}


@dataclass(frozen=True, slots=True)
class Name:
    """A column.

    Attributes:
        name: Its name.
        at: Its position in the text, from 1.
    """

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a text.

    Attributes:
        value: The number or the unescaped text.
        at: Its position in the text, from 1.
    """

    value: Decimal | str
    at: int


@dataclass(frozen=True, slots=True)
class Relation:
    """A comparison of two operands."""

    left: Name | Literal
    sign: str
    right: Name | Literal


@dataclass(frozen=True, slots=True)
class Not:
    """Negation of a condition."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """Conjunction of conditions."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Disjunction of conditions."""

    conditions: "tuple[Condition, ...]"


Condition = Relation | Not | All | AnyOf
Operand = DataColumn | Decimal | str
Mask = NDArray[np.bool_]


def parse_where(text: str) -> Condition:
    """Parse a condition.

    Raises:
        ConfigError: The text is not a condition; the message names the position and the remedy.
    """
    return _Parser(text).condition()


def rows_where(table: DataTable, text: str) -> DataTable:
    """Return the rows of a table that satisfy a condition.

    Raises:
        ConfigError: The text is not a condition, names an unknown column or compares text with a number, or no row
            satisfies it.
    """
    chosen = table.only(_mask(parse_where(text), table, text))
    if not len(chosen):
        raise ConfigError(f"none of the {len(table)} rows of {table.name} satisfies {text!r}")
    return chosen


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    """Recursive-descent parser of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._place = 0
        self._depth = 0

    def condition(self) -> Condition:
        found = self._either()
        if self._next.kind != "end":
            self._fail(self._next, "expected and, or, or the end")
        return found

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._one()]
        while self._takes("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail(self._next, f"more than {_DEEPEST} levels of not and parentheses")
        try:
            if self._takes("not"):
                return Not(self._one())
            if self._takes("("):
                inner = self._either()
                if not self._takes(")"):
                    self._fail(self._next, "expected )")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Relation:
        left = self._operand()
        if self._next.text not in _OPERATORS:
            self._fail(self._next, f"expected one of {' '.join(_OPERATORS)}")
        sign = self._take().text
        return Relation(left, sign, self._operand())

    def _operand(self) -> Name | Literal:
        token = self._next
        if token.kind in {"end", "sign"} or _is_keyword(token):
            self._fail(token, "expected a column, a number or a quoted text")
        self._take()
        match token.kind:
            case "number":
                return Literal(Decimal(token.text), token.at)
            case "text":
                return Literal(re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL), token.at)
            case "quoted":
                return Name(token.text[1:-1], token.at)
            case _:
                return Name(token.text, token.at)

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _takes(self, text: str) -> bool:
        """Consume a keyword or a parenthesis if it is next; return whether it was."""
        found = self._next.text == text and self._next.kind in {"word", "sign"}
        self._place += found
        return found

    def _fail(self, token: _Token, problem: str) -> NoReturn:
        _fail(self._text, token.at, problem)


def _tokens(text: str) -> tuple[_Token, ...]:
    found, place = [], 0
    end = len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            _fail(text, at + 1, _unreadable(text[at]))
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind], match.start(kind) + 1))
        place = match.end()
    return (*found, _Token("end", "", end + 1))


def _unreadable(char: str) -> str:
    if char in "'\"`":
        return f"the {char} is never closed"
    remedy = _REMEDIES.get(char)
    return f"{char!r} is not expected here" + (f": {remedy}" if remedy else "")


def _is_keyword(token: _Token) -> bool:
    return token.kind == "word" and token.text in {"and", "or", "not"}


def _fail(text: str, at: int, problem: str) -> NoReturn:
    rest = text[at - 1 :].strip()
    before = f", before {rest[:20]!r}" if rest else ", at its end"
    raise ConfigError(f"the condition {text!r} is invalid at character {at}{before}: {problem}")


def _mask(condition: Condition, table: DataTable, text: str) -> Mask:
    """Return a mask of the rows that satisfy a condition; shape (rows,)."""
    match condition:
        case Not():
            return ~_mask(condition.condition, table, text)
        case All():
            return np.asarray(np.all([_mask(part, table, text) for part in condition.conditions], axis=0), dtype=bool)
        case AnyOf():
            return np.asarray(np.any([_mask(part, table, text) for part in condition.conditions], axis=0), dtype=bool)
        case Relation():
            return _compare(condition, table, text)


def _compare(comparison: Relation, table: DataTable, text: str) -> Mask:
    left, right = _bound(comparison.left, table, text), _bound(comparison.right, table, text)
    as_numbers = _as_numbers(comparison, left, right)
    if as_numbers is None:
        kinds = ("text", "a number") if _is_text(left) else ("a number", "text")
        problem = f"{kinds[0]} is compared with {kinds[1]}: write texts in quotes and numbers without"
        _fail(text, comparison.right.at, problem)
    compare = _OPERATORS[comparison.sign]
    ours, theirs = _levels(left, as_numbers), _levels(right, as_numbers)
    if isinstance(left, DataColumn) and isinstance(right, DataColumn):
        pairs = zip(left.codes.tolist(), right.codes.tolist(), strict=True)
        return np.array([one >= 0 and other >= 0 and compare(ours[one], theirs[other]) for one, other in pairs])
    if isinstance(left, DataColumn):
        return _rows(left, [compare(level, theirs[0]) for level in ours])
    if isinstance(right, DataColumn):
        return _rows(right, [compare(ours[0], level) for level in theirs])
    return np.full(len(table), compare(ours[0], theirs[0]))


def _as_numbers(comparison: Relation, left: Operand, right: Operand) -> bool | None:
    """Return whether operands are compared as numbers; None if they cannot be compared.

    A column and a number are compared as numbers, and so is the order of two numeric columns. Equality of texts is
    always defined.
    """
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return None if _is_text(left) or _is_text(right) else True
    if comparison.sign in {"==", "!="}:
        return False
    return None if _is_text(left) is not _is_text(right) else not _is_text(left)


def _is_text(operand: Operand) -> bool:
    return not operand.is_number if isinstance(operand, DataColumn) else isinstance(operand, str)


def _levels(operand: Operand, as_numbers: bool) -> Sequence[Any]:  # noqa: FBT001 - one of two forms
    if not isinstance(operand, DataColumn):
        return (operand,)
    return operand.exact if as_numbers else operand.levels


def _rows(column: DataColumn, held: Sequence[bool]) -> Mask:
    """Return a mask of the rows; missing values do not satisfy any comparison."""
    return np.array([*held, False], dtype=bool)[column.codes]


def _bound(operand: Name | Literal, table: DataTable, text: str) -> Operand:
    """Resolve an operand to a column, a number or a text."""
    if isinstance(operand, Literal):
        return operand.value
    try:
        return table.column(operand.name)
    except ConfigError as error:
        _fail(text, operand.at, str(error))
