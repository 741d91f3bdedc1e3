"""Names of parameters in messages: options on the command line, and arguments in Python.

Lower layers raise errors whose remedy is a parameter of the caller. The command line and the library have different
forms of a parameter. A process has one of both interfaces: the command line selects its form once, around each command.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["argument", "form_for", "option_names", "parameter"]


class _Interface:
    """Interface of this process. All threads have the same."""

    command_line = False


@contextmanager
def option_names() -> Iterator[None]:
    """Name parameters as options of the command line in the messages of a block."""
    before, _Interface.command_line = _Interface.command_line, True
    try:
        yield
    finally:
        _Interface.command_line = before


def form_for(*, command_line: str, python: str) -> str:
    """Return the text for the interface of this process, such as a command or a call of a function."""
    return command_line if _Interface.command_line else python


def parameter(name: str, *, option: str | None = None, metavar: str = "") -> str:
    """Return the name of a parameter for a message.

    Args:
        name: Name of the argument in Python, such as ``output_dir``.
        option: Name of the option. None: the same, with dashes.
        metavar: Placeholder of the option's value, such as ``FILE``.

    Example:
        >>> parameter("output_dir")
        'output_dir=...'
        >>> with option_names():
        ...     parameter("output_dir", metavar="FOLDER")
        '--output-dir FOLDER'
    """
    placeholder = f" {metavar}" if metavar else ""
    return form_for(command_line=_option(name, option) + placeholder, python=f"{name}=...")


def argument(name: str, value: object, *, option: str | None = None) -> str:
    """Return a parameter with its value for a message.

    Args:
        name: Name of the argument in Python.
        value: Value of the argument. An option is repeated for each item of a list, and True has no value.
        option: Name of the option. None: the same, with dashes.

    Example:
        >>> argument("trust", ["gatherer:Gatherer"])
        "trust=['gatherer:Gatherer']"
        >>> with option_names():
        ...     argument("trust", ["gatherer:Gatherer"]), argument("force", value=True)
        ('--trust gatherer:Gatherer', '--force')
    """
    flag = _option(name, option)
    values = value if isinstance(value, list) else [value]
    given = flag if value is True else " ".join(f"{flag} {shlex.quote(str(each))}" for each in values)
    return form_for(command_line=given, python=f"{name}={value!r}")


def _option(name: str, option: str | None) -> str:
    return f"--{option or name.replace('_', '-')}"
