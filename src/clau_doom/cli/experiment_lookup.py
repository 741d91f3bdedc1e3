"""Lookup of experiments for commands, from a server or the local folder."""

import asyncio
import gc
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from clau_doom.cli.shared_options import remote_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from clau_doom.app.catalog.experiment_outline import ExperimentOutline
    from clau_doom.app.catalog.folder_source import ExperimentOverview, ExperimentSource
    from clau_doom.ports import StoredExperiment

__all__ = ["find_experiment", "find_outline", "list_overviews"]

_T = TypeVar("_T")


def find_experiment(
    experiment: str, server: str | None, output_dir: Path, *, measured: bool = True
) -> "StoredExperiment":
    """Return an experiment; without `measured`, measurements of training episodes may be missing."""
    return _ask(server, output_dir, lambda source: source.experiment(experiment, measured=measured))


def find_outline(experiment: str, server: str | None, output_dir: Path) -> "ExperimentOutline":
    """Return an experiment with the outline of its configuration."""
    return _ask(server, output_dir, lambda source: source.outline(experiment))


def list_overviews(server: str | None, output_dir: Path) -> "tuple[list[ExperimentOverview], list[tuple[str, str]]]":
    """Return an overview of all experiments, and the ids of unreadable ones with the reason."""
    return _ask(server, output_dir, lambda source: source.overviews())


def _ask(server: str | None, output_dir: Path, question: "Callable[[ExperimentSource], Awaitable[_T]]") -> _T:
    # Repeated garbage collection would double the time for reading the data, which are needed until the command ends.
    gc.disable()
    from clau_doom.app.catalog import open_source

    async def ask() -> _T:
        async with open_source(remote_server(server), output_dir) as source:
            return await question(source)

    found = asyncio.run(ask())
    gc.freeze()
    gc.enable()
    return found
