"""Declarations of event types: code, scope, severity and summary, from which every presentation of events derives."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

from clau_doom.domain.agent import AgentRef

__all__ = [
    "Declaration",
    "Scope",
    "Severity",
    "agent_of",
    "declaration_of",
    "declarations",
    "declared",
    "event",
    "generation_of",
    "is_declared",
    "summary_of",
]

_CODE = re.compile(r"[a-z]+(_[a-z]+)+")
_Event = TypeVar("_Event", bound=type)


class Scope(StrEnum):
    """The object that an event belongs to."""

    EXPERIMENT = "experiment"
    GENERATION = "generation"
    AGENT = "agent"
    EPISODE = "episode"


class Severity(StrEnum):
    """The attention that an event deserves; logs leave out `ROUTINE`."""

    ROUTINE = "routine"
    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """Declaration of an event type.

    Attributes:
        kind: The class.
        code: Its name in stores, messages and exports; it must never change.
        scope: The object that it belongs to.
        severity: The attention that it deserves.
        summary: A template of one line. Placeholders: `event`, its fields, `agent` (short id), `purpose`, and
            `<field>_count` for the length of a tuple.
    """

    kind: type
    code: str
    scope: Scope
    severity: Severity
    summary: str

    @property
    def title(self) -> str:
        """The code in words, such as ``generation completed``."""
        return self.code.replace("_", " ")

    @property
    def meaning(self) -> str:
        """The first line of the class's docstring."""
        return (self.kind.__doc__ or "").partition("\n")[0]


_BY_TYPE: dict[type, Declaration] = {}
_BY_CODE: dict[str, Declaration] = {}


def event(code: str, scope: Scope, severity: Severity, summary: str) -> Callable[[_Event], _Event]:
    """Declare a frozen dataclass as an event type.

    Raises:
        ValueError: The code is malformed or in use.
    """
    if not _CODE.fullmatch(code) or code in _BY_CODE:
        raise ValueError(f"event code {code!r} is malformed or in use")

    def declare(kind: _Event) -> _Event:
        declaration = Declaration(kind=kind, code=code, scope=scope, severity=severity, summary=summary)
        _BY_TYPE[kind] = _BY_CODE[code] = declaration
        return kind

    return declare


def declarations() -> tuple[Declaration, ...]:
    """Return the declarations of all event types, in the order of their definition."""
    return tuple(_BY_TYPE.values())


def declaration_of(happened: object) -> Declaration:
    """Return the declaration of an event's type.

    Raises:
        KeyError: The type is not declared.
    """
    return _BY_TYPE[type(happened)]


def declared(code: str) -> Declaration:
    """Return the declaration of a code.

    Raises:
        KeyError: The code is not declared.
    """
    return _BY_CODE[code]


def is_declared(code: str) -> bool:
    """Return whether a code is declared."""
    return code in _BY_CODE


def agent_of(experiment: str, happened: Any) -> str | None:
    """Return the id of the agent, or of the random baseline, that an event is about; None if there is none."""
    ref = _ref_of(happened)
    if ref is not None:
        return ref.agent_id(experiment)
    episode = getattr(happened, "episode", None)
    agent = getattr(happened, "agent", None) if episode is None else episode.agent
    return agent if isinstance(agent, str) else None


def generation_of(happened: Any) -> int | None:
    """Return the generation that an event is about, or None."""
    ref = _ref_of(happened)
    if ref is not None:
        return ref.generation
    summary = getattr(happened, "summary", None)
    found = getattr(happened, "generation", None) if summary is None else summary.index
    return found if isinstance(found, int) else None


def summary_of(happened: Any) -> str:
    """Return an event in one line, such as ``g003-a017 evaluated, fitness 26.5``."""
    values: dict[str, object] = {"event": happened}
    for field in fields(happened):
        value = getattr(happened, field.name)
        values[field.name] = value
        if isinstance(value, tuple):
            values[f"{field.name}_count"] = len(value)
    agent = agent_of("", happened)
    if agent is not None:
        values["agent"] = _short(agent)
    purpose = getattr(getattr(happened, "episode", happened), "purpose", None)
    if purpose is not None:
        values["purpose"] = purpose.value.replace("_", " ")
    return declaration_of(happened).summary.format(**values)


def _ref_of(happened: Any) -> AgentRef | None:
    found = getattr(happened, "ref", None) or getattr(happened, "champion", None)
    return found if isinstance(found, AgentRef) else None


def _short(agent: str) -> str:
    """Shorten an id to its part within the experiment: ``g003-a017``, or ``random`` for the baseline."""
    found = re.search(r"g\d+-a\d+$", agent)
    return found[0] if found else agent.rpartition("-")[2]
