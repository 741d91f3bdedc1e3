"""Classification of errors that end a command: a mistake of the user, a failure, or a bug.

This is the one place that decides. Code below it raises errors of `clau_doom.errors`, or lets an error of the operating
system pass.
"""

import errno
import os
from dataclasses import dataclass
from enum import StrEnum

import typer

from clau_doom.errors import ClauDoomError, UsageError, describe
from clau_doom.escaping import printable_message, quoted

__all__ = ["Cause", "Verdict", "judge"]

_CommandLineError = typer.BadParameter.__mro__[1]
"""Base class of what typer raises for arguments that it does not take."""
_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.EAGAIN})
"""Errors of the operating system that no other argument would avoid."""


class Cause(StrEnum):
    """Why a command ended with an error."""

    MISTAKE = "mistake"
    """Arguments, files or configuration cannot be used as they are."""
    FAILURE = "failure"
    """The work failed, or the machine lacks something."""
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Cause of an error and the line that describes it; no line where the help has been printed instead."""

    cause: Cause
    text: str


def judge(error: BaseException) -> Verdict:
    """Return the cause of an error and its description, shortened and escaped.

    A group has the cause that all of its members share. A group of several causes is a failure; with a bug in it, it is
    a bug.
    """
    if isinstance(error, BaseExceptionGroup):
        causes = {judge(member).cause for member in error.exceptions}
        cause = Cause.BUG if Cause.BUG in causes else causes.pop() if len(causes) == 1 else Cause.FAILURE
        return Verdict(cause, _bug(error) if cause is Cause.BUG else describe(error))
    if isinstance(error, _CommandLineError):
        return Verdict(Cause.MISTAKE, _command_line(error))
    if isinstance(error, ClauDoomError):
        return Verdict(Cause.MISTAKE if isinstance(error, UsageError) else Cause.FAILURE, describe(error))
    if isinstance(error, MemoryError):
        return Verdict(Cause.FAILURE, "there is not enough memory: free some, or ask for less")
    if isinstance(error, OSError) and (error.errno in _MACHINE or error.filename is not None):
        return Verdict(Cause.FAILURE if error.errno in _MACHINE else Cause.MISTAKE, _of_system(error))
    return Verdict(Cause.BUG, _bug(error))


def _command_line(error: BaseException) -> str:
    """Return what is wrong with the arguments, and the command whose help tells more."""
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
