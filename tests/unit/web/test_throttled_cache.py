"""Tests of the cache that limits the share of time spent on reads."""

import asyncio

import pytest

from clau_doom.web.throttled_cache import ThrottledCache


class Store:
    """Source of a slow value that counts its reads."""

    def __init__(self, seconds: float) -> None:
        self.reads = 0
        self._seconds = seconds

    async def read(self) -> int:
        self.reads += 1
        number = self.reads
        await asyncio.sleep(self._seconds)
        return number


async def test_concurrent_requests_share_one_read() -> None:
    store = Store(0.02)
    shelf = ThrottledCache(store.read)
    assert await asyncio.gather(*(shelf.get() for _ in range(20))) == [1] * 20


async def test_reading_takes_a_tenth_of_the_time() -> None:
    """A value is reused for nine times the duration of its read."""
    store = Store(0.02)
    shelf, loop = ThrottledCache(store.read), asyncio.get_running_loop()
    began = loop.time()
    while store.reads < 3:
        await shelf.get()
        await asyncio.sleep(0.001)
    assert loop.time() - began >= 2 * 0.02 * 9


async def test_fresh_request_is_read_after_the_request() -> None:
    store = Store(0.02)
    shelf = ThrottledCache(store.read)
    assert await shelf.get() == 1
    assert await shelf.get() == 1
    assert await shelf.get(fresh=True) == 2
    first, second = await asyncio.gather(shelf.get(fresh=True), shelf.get(fresh=True))
    assert (first, second) == (3, 4)


async def test_failed_read_is_raised_and_retried() -> None:
    failures = [RuntimeError("gone")]

    async def read() -> str:
        if failures:
            raise failures.pop()
        return "here"

    shelf = ThrottledCache(read)
    with pytest.raises(RuntimeError, match="gone"):
        await shelf.get()
    assert await shelf.get() == "here"
