"""Lookup of experiments for commands, from a server or the local folder."""

import asyncio
import gc
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.cli.shared_options import remote_server

if TYPE_CHECKING:
    from clau_doom.app.catalog.folder_source import ExperimentOverview
    from clau_doom.ports import StoredExperiment

__all__ = ["find_experiment", "list_overviews"]


def find_experiment(
    experiment: str, server: str | None, output_dir: Path, *, measured: bool = True
) -> "StoredExperiment":
    """Return an experiment; without `measured`, measurements of training episodes may be missing."""
    # Repeated garbage collection would double the time for reading the data, which are needed until the command ends.
    gc.disable()
    from clau_doom.app.catalog import open_source

    async def ask() -> "StoredExperiment":
        async with open_source(remote_server(server), output_dir) as source:
            return await source.experiment(experiment, measured=measured)

    stored = asyncio.run(ask())
    gc.freeze()
    gc.enable()
    return stored


def list_overviews(server: str | None, output_dir: Path) -> "tuple[list[ExperimentOverview], list[tuple[str, str]]]":
    """Return an overview of all experiments, and the ids of unreadable ones with the reason."""
    from clau_doom.app.catalog import open_source

    async def ask() -> "tuple[list[ExperimentOverview], list[tuple[str, str]]]":
        async with open_source(remote_server(server), output_dir) as source:
            return await source.overviews()

    return asyncio.run(ask())
