"""Command `clau-doom status`: list experiments, or show one."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from clau_doom.app.text_format import ago, clock
from clau_doom.cli.console import data_console, print_json, progress_console
from clau_doom.cli.experiment_lookup import find_outline, list_overviews
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, AsJson, OutputDir, Server
from clau_doom.number_format import number

if TYPE_CHECKING:
    from clau_doom.app.catalog.folder_source import ExperimentOverview

__all__ = ["status"]

_STYLES = {
    "running": "bold green",
    "completed": "green",
    "interrupted": "yellow",
    "failed": "bold red",
    "cancelled": "red",
    "paused": "cyan",
    "pending": "dim",
}

_AnyExperiment = Annotated[str | None, typer.Argument(metavar="ID", help="Id of the experiment (default: list all).")]


def status(
    experiment: _AnyExperiment = None,
    *,
    as_json: AsJson = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """List the experiments, or show one with its generations."""
    if experiment is None:
        _show_all(server, output_dir, as_json=as_json)
    else:
        _show_one(experiment, server, output_dir, as_json=as_json)


def _show_all(server: str | None, output_dir: Path, *, as_json: bool) -> None:
    from clau_doom.cli.views.status import overview_json, reader_failure_line

    found, broken = list_overviews(server, output_dir)
    found.sort(key=lambda overview: overview.last_activity, reverse=True)
    for name, error in broken:
        progress_console().print(Text.assemble(("unreadable: ", "red"), f"{name}: {error}"))
    for overview in found:
        for failure in overview.reader_failures:
            line = Text.assemble(("log reader: ", "yellow"), f"{overview.id}: ", reader_failure_line(failure))
            progress_console().print(line, soft_wrap=True)
    if as_json:
        unreadable = [{"id": name, "error": error} for name, error in broken]
        print_json({"experiments": [overview_json(overview) for overview in found], "unreadable": unreadable})
    elif found:
        data_console().print(_experiments_table(found))
        _print_copies(found, output_dir)
    elif not broken:
        where = server or output_dir
        progress_console().print(f"no experiments in {where}: start one with clau-doom run", soft_wrap=True)


def _print_copies(found: "list[ExperimentOverview]", output_dir: Path) -> None:
    from clau_doom.storage import move_command

    for overview in found:
        if overview.copy_of:
            command = move_command(output_dir / overview.id, overview.copy_of)
            text = f"{overview.id} is a copy of {overview.copy_of} and is read-only; to use it, run: {command}"
            progress_console().print(Text(text, "yellow"), soft_wrap=True)


def _experiments_table(found: "list[ExperimentOverview]") -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("experiment", style="bold", overflow="fold")
    table.add_column("state", no_wrap=True)
    for heading in ("generations", "best", "ran for", "last active"):
        table.add_column(heading, justify="right", no_wrap=True)
    now = time.time()
    for overview in found:
        state = overview.state.value
        table.add_row(
            Text(f"{overview.id} (copy of {overview.copy_of})" if overview.copy_of else overview.id),
            Text(f"● {state}", _STYLES[state]),
            overview.progress,
            number(overview.best_fitness),
            clock(overview.running_seconds),
            ago(max(now - overview.last_activity, 0.0)),
        )
    return table


def _show_one(experiment: str, server: str | None, output_dir: Path, *, as_json: bool) -> None:
    from clau_doom.cli.views.results import generations_view
    from clau_doom.cli.views.status import experiment_json, experiment_view, next_command

    found = find_outline(experiment, server, output_dir)
    if as_json:
        print_json(experiment_json(found, experiment))
        return
    console = data_console()
    console.print(experiment_view(found, experiment, _STYLES[found.state.value]))
    if command := next_command(found, experiment, output_dir):
        console.print(Text(f"continue with: {command}"), soft_wrap=True)
    if found.snapshot.summaries:
        console.print(generations_view(found))
