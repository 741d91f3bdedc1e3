"""Command group whose commands are imported when they are invoked."""

from importlib import import_module
from typing import Any

import typer

from clau_doom.cli.command_decorators import HelpCommand, HelpGroup, add_command
from clau_doom.cli.command_table import COMMANDS, CommandEntry

__all__ = ["DeferredCommand", "RootGroup"]

_PACKAGE = "clau_doom.cli.commands"


class DeferredCommand(HelpCommand):
    """Name and summary of a command, for lists of commands, in place of the command itself."""

    def __init__(self, entry: CommandEntry) -> None:
        super().__init__(name=entry.name, help=entry.summary)
        self._entry = entry

    def load(self) -> Any:
        """Import the command's module and return the command."""
        module, _, attribute = self._entry.target.partition(":")
        target = getattr(import_module(f"{_PACKAGE}.{module}"), attribute)
        if isinstance(target, typer.Typer):
            return typer.main.get_command(target)
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        add_command(app, *self._entry.examples, name=self._entry.name)(target)
        return typer.main.get_command(app)


class RootGroup(HelpGroup):
    """Group of the commands of the table."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {entry.name: DeferredCommand(entry) for entry in COMMANDS}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that the arguments name, loaded, with its name and the other arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, DeferredCommand) else command, rest
