"""Command `clau-doom export`: write an experiment's tables to files for other programs."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from clau_doom.cli.console import data_console
from clau_doom.cli.shared_options import DEFAULT_OUTPUT_DIR, OutputDir, Server, remote_server
from clau_doom.number_format import counted

__all__ = ["export"]


class _Format(StrEnum):
    """File formats, listed here so that `--help` does not import the writers."""

    CSV = "csv"
    PARQUET = "parquet"


def export(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="Id of the experiment.")],
    *,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder to write to; created if it is missing.")],
    kind: Annotated[_Format, typer.Option("--format", help="File format.")] = _Format.CSV,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    server: Server = None,
    output_dir: OutputDir = DEFAULT_OUTPUT_DIR,
) -> None:
    """Write episodes, agents, generations and events as tables."""
    from clau_doom.app.catalog import open_source
    from clau_doom.app.export import export_experiment

    async def write() -> tuple[tuple[Path, int], ...]:
        async with open_source(remote_server(server), output_dir) as source:
            return await export_experiment(source, experiment, to, kind.value, force=force)

    console = data_console()
    for path, rows in asyncio.run(write()):
        console.print(Text.assemble(f"{path}  ", (counted(rows, "row"), "dim")), soft_wrap=True)
