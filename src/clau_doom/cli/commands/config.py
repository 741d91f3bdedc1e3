"""Commands `clau-doom config`: create, check and print configurations, and print the JSON Schema."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from clau_doom.cli.command_decorators import add_command, command_group
from clau_doom.cli.console import data_console, progress_console
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, OutputDir
from clau_doom.errors import ConfigError
from clau_doom.escaping import printable
from clau_doom.redaction import without_logins

if TYPE_CHECKING:
    from clau_doom.config import Resolved

__all__ = ["app"]

app = command_group("config", "Create, check and print configurations.", "clau-doom config init")

_File = Annotated[Path, typer.Argument(metavar="FILE", help="Configuration.")]
_CONFIG = Path("config.yaml")


@add_command(app, "clau-doom config init my-experiment.yaml")
def init(
    file: _File = _CONFIG,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented configuration with all default values."""
    from clau_doom.config import starter

    try:
        with file.open("w" if force else "x", encoding="utf-8") as target:
            target.write(starter())
    except FileExistsError as error:
        raise ConfigError(f"{file} exists already: choose another name, or overwrite it with --force") from error
    except OSError as error:
        raise ConfigError(f"cannot write {file}: {error.strerror or error}") from error
    progress_console().print(f"wrote {file}", soft_wrap=True)


@add_command(app, "clau-doom config check my-experiment.yaml")
def check(file: _File = _CONFIG, *, output_dir: OutputDir = DEFAULT_OUTPUT_DIR) -> None:
    """Check a configuration and the environment, like a run."""
    from clau_doom.app.run_planning import check_config

    check_config(file, output_dir, environ=os.environ)
    data_console().print(f"{file} is valid", soft_wrap=True)


@add_command(app, "clau-doom config show my-experiment.yaml")
def show(file: _File = _CONFIG) -> None:
    """Print each field with its value and its source.

    Without a terminal, the fields of a line are separated by tabs.
    """
    from clau_doom.config import flow, load_config, values

    resolved = load_config(file, environ=os.environ, overrides={})
    console = data_console()
    if console.is_terminal:
        console.print(_table(resolved))
    else:
        for name, value in values(resolved.config).items():
            line = f"{name}\t{without_logins(flow(value))}\t{resolved.origins[name]}"
            typer.echo(printable(line, limit=None, keep="\t"))


def _table(resolved: "Resolved") -> Table:
    from clau_doom.config import flow, values

    table = Table(box=None, header_style="bold")
    for heading in ("field", "value", "from"):
        table.add_column(heading, overflow="fold")
    for name, value in values(resolved.config).items():
        origin = resolved.origins[name]
        table.add_row(
            name, Text(without_logins(flow(value))), Text(origin), style="dim" if origin == "default" else None
        )
    return table


@add_command(app, "clau-doom config schema > experiment.schema.json")
def schema() -> None:
    """Print the JSON Schema of configurations, for editors."""
    from clau_doom.config import json_schema

    typer.echo(json_schema(), nl=False)
