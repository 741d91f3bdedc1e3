"""Stored experiments, found in the output folder or at a server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from clau_doom.app.catalog.folder_source import ExperimentSource, FolderSource, RemoteServer

__all__ = ["open_source"]


@asynccontextmanager
async def open_source(remote: RemoteServer | None, output_dir: Path) -> AsyncIterator[ExperimentSource]:
    """Open the source of experiments: the server if one is given, otherwise the folder."""
    if remote is None:
        yield FolderSource(output_dir)
        return
    from clau_doom.app.catalog.server_source import ServerSource, reach  # noqa: PLC0415 - gRPC, which a folder does not need

    async with reach(remote, output_dir) as client:
        yield ServerSource(client, remote=remote, output_dir=output_dir)
