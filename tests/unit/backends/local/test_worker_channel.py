"""Tests of the channel to a worker: order of answers, charges for a worker's end, and late reads."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from clau_doom.backends.local.worker_channel import Disconnected, Requeued, WorkerChannel
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import MalformedMessage, frame

Worker = socket.socket


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[WorkerChannel, Worker]]:
    """Connect a channel. Yield it and the worker's end of its socket."""
    ours, theirs = socket.socketpair()
    with theirs:
        link = await WorkerChannel.connect(ours)
        try:
            yield link, theirs
        finally:
            link.close()


def answer(task: int) -> bytes:
    return frame(pb.FromWorker(failed=pb.EpisodeFailed(task=task)))


async def test_answers_are_matched_to_requests_in_order() -> None:
    """The bytes may be split at any position."""
    async with linked() as (link, worker):
        expected = [link.expect() for _ in range(3)]
        data = answer(1) + answer(2) + answer(3)
        for at in range(0, len(data), 5):
            worker.sendall(data[at : at + 5])
            await asyncio.sleep(0)
        assert [(await future).failed.task for future in expected] == [1, 2, 3]


async def test_transport_of_another_event_loop_is_accepted() -> None:
    """The channel works with the transport classes of uvloop, which Ray uses where it is installed."""

    class Transport:
        def __init__(self) -> None:
            self.written: list[bytes] = []

        def write(self, data: bytes) -> None:
            self.written.append(data)

    transport = Transport()
    link = WorkerChannel()
    link.connection_made(cast("asyncio.BaseTransport", transport))
    link.send(pb.FromWorker(failed=pb.EpisodeFailed(task=1)))
    expected = link.expect()
    link.data_received(answer(1))
    assert transport.written == [answer(1)]
    assert (await expected).failed.task == 1


async def test_first_unanswered_episode_is_charged_for_a_lost_worker() -> None:
    """Earlier episodes count. Later episodes are requeued."""
    async with linked() as (link, worker):
        answered, charged, behind = link.expect(), link.expect(), link.expect()
        worker.sendall(answer(1))
        worker.close()
        assert (await answered).failed.task == 1
        with pytest.raises(Disconnected):
            await charged
        with pytest.raises(Requeued):
            await behind
        with pytest.raises(Requeued):
            await link.expect()


async def test_closed_channel_requeues_all_episodes() -> None:
    """A channel that the backend closes charges no agent."""
    async with linked() as (link, _):
        first, second = link.expect(), link.expect()
        link.close()
        for future in (first, second):
            with pytest.raises(Requeued):
                await future


@pytest.mark.parametrize("data", [b"\x04\0\0\0\xff\xff\xff\xff", b"\xff\xff\xff\xff"])
async def test_invalid_bytes_close_the_channel(data: bytes) -> None:
    """Invalid bytes, or too large a message length, close the channel and are charged."""
    async with linked() as (link, worker):
        charged = link.expect()
        worker.sendall(data)
        with pytest.raises(MalformedMessage):
            await charged
        with pytest.raises(Requeued):
            await link.expect()


async def test_unrequested_answer_closes_the_channel() -> None:
    """A worker that sends an unrequested answer is not used again."""
    async with linked() as (link, worker):
        asked = link.expect()
        worker.sendall(answer(1) * 2)
        await asked
        with pytest.raises(Requeued):
            await link.expect()


async def test_pending_answers_are_read_in_batches() -> None:
    """Answers are read in batches while many are pending, and none is lost when the worker ends."""
    async with linked() as (link, worker):
        wakes: list[int] = []
        link.on_answer = lambda: wakes.append(link.outstanding)
        expected = [link.expect() for _ in range(8)]
        worker.sendall(answer(0))
        await expected[0]
        for task in range(1, 6):
            worker.sendall(answer(task))
            await asyncio.sleep(0.001)
        assert len(wakes) == 1, "the others lie in the socket"
        worker.close()
        done = await asyncio.gather(*expected[1:], return_exceptions=True)
        assert [one.failed.task for one in done if isinstance(one, pb.FromWorker)] == [1, 2, 3, 4, 5]
        assert [type(one) for one in done[5:]] == [Disconnected, Requeued]
