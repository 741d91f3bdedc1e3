"""Where an experiment is looked up: at the server that is named, or in the folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from clau_doom.app.catalog.sources import FolderSource, Remote, Source

__all__ = ["open_source"]


@asynccontextmanager
async def open_source(remote: Remote | None, output_dir: Path) -> AsyncIterator[Source]:
    """Yield where experiments are looked up: the server, where one is named, and else the folder."""
    if remote is None:
        yield FolderSource(output_dir)
        return
    from clau_doom.app.catalog.servers import ServerSource, reach  # noqa: PLC0415 - gRPC, of which a folder needs nothing

    async with reach(remote, output_dir) as client:
        yield ServerSource(client)
