"""Tasks that finish even if their client disconnects.

gRPC cancels a handler when its client disconnects. Cancelling in the middle of a start or a commit would leave partial
changes: a stored run that is not played, or a paused agent without an event in the log.
"""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

__all__ = ["ShieldedTasks"]

ResultT = TypeVar("ResultT")


class ShieldedTasks:
    """Owns the running tasks. Leaving the context waits for the tasks, and cancels them after a grace."""

    def __init__(self, *, grace: float) -> None:
        """Start without tasks. `grace` is in seconds."""
        self._grace = grace
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        """Enter the context."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the remaining tasks, or cancel them after the grace."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._grace)
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    async def run(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Run a coroutine to its end, and return its result or raise its error.

        The coroutine continues if the caller is cancelled.
        """
        task = self._group.create_task(_outcome(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        result, error = await asyncio.shield(task)
        if error is not None:
            raise error
        assert result is not None
        return result


async def _outcome(work: Coroutine[Any, Any, ResultT]) -> tuple[ResultT | None, Exception | None]:
    """Return an error instead of raising it: an error in the task group would cancel the other tasks."""
    try:
        return await work, None
    except Exception as error:
        return None, error
