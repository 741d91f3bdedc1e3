"""Registration of commands with examples in their help, and flags without a type."""

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from clau_doom.cli.help_page import print_help

__all__ = ["HelpCommand", "HelpGroup", "add_command", "command_group"]

Function = TypeVar("Function", bound=Callable[..., Any])


class HelpCommand(TyperCommand):
    """Command whose help shows flags without a type."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """Print the help page."""
        print_help(self, ctx)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the arguments and options of the command."""
        return _without_types_of_flags(super().get_params(ctx))


class HelpGroup(TyperGroup):
    """Command group whose help shows flags without a type."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        """Print the help page."""
        print_help(self, ctx)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options of the group."""
        return _without_types_of_flags(super().get_params(ctx))


def command_group(name: str, summary: str, example: str) -> typer.Typer:
    """Create a group of commands."""
    return typer.Typer(
        name=name,
        help=summary,
        epilog=_epilog(example),
        cls=HelpGroup,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )


def add_command(
    app: typer.Typer, *examples: str, name: str | None = None, summary: str | None = None
) -> Callable[[Function], Function]:
    """Return a decorator that adds a function to a group as a command.

    Args:
        app: The group.
        examples: Command lines for the end of the help.
        name: Name of the command; default: that of the function.
        summary: First line of the help; default: the function's docstring.
    """
    return app.command(name, cls=HelpCommand, help=summary, epilog=_epilog(*examples))


def _epilog(*examples: str) -> str:
    return "\n".join(["Example:" if len(examples) == 1 else "Examples:", *(f"  {example}" for example in examples)])


def _without_types_of_flags(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if isinstance(parameter, TyperOption) and parameter.is_bool_flag:
            parameter.metavar = ""
    return parameters
