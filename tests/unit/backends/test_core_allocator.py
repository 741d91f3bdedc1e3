"""Tests of sharing the worker places among several backends."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest

from clau_doom.backends.core_allocator import CoreAllocator
from clau_doom.backends.core_lease import CoreLease
from clau_doom.machine_limits import default_workers


@pytest.mark.parametrize(
    ("places", "wanted", "parts"),
    [
        (4, (0,), [4]),
        (4, (1,), [1]),
        (4, (9,), [4]),
        (4, (0, 0), [2, 2]),
        (4, (1, 0), [1, 3]),
        (3, (0, 0), [2, 1]),
        (2, (0, 0, 0), [1, 1, 0]),
    ],
)
async def test_places_are_shared_equally_up_to_the_request(
    places: int, wanted: tuple[int, ...], parts: list[int]
) -> None:
    """Each place has one backend, no requested place is idle, and no backend exceeds its request."""
    with ExitStack() as stack:
        cores = CoreAllocator(range(places))
        shares = [stack.enter_context(cores.share(each)) for each in wanted]
        assert [len(share.places) for share in shares] == parts
        taken = [place for share in shares for place in share.places]
        assert len(taken) == len(set(taken))


async def test_idle_backend_releases_its_places() -> None:
    """A backend without episodes releases its places at the next turn, and gets them back when it plays."""
    cores = CoreAllocator(range(2), turn=0.01)
    with cores.share(0) as first:
        with cores.share(0) as second:
            assert [len(first.places), len(second.places)] == [1, 1]
            second.plays_on(0)
            await asyncio.sleep(0.03)
            assert [len(first.places), len(second.places)] == [2, 0]
            await asyncio.wait_for(second.have_any(), 1.0)
            assert [len(first.places), len(second.places)] == [1, 1]
        assert first.places in {(0, 1), (1, 0)}


async def test_scarce_places_are_used_in_turns() -> None:
    """Three backends share one place. Each waits at most two turns."""
    cores = CoreAllocator([None], turn=0.01)
    with cores.share(0) as one, cores.share(0) as two, cores.share(0) as three:
        for share in (one, two, three, one, two, three):
            await asyncio.wait_for(share.have_any(), 1.0)
            assert sum(len(other.places) for other in (one, two, three)) == 1


async def test_waiting_backend_gets_a_place_again() -> None:
    """A backend gets a place again if its last episode ends while another of its episodes waits."""
    cores = CoreAllocator([None], turn=0.01)
    with cores.share(0) as one, cores.share(0) as two:
        one.plays_on(1)
        two.plays_on(1)
        async with asyncio.timeout(1.0):
            while one.places:  # noqa: ASYNC110 - the turn has no event
                await asyncio.sleep(0.001)
            waiting = asyncio.ensure_future(one.have_any())
            await asyncio.sleep(0)
            one.plays_on(0)
            await waiting
        assert one.places


async def test_cores_are_claimed_until_the_last_share_ends(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Two pools have different cores. A pool that shares cores reports it, and moves when the other has left."""
    one, two, three = (CoreAllocator([None], turn=0.01, lease=CoreLease((3, 5), tmp_path)) for _ in range(3))
    with ExitStack() as stack:
        stack.enter_context(one.share(0))
        with two.share(0):
            assert (one.places, two.places) == ((3,), (5,))
            assert not caplog.records
            stack.enter_context(three.share(0))
            assert three.places == (3,)
            assert "workers share cores" in str(caplog.records[0].msg)
        async with asyncio.timeout(10.0):
            while three.places != (5,):  # noqa: ASYNC110 - the move has no event
                await asyncio.sleep(0.01)
        assert one.places == (3,)
    with two.share(0):
        assert two.places == (3,)


def test_places_without_pinning_have_no_core() -> None:
    """There is the requested number of places, or one for each core."""
    assert CoreAllocator.of_machine(3, pin=False).places == (None, None, None)
    assert len(CoreAllocator.of_machine(0, pin=True).places) == default_workers()
