"""How commands look an experiment up: at the server that is named, or in the folder."""

import asyncio
import gc
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.cli.options import remote_of

if TYPE_CHECKING:
    from clau_doom.app.catalog.sources import Overview
    from clau_doom.config import StoredExperiment

__all__ = ["look_up", "look_up_all"]


def look_up(experiment: str, server: str | None, output_dir: Path, *, measured: bool = True) -> "StoredExperiment":
    """Return an experiment as it stands; without `measured`, what training episodes measured may be left out."""
    from clau_doom.app.catalog.lookup import open_source

    async def ask() -> "StoredExperiment":
        async with open_source(remote_of(server), output_dir) as source:
            return await source.experiment(experiment, measured=measured)

    # What is read stays until the command ends: looking through all of it for garbage, again and again, takes as long
    # as reading it.
    gc.disable()
    stored = asyncio.run(ask())
    gc.freeze()
    gc.enable()
    return stored


def look_up_all(server: str | None, output_dir: Path) -> "tuple[list[Overview], list[tuple[str, str]]]":
    """Return how all experiments stand, and those that cannot be read with the reason."""
    from clau_doom.app.catalog.lookup import open_source

    async def ask() -> "tuple[list[Overview], list[tuple[str, str]]]":
        async with open_source(remote_of(server), output_dir) as source:
            return await source.overviews()

    return asyncio.run(ask())
