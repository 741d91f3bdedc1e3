"""Strict YAML loader.

A document is one mapping of at most 1 MB, with text keys, at most 32 levels, 20,000 lines and 10,000 keys and list
items. Aliases, anchors, tags, duplicate keys and multiple documents are refused. Plain scalars follow the core schema
of YAML 1.2: ``no`` is text and ``1e3`` is a number. A number with a leading zero (``010``) stays text, because YAML
readers disagree about its value.

The tree is built from PyYAML's events, so that everything is checked before it is expanded or constructed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import yaml

from clau_doom.errors import ConfigError
from clau_doom.parsing_limits import MOST_BYTES, MOST_DIGITS, MOST_ENTRIES, MOST_LEVELS, MOST_LINES, shortened
from clau_doom.regular_files import open_regular

__all__ = ["Place", "YamlDocument", "parse_document", "parse_value", "read_document", "resolve_plain"]

_MOST_SAID = 200
"""Maximum characters of PyYAML's message, which may quote the text."""

Place = tuple[str | int, ...]
"""Keys and list positions from the root to a value."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, object] = MappingProxyType(
    {
        word: value
        for text, value in (("true", True), ("false", False), ("null", None))
        for word in (text, text.capitalize(), text.upper())
    }
    | {"": None, "~": None}
    | {f"{sign}.{word}": float(f"{sign}inf") for sign in ("", "-", "+") for word in ("inf", "Inf", "INF")}
    | {f".{word}": float("nan") for word in ("nan", "NaN", "NAN")}
)


@dataclass(frozen=True, kw_only=True)
class YamlDocument:
    """Parsed YAML document.

    Attributes:
        name: Name for messages, such as the path.
        data: Root of the document: mappings are dicts, sequences are lists.
        lines: Line, from 1, of each key and list item, by path.
        folder: Folder that relative paths in the document belong to. None: they are not converted.
    """

    name: str
    data: dict[str, object]
    lines: Mapping[Place, int]
    folder: Path | None = None

    def line(self, path: Place) -> int | None:
        """Return the line of the value at `path`, or of its nearest existing parent."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def read_document(path: Path) -> YamlDocument:
    """Read and parse a file.

    Raises:
        ConfigError: The file cannot be read ("cannot read X: ...") or parsed ("X is not valid YAML: ...").
    """
    try:
        with open_regular(path) as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    if len(content) > MOST_BYTES:
        raise _too_large(str(path))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path} is not valid YAML: line {line}: it is not UTF-8 text: save it as UTF-8") from error
    return replace(parse_document(text, name=str(path)), folder=path.parent)


def parse_document(text: str, *, name: str) -> YamlDocument:
    """Parse the text of a configuration that messages call `name`.

    Raises:
        ConfigError: The text is not valid YAML or exceeds a limit; the message names the line.
    """
    if len(text) > MOST_BYTES or len(text.encode(errors="replace")) > MOST_BYTES:
        raise _too_large(name)
    if len(text.splitlines()) > MOST_LINES:  # directives and blank lines do not count as entries
        raise ConfigError(f"{name} has more than {MOST_LINES:,} lines: leave some out")
    builder = _Builder(text)
    try:
        data = builder.document()
        if not isinstance(data, dict):
            kind = "empty" if data is None else "not a mapping"
            raise _Fault(1, f"the document is {kind}: write `field: value` lines, or run `clau-doom config init`")
    except _Fault as fault:
        raise ConfigError(f"{name} is not valid YAML: {fault}") from None
    return YamlDocument(name=name, data=data, lines=builder.lines)


def _too_large(name: str) -> ConfigError:
    return ConfigError(f"cannot read {name}: it is larger than {MOST_BYTES:,} bytes")


def parse_value(text: str) -> object:
    """Parse one YAML scalar or flow collection, such as ``3``, ``[16, 8]`` or ``{kills: 1}``.

    Raises:
        ValueError: The text is not valid YAML or exceeds a limit.
    """
    if len(text) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
    try:
        return _Builder(text).document()
    except _Fault as fault:
        raise ValueError(fault.problem) from None


def resolve_plain(text: str) -> object:
    """Return the value of an unquoted scalar.

    Raises:
        ValueError: The scalar is an integer of more than 30 digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) or _BASED.fullmatch(text):
        if len(text) > MOST_DIGITS:
            raise ValueError(f"a number of more than {MOST_DIGITS} digits")
        return int(text, 10 if _INTEGER.fullmatch(text) else 0)
    return float(text) if _FLOAT.fullmatch(text) else text


class _Fault(Exception):
    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.problem = problem


class _Builder:
    """Builds the tree of one document from the parser's events."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self._entries = 0
        self._events = _events(text)

    def document(self) -> object:
        next(self._events)  # start of the stream
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        data = self._node(next(self._events), ())
        next(self._events)  # end of the document
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise _Fault(_line(event), "a second document begins: use one document per file")
        return data

    def _node(self, event: yaml.Event, path: Place) -> object:
        if isinstance(event, yaml.AliasEvent):
            raise _Fault(_line(event), f"aliases (*{shortened(str(event.anchor))}) are not supported: write the value")
        assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
        if event.anchor is not None:
            raise _Fault(_line(event), f"anchors (&{shortened(event.anchor)}) are not supported: write each value")
        if event.tag is not None:
            raise _Fault(_line(event), f"tags ({shortened(str(event.tag))}) are not supported: write the plain value")
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if len(path) >= MOST_LEVELS:
            raise _Fault(_line(event), f"more than {MOST_LEVELS} levels deep")
        return self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(path)

    def _mapping(self, path: Place) -> dict[str, object]:
        found: dict[str, object] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
                raise _Fault(_line(event), "a key is not text: use plain names as keys")
            key = self._node(event, path)
            if not isinstance(key, str):
                assert isinstance(event, yaml.ScalarEvent)
                raise _Fault(_line(event), f"the key {shortened(event.value)!r} is not text: put it in quotes")
            if key in found:
                first = self.lines[(*path, key)]
                raise _Fault(_line(event), f"{shortened(key)!r} is given twice (first on line {first}): keep one")
            self._enter((*path, key), event)
            found[key] = self._node(next(self._events), (*path, key))
        return found

    def _sequence(self, path: Place) -> list[object]:
        found: list[object] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            here = (*path, len(found))
            self._enter(here, event)
            found.append(self._node(event, here))
        return found

    def _enter(self, path: Place, event: yaml.Event) -> None:
        """Count a key or a list item, and store its line."""
        self._entries += 1
        if self._entries > MOST_ENTRIES:
            raise _Fault(_line(event), f"more than {MOST_ENTRIES:,} keys and list items: leave some out")
        self.lines[path] = _line(event)


def _events(text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise _Fault(mark.line + 1 if mark else 1, shortened(problem, _MOST_SAID)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _Fault(line, f"the character U+{ord(text[error.position]):04X} is not allowed") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML leaks chr()'s errors for "\UFFFFFFFF"
        raise _Fault(1, f"an escape is not a character ({error})") from None


def _scalar(event: yaml.ScalarEvent) -> object:
    if event.style is not None:
        return event.value
    try:
        return resolve_plain(event.value)
    except ValueError as error:
        raise _Fault(_line(event), str(error)) from None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
