"""Real server of a folder, in a thread of the test."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clau_doom.app.serve import ServiceAddresses, open_service
from clau_doom.config import ExecutionConfig, ExperimentConfig, GrpcConfig, MetricsConfig, WebConfig

__all__ = ["served"]


@contextmanager
def served(folder: Path) -> Iterator[ServiceAddresses]:
    """Serve a folder from a thread with its own event loop."""
    config = ExperimentConfig(
        execution=ExecutionConfig(workers=1),
        grpc=GrpcConfig(port=0),
        metrics=MetricsConfig(enabled=False),
        web=WebConfig(enabled=False),
    )
    loop, ended, up = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    found: list[ServiceAddresses] = []

    async def serve() -> None:
        async with open_service(config, folder) as service:
            found.append(service.addresses)
            up.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert up.wait(30)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
