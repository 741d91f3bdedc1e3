"""Waits of tests for states, in place of fixed times."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from clau_doom.domain.events import Event
from clau_doom.ports import ExperimentStore

__all__ = ["let_tasks_settle", "until", "until_stored", "wait_until"]

_POLL = 0.01
_TURNS = 100


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 30.0) -> None:
    """Wait until a condition without an event holds.

    Raises:
        TimeoutError: The condition did not hold within the limit.
    """
    async with asyncio.timeout(seconds):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(_POLL)


async def until_stored(store: ExperimentStore, kind: type[Event], count: int = 1, seconds: float = 30.0) -> None:
    """Wait until the log of a store has a number of events of a kind.

    Raises:
        TimeoutError: The log did not have the events within the limit.
    """
    async with asyncio.timeout(seconds):
        async for recorded in store.events(follow=True):
            count -= isinstance(recorded.event, kind)
            if count <= 0:
                return
    raise AssertionError(f"the log ended without {count} events {kind.__name__}")


async def let_tasks_settle() -> None:
    """Let all tasks run until they wait for an event or a timer. Tasks that use threads need a state to wait for."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


def wait_until(condition: Callable[[], bool], seconds: float = 30.0, describe: Callable[[], str] = str) -> None:
    """Block until a condition holds. For tests without an event loop.

    Args:
        condition: The condition.
        seconds: Limit of the wait.
        describe: Returns the text of the failure.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, describe()
        time.sleep(_POLL)
