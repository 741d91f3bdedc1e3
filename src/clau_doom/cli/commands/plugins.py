"""Command `clau-doom plugins`: list the plugins of installed packages."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from clau_doom.cli.console import data_console, print_json
from clau_doom.cli.shared_options import AsJson

if TYPE_CHECKING:
    from clau_doom.config import Plugin

__all__ = ["plugins"]


def plugins(
    *,
    check: Annotated[bool, typer.Option("--check", help="Import each plugin, and show why an import fails.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the plugins of installed packages with their versions.

    Without --check, nothing is imported.
    """
    from clau_doom.config import installed_plugins

    rows = [_row(plugin, check=check) for plugin in installed_plugins()]
    if as_json:
        print_json({"plugins": rows})
    elif rows:
        data_console().print(_table(rows, check=check))
    else:
        data_console().print("No installed package has plugins. See docs/strategies.md.", style="dim")


def _row(plugin: "Plugin", *, check: bool) -> dict[str, Any]:
    from clau_doom.config import load_error

    row = {
        "group": plugin.group,
        "name": plugin.name,
        "target": plugin.target,
        "distribution": plugin.distribution,
        "version": plugin.version,
    }
    return row | ({"error": load_error(plugin)} if check else {})


def _table(rows: list[dict[str, Any]], *, check: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("group")
    table.add_column("name", style="bold", no_wrap=True)
    table.add_column("target", overflow="fold")
    table.add_column("package")
    if check:
        table.add_column("import", ratio=1)
    for row in rows:
        package = f"{row['distribution']} {row['version']}"
        cells = [row["group"].removeprefix("clau_doom."), row["name"], row["target"], package]
        state = Text(row["error"], "red") if row.get("error") else Text("ok", "green")
        table.add_row(*cells, *([state] if check else []))
    return table
