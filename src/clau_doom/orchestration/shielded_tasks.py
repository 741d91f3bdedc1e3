"""What was begun for a client is finished, whether or not the client waits for it.

A handler is cancelled when its client goes. In the middle of starting an experiment or of committing a command, that
would leave half of it done: a run that is stored and not played, an agent that is paused and not so in the log.
"""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

__all__ = ["Finishing"]

ResultT = TypeVar("ResultT")


class Finishing:
    """Owns what is being carried out. Leaving waits for it, and after a grace ends it."""

    def __init__(self, *, grace: float) -> None:
        """Begin with nothing; `grace` is in seconds."""
        self._grace = grace
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        """Begin."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is left."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._grace)
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    async def finish(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Carry something out, and return or raise what comes of it; if the caller is cancelled, it goes on."""
        task = self._group.create_task(_outcome(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        result, error = await asyncio.shield(task)
        if error is not None:
            raise error
        assert result is not None
        return result


async def _outcome(work: Coroutine[Any, Any, ResultT]) -> tuple[ResultT | None, Exception | None]:
    """Keep an error for the one who waits for it: the group would end all others for it."""
    try:
        return await work, None
    except Exception as error:
        return None, error
