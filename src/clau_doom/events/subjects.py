"""NATS subjects of events, derived from their declarations, and patterns of subjects.

Ids are checked before they become a token, because a dot, a space or a wildcard would change the subject.
"""

import re

from clau_doom.domain import check_experiment_id
from clau_doom.domain.event_declaration import Declaration, Scope, agent_of, declaration_of, generation_of
from clau_doom.domain.events import Event
from clau_doom.errors import AgentNotFound

__all__ = ["ALL_COMMANDS", "ALL_EVENTS", "covers", "events_of", "subject_of", "subject_pattern"]

ALL_EVENTS = "clau-doom.experiment.>"
"""Every event of every experiment."""

ALL_COMMANDS = "clau-doom.control.>"
"""Every command, well formed or not."""

_NAMED = {Scope.EXPERIMENT, Scope.GENERATION, Scope.AGENT}
"""Scopes that stand in the subject as a token, and need not stand in its last one."""

_AGENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def events_of(experiment: str) -> str:
    """Return the pattern of all events of an experiment.

    Raises:
        ConfigError: `experiment` is not an experiment id.
    """
    return f"clau-doom.experiment.{check_experiment_id(experiment)}.>"


def subject_of(experiment: str, event: Event) -> str:
    """Return the subject of an event of an experiment.

    Raises:
        ConfigError: `experiment` is not an experiment id.
        AgentNotFound: The agent of the event does not have a valid id.
    """
    check_experiment_id(experiment)
    declaration = declaration_of(event)
    tokens = _object_tokens(experiment, event, declaration.scope)
    return f"clau-doom.experiment.{experiment}.{tokens}{_last_token(declaration)}"


def subject_pattern(declaration: Declaration) -> str:
    """Return the subject of an event type with placeholders, such as ``clau-doom.experiment.<id>.completed``."""
    tokens = {Scope.EXPERIMENT: "", Scope.GENERATION: "generation.<n>."}.get(declaration.scope, "agent.<agent>.")
    return f"clau-doom.experiment.<id>.{tokens}{_last_token(declaration)}"


def covers(pattern: str, subject: str) -> bool:
    """Return whether `pattern` matches everything that `subject` matches, by the rules of NATS.

    ``*`` matches one token and ``>`` at the end one or more; `subject` may contain both.
    """
    wanted, given = pattern.split("."), subject.split(".")
    for place, word in enumerate(wanted):
        if place >= len(given):
            return False
        if word == ">":
            return True
        if word != given[place] and (word != "*" or given[place] == ">"):
            return False
    return len(wanted) == len(given)


def _object_tokens(experiment: str, event: Event, scope: Scope) -> str:
    """Return the tokens of the object that an event is about, each followed by a dot."""
    match scope:
        case Scope.EXPERIMENT:
            return ""
        case Scope.GENERATION:
            return f"generation.{generation_of(event)}."
        case Scope.AGENT | Scope.EPISODE:
            return f"agent.{_checked_agent(agent_of(experiment, event))}."


def _last_token(declaration: Declaration) -> str:
    """Return the code without the scope that the subject names already: ``started`` for `GenerationStarted`."""
    return (
        declaration.code.removeprefix(f"{declaration.scope.value}_")
        if declaration.scope in _NAMED
        else declaration.code
    )


def _checked_agent(text: str | None) -> str:
    # The id of the random baseline is allowed: it names no generation and index.
    if text is None or not _AGENT.fullmatch(text):
        raise AgentNotFound(f"{text!r} is not an agent id")
    return text
