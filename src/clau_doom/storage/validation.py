"""Validation of stored values: types, ranges and references.

Reading validates each value once, before other code uses it. Writing validates events, so that all stored values can
be read.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import lru_cache, partial
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np

from clau_doom.domain import Agent, AgentRef, Genome, experiment_of_player
from clau_doom.domain.events import Event
from clau_doom.domain.experiment import Experiment
from clau_doom.errors import AgentNotFound, StoreCorrupted

__all__ = [
    "LARGEST",
    "MOST_AGENTS",
    "MOST_CONFIG",
    "MOST_COUNT",
    "MOST_SEED",
    "check_agent",
    "check_event",
    "number",
    "place_name",
    "seconds",
    "text",
    "whole",
    "word",
]

LARGEST = 1e150
"""Maximum magnitude of a measure, a fitness or a gene, so that sums of many squares are finite."""
MOST_COUNT = 2**31 - 1
MOST_SEED = 2**63 - 1
MOST_AGENTS = 1_000_000
"""Maximum generations and agents of a generation: an agent's id has six digits for each."""
MOST_CONFIG = 4_000_000
"""Maximum characters of a stored configuration: a file of at most 1 MB, plus defaults."""
_MOST_TEXT = 16 * 2**20
_MOST_SECONDS = 1e12
_LATEST = 253_402_000_000.0  # seconds since the epoch, in the year 9999
_SHOWN = 60

_Check = Callable[[Any, str], object]
_Word = TypeVar("_Word", bound=StrEnum)


def whole(value: object, name: str, *, least: int = 0, most: int = MOST_COUNT) -> int:
    """Validate an integer in a range.

    Raises:
        StoreCorrupted: The value is invalid; the message has name and range. All functions here raise it.
    """
    if type(value) is not int or not least <= value <= most:
        raise StoreCorrupted(f"{name} is {_shown(value)}: it must be a whole number from {least} to {most}")
    return value


def number(value: object, name: str, *, least: float = -LARGEST, most: float = LARGEST) -> float:
    """Validate a finite number in a range."""
    if type(value) not in {float, int} or not least <= value <= most:  # type: ignore[operator] # checked to be a number
        raise StoreCorrupted(f"{name} is {_shown(value)}: it must be a number from {least:g} to {most:g}")
    return float(value)  # type: ignore[arg-type] # as above


def seconds(value: object, name: str, *, epoch: bool = False) -> float:
    """Validate a duration in seconds, or a time in seconds since the epoch."""
    return number(value, name, least=0.0, most=_LATEST if epoch else _MOST_SECONDS)


def text(value: object, name: str, *, most: int = _MOST_TEXT) -> str:
    """Validate a text with a maximum length."""
    if not isinstance(value, str):
        raise StoreCorrupted(f"{name} is {_shown(value)}: it must be a text")
    if len(value) > most:
        raise StoreCorrupted(f"{name} has {len(value)} characters: at most {most} are read")
    return value


def word(value: Any, words: type[_Word], name: str) -> _Word:
    """Validate a text as a member of an enumeration."""
    try:
        return words(value)
    except ValueError:
        raise StoreCorrupted(f"{name} is {_shown(value)}: it must be one of {', '.join(words)}") from None


def place_name(ref: AgentRef) -> str:
    """Format an agent's generation and index for messages."""
    return f"agent {ref.index} of generation {ref.generation}"


def check_agent(agent: Agent) -> None:
    """Validate an agent's place, genome, operator and parents."""
    ref = agent.ref
    whole(ref.generation, "a generation", most=MOST_AGENTS - 1)
    whole(ref.index, "an agent's index", most=MOST_AGENTS - 1)
    if not (0 < len(agent.operator) <= 100 and agent.operator.isprintable()):
        raise StoreCorrupted(f"the operator of {agent.id} is {_shown(agent.operator)}: it must be a short name")
    _check_genome(agent.genome, f"the genome of {agent.id}")
    for parent in agent.parents:
        if parent.generation < 0 or parent.index < 0 or not parent < ref:
            raise StoreCorrupted(
                f"a parent of {agent.id} is {place_name(parent)}: parents must be evaluated before their children"
            )


