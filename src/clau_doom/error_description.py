"""Descriptions of errors on one line, for users and logs."""

import re
from collections.abc import Sequence

from clau_doom.errors import FailedAgent
from clau_doom.escaping import printable_message
from clau_doom.redaction import without_logins

__all__ = ["describe", "error_text"]

_MOST_KINDS = 5
_MOST_AGENTS = 3
"""Maximum number of errors of a group that are described one by one, and of agents named for each."""
_NUMBER = re.compile(r"0x[0-9a-f]+|\d[\d.,]*(?:e[+-]?\d+)?")


def error_text(error: BaseException) -> str:
    """Return an error's message, or the name of its class if the message is empty or its `__str__` fails."""
    try:
        return str(error) or type(error).__name__
    except Exception:
        return type(error).__name__


def describe(error: BaseException) -> str:
    """Return the error and its chain of causes on one line, outermost first.

    A cause is omitted if its text already ends the text of the error before it. The members of a group are joined by ";
    ". Members that differ in numbers only are grouped and counted. Of many kinds, the first few are described.
    Texts from outside are shortened and escaped, and URLs are shown without users and passwords.
    """
    return printable_message(without_logins(_chain(error)))


def _chain(error: BaseException) -> str:
    text = _joined(error.exceptions) if isinstance(error, BaseExceptionGroup) else error_text(error)
    cause = error.__cause__
    if cause is None:
        return text
    if isinstance(cause, OSError) and cause.strerror and cause.strerror in text:
        return text  # the text has the operating system's reason; the cause would repeat the path and add an errno
    rest = _chain(cause)
    return text if text.endswith(rest) else f"{text}: {rest}"


def _joined(errors: Sequence[BaseException]) -> str:
    kinds: dict[str, list[BaseException]] = {}
    for error in errors:
        kinds.setdefault(_NUMBER.sub("#", _reason(error)), []).append(error)
    alike = list(kinds.values())
    parts = [_counted(members) for members in alike[:_MOST_KINDS]]
    if rest := sum(map(len, alike[_MOST_KINDS:])):
        parts.append(f"and {rest:,} more of {len(alike) - _MOST_KINDS:,} other kinds")
    return "; ".join(parts)


def _counted(errors: Sequence[BaseException]) -> str:
    """Return the common text of similar errors, with the ids of their agents."""
    reasons = [_reason(error) for error in errors]
    text = reasons[0] if len({*reasons}) == 1 else f"for example {reasons[0]}"
    agents = [error.agent for error in errors if isinstance(error, FailedAgent)]
    if not agents:
        return text if len(errors) == 1 else f"{len(errors):,} times {text}"
    named, rest = ", ".join(agents[:_MOST_AGENTS]), len(agents) - _MOST_AGENTS
    if len(agents) == 1:
        return f"agent {named}: {text}"
    return f"{len(agents):,} agents ({named}{f' and {rest:,} more' if rest > 0 else ''}): {text}"


def _reason(error: BaseException) -> str:
    return _chain(error.__cause__) if isinstance(error, FailedAgent) and error.__cause__ else _chain(error)
