"""Log lines of a server for the events of its experiments, derived from their declarations."""

from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from types import MappingProxyType

from clau_doom.domain.event_declaration import Severity, agent_of, declaration_of, generation_of
from clau_doom.domain.events import Event
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.logs import bound, get_logger

__all__ = ["log_event"]

_log = get_logger(__name__)
_METHODS = MappingProxyType(
    {Severity.INFO: _log.info, Severity.SUCCESS: _log.info, Severity.WARNING: _log.warning, Severity.ERROR: _log.error}
)
_LONGEST = 1_000  # characters of a text; a configuration is longer


def log_event(experiment: str, event: Event) -> None:
    """Log an event unless it is routine, with the experiment, the generation and the agent as fields."""
    declaration = declaration_of(event)
    if declaration.severity is Severity.ROUTINE:
        return
    with bound(generation=generation_of(event), agent=agent_of(experiment, event)):
        values = {name: value for name, value in _values(event) if name not in {"agent", "generation"}}
        _METHODS[declaration.severity](declaration.title, **values, **_traceback(event))


def _values(event: Event | GenerationSummary) -> Iterator[tuple[str, object]]:
    """Yield the fields of an event that fit into a log line."""
    for field in fields(event):
        value = getattr(event, field.name)
        if isinstance(value, GenerationSummary):
            yield from _values(value)
        elif isinstance(value, Enum):
            yield field.name, value.value
        elif isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _LONGEST):
            yield field.name, value


def _traceback(event: Event) -> dict[str, str]:
    """Return the traceback under the field name of logs. Only the first of equal failures has one."""
    trace: FailureTrace | None = getattr(event, "traceback", None)
    return {"exception": trace.text} if trace and trace.text else {}