def check_event(event: Event, experiment: str) -> None:
    """Validate all values of an event."""
    _checker(cast("Any", type(event)), experiment)(event, type(event).__name__)


def _check_genome(genome: Genome, name: str) -> None:
    values = genome.array()
    if not (np.isfinite(values) & (np.abs(values) <= LARGEST)).all():
        raise StoreCorrupted(f"{name} has a number that is not finite or exceeds {LARGEST:g}")


def _check_ref(ref: AgentRef, name: str) -> None:
    whole(ref.generation, f"the generation of {name}", most=MOST_AGENTS - 1)
    whole(ref.index, f"the index of {name}", most=MOST_AGENTS - 1)


@lru_cache(maxsize=2_000)
def _checker(hint: Any, experiment: str) -> _Check:
    """Return the validator of a type in events of an experiment."""
    if hint in _CHECKS:
        return partial(_CHECKS[hint], experiment=experiment) if hint is Agent else _CHECKS[hint]
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        parts = [(each.name, _field_checker(each.name, hints[each.name], experiment)) for each in fields(hint)]
        return lambda value, name: _check_parts(value, name, parts)
    if get_origin(hint) is tuple and get_args(hint)[-1] is Ellipsis:
        inner = _checker(get_args(hint)[0], experiment)
        return lambda values, name: _check_each(values, name, inner)
    if NoneType in get_args(hint):
        (kind,) = set(get_args(hint)) - {NoneType}
        present = _checker(kind, experiment)
        return lambda value, name: None if value is None else present(value, name)
    return _accept


def _field_checker(field: str, hint: Any, experiment: str) -> _Check:
    if field == "agent" and hint is str:
        return lambda value, name: _check_player(value, name, experiment)
    return _FIELDS.get(field) or _checker(hint, experiment)


def _check_parts(value: object, name: str, parts: Sequence[tuple[str, _Check]]) -> None:
    for field, check in parts:
        check(getattr(value, field), f"{name}.{field}")


def _check_each(values: Sequence[object], name: str, check: _Check) -> None:
    for value in values:
        check(value, name)


def _check_player(value: str, name: str, experiment: str) -> None:
    try:
        owner = experiment_of_player(value)
    except AgentNotFound:
        owner = None
    if owner != experiment:
        raise StoreCorrupted(f"{name} is {_shown(value)}: it must be the id of an agent of {experiment}")


def _check_member(agent: Agent, name: str, experiment: str) -> None:
    if agent.experiment != experiment:
        raise StoreCorrupted(f"{name} is an agent of {_shown(agent.experiment)}: it must be of {experiment}")
    check_agent(agent)


def _check_experiment(experiment: Experiment, name: str) -> None:
    whole(experiment.seed, f"{name}.seed", most=MOST_SEED)
    text(experiment.config_yaml, f"{name}.config_yaml", most=MOST_CONFIG)


def _accept(value: object, name: str) -> None:
    """Accept a value: the decoder checked its type, and all values of the type are valid."""


_CHECKS: dict[Any, Callable[..., object]] = {
    Agent: _check_member,
    Experiment: _check_experiment,
    AgentRef: _check_ref,
    Genome: _check_genome,
    int: whole,
    float: number,
    str: text,
}
_FIELDS: dict[str, _Check] = {
    "seed": partial(whole, most=MOST_SEED),
    "config_yaml": partial(text, most=MOST_CONFIG),
}


def _shown(value: object) -> str:
    shown = ascii(value if not isinstance(value, str | bytes) else value[:_SHOWN])
    return shown if len(shown) <= 2 * _SHOWN else f"{shown[: 2 * _SHOWN]}..."
