"""Which rows of a table count: a small grammar of comparisons, read into frozen values and never run as code.

    condition  = both { "or" both }
    both       = one { "and" one }
    one        = "not" one | "(" condition ")" | operand operator operand
    operator   = "==" | "!=" | "<" | "<=" | ">" | ">="
    operand    = column | `column` | number | 'text' | "text"

A column whose name is no plain word (letters, digits, "_", ".", not beginning with a digit) stands between backquotes.
In quoted text a backslash takes the next character as it is. Text is compared with text, by code point, and numbers
with numbers. A comparison with a missing value is false, whatever its operator, so that ``kills == kills`` keeps the
rows that have a value.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NoReturn

from clau_doom.analysis.tables.table import Table, Value
from clau_doom.errors import ConfigError

__all__ = ["All", "AnyOf", "Comparison", "Condition", "Literal", "Name", "Not", "parse_where", "rows_where"]

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
_DEEPEST = 50  # each level is a call: a text of parentheses alone must not end in a traceback
_REMEDIES = {"=": "write ==", "&": "write and", "|": "write or", "!": "write not, or !="}


@dataclass(frozen=True, slots=True)
class Name:
    """A column.

    Attributes:
        name: Its name.
        at: Where it stands in the text, from 1.
    """

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a text.

    Attributes:
        value: What it says.
        at: Where it stands in the text, from 1.
    """

    value: float | str
    at: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands and what is asked of them."""

    left: Name | Literal
    sign: str
    right: Name | Literal


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """Conditions of which each must hold."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Conditions of which one must hold."""

    conditions: "tuple[Condition, ...]"


Condition = Comparison | Not | All | AnyOf


def parse_where(text: str) -> Condition:
    """Return the condition that a text states.

    Raises:
        ConfigError: The text is none; the message says where it goes wrong, and how to mend it.
    """
    return _Parser(text).condition()


def rows_where(table: Table, text: str) -> Table:
    """Return the rows of a table that satisfy a condition.

    Raises:
        ConfigError: The text is no condition, names a column that there is not, compares text with a number, or no row
            satisfies it.
    """
    condition = parse_where(text)
    holds = _test(condition, table, text)
    chosen = table.only([holds(place) for place in range(len(table))])
    if not len(chosen):
        raise ConfigError(f"none of the {len(table)} rows of {table.name} satisfies {text!r}")
    return chosen


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    """Reads one text, token by token, by recursive descent."""

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

    def _comparison(self) -> Comparison:
        left = self._operand()
        if self._next.text not in _OPERATORS:
            self._fail(self._next, f"expected one of {' '.join(_OPERATORS)}")
        sign = self._take().text
        return Comparison(left, sign, self._operand())

    def _operand(self) -> Name | Literal:
        token = self._next
        if token.kind in {"end", "sign"} or _is_keyword(token):
            self._fail(token, "expected a column, a number or a quoted text")
        self._take()
        match token.kind:
            case "number":
                return Literal(float(token.text), token.at)
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
        """Go past a keyword or a parenthesis if it comes next, and say whether it did."""
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
    return f"{char!r} means nothing here" + (f": {remedy}" if remedy else "")


def _is_keyword(token: _Token) -> bool:
    return token.kind == "word" and token.text in {"and", "or", "not"}


def _fail(text: str, at: int, problem: str) -> NoReturn:
    rest = text[at - 1 :].strip()
    before = f", before {rest[:20]!r}" if rest else ", at its end"
    raise ConfigError(f"the condition {text!r} goes wrong at character {at}{before}: {problem}")


def _test(condition: Condition, table: Table, text: str) -> Callable[[int], bool]:
    """Return what says whether the row at a place satisfies a condition."""
    match condition:
        case Not():
            inner = _test(condition.condition, table, text)
            return lambda place: not inner(place)
        case All():
            parts = [_test(part, table, text) for part in condition.conditions]
            return lambda place: all(part(place) for part in parts)
        case AnyOf():
            parts = [_test(part, table, text) for part in condition.conditions]
            return lambda place: any(part(place) for part in parts)
        case Comparison():
            return _compare(condition, table, text)


def _compare(comparison: Comparison, table: Table, text: str) -> Callable[[int], bool]:
    left, left_is_text = _bound(comparison.left, table, text)
    right, right_is_text = _bound(comparison.right, table, text)
    if left_is_text is not right_is_text:
        operand = comparison.right
        kinds = ("text", "a number") if left_is_text else ("a number", "text")
        _fail(text, operand.at, f"{kinds[0]} is compared with {kinds[1]}: quotes make a text, none a number")
    compare = _OPERATORS[comparison.sign]

    def holds(place: int) -> bool:
        ours, theirs = left(place), right(place)
        return ours is not None and theirs is not None and compare(ours, theirs)

    return holds


def _bound(operand: Name | Literal, table: Table, text: str) -> tuple[Callable[[int], Value], bool]:
    """Return what gives an operand's value at a row's place, and whether that is text."""
    if isinstance(operand, Literal):
        value = operand.value
        return (lambda _: value), isinstance(value, str)
    try:
        column = table.column(operand.name)
    except ConfigError as error:
        _fail(text, operand.at, str(error))
    return column.values.__getitem__, column.is_text
