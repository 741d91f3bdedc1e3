"""Classification of errors that end a command: usage error, failure, or bug.

All such decisions are made in this module. Other code raises errors of `clau_doom.errors`, or passes an error of the
operating system on.
"""

import errno
import os
from dataclasses import dataclass
from enum import StrEnum

import typer

from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError, UsageError
from clau_doom.escaping import printable_message, quoted

__all__ = ["Cause", "ErrorClassification", "classify"]

_CommandLineError = typer.BadParameter.__mro__[1]
"""Base class of typer's errors for invalid arguments."""
_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.EAGAIN})
"""Errors of the operating system that do not depend on the arguments."""


class Cause(StrEnum):
    """Cause of a command's error."""

    MISTAKE = "mistake"
    """Arguments, files or the configuration cannot be used."""
    FAILURE = "failure"
    """The work failed, or the machine lacks a resource."""
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class ErrorClassification:
    """Cause of an error and its description on one line; no description if the help was printed instead."""

    cause: Cause
    text: str


def classify(error: BaseException) -> ErrorClassification:
    """Return the cause of an error and its description, shortened and escaped.

    The cause of a group is the common cause of its members. A group with several causes is a failure; with a bug among
    them, it is a bug.
    """
    if isinstance(error, BaseExceptionGroup):
        causes = {classify(member).cause for member in error.exceptions}
        cause = Cause.BUG if Cause.BUG in causes else causes.pop() if len(causes) == 1 else Cause.FAILURE
        return ErrorClassification(cause, _bug(error) if cause is Cause.BUG else describe(error))
    if isinstance(error, _CommandLineError):
        return ErrorClassification(Cause.MISTAKE, _command_line(error))
    if isinstance(error, ClauDoomError):
        return ErrorClassification(Cause.MISTAKE if isinstance(error, UsageError) else Cause.FAILURE, describe(error))
    if isinstance(error, MemoryError):
        return ErrorClassification(Cause.FAILURE, "not enough memory: free some, or reduce the experiment")
    if isinstance(error, OSError) and (error.errno in _MACHINE or error.filename is not None):
        return ErrorClassification(Cause.FAILURE if error.errno in _MACHINE else Cause.MISTAKE, _of_system(error))
    return ErrorClassification(Cause.BUG, _bug(error))


def _command_line(error: BaseException) -> str:
    """Return the error in the arguments, and the command that prints the help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return ""
    text = str(getattr(error, "format_message", error.__str__)()).removesuffix(".")
    context = getattr(error, "ctx", None)
    return printable_message(f"{text}: see {context.command_path} --help" if context else text)


def _of_system(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None:
        return printable_message(reason)
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(error.filename)
    return printable_message(f"cannot use {quoted(name)}: {reason}")


def _bug(error: BaseException) -> str:
    return f"{type(error).__name__}: {describe(error)}"
