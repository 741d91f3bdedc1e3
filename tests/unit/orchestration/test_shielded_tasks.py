"""Tests of tasks that finish despite cancellation."""

import asyncio

import pytest

from clau_doom.errors import WrongState
from clau_doom.orchestration.shielded_tasks import ShieldedTasks


async def test_task_continues_when_its_caller_is_cancelled() -> None:
    """The exit waits for the task of a cancelled caller."""
    done = list[str]()

    async def work() -> str:
        await asyncio.sleep(0.05)
        done.append("done")
        return "done"

    async with ShieldedTasks(grace=5.0) as shielded:
        caller = asyncio.ensure_future(shielded.run(work()))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert done == []
    assert done == ["done"]


async def test_error_is_raised_in_its_caller_only() -> None:
    """An error reaches its caller only, and other tasks continue."""

    async def fail() -> str:
        raise WrongState("not now")

    async def work() -> str:
        await asyncio.sleep(0.01)
        return "done"

    async with ShieldedTasks(grace=5.0) as shielded:
        other = asyncio.ensure_future(shielded.run(work()))
        with pytest.raises(WrongState, match="not now"):
            await shielded.run(fail())
        assert await other == "done"


async def test_task_is_cancelled_after_the_grace_period() -> None:
    """The caller is cancelled as well."""
    async with ShieldedTasks(grace=0.05) as shielded:
        caller = asyncio.ensure_future(shielded.run(asyncio.sleep(60, "late")))
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await caller
