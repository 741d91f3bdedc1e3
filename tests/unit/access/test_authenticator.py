"""Tests of the authenticator: valid tokens are accepted at once, answers to invalid tokens are delayed."""

import asyncio
import logging
from pathlib import Path

import pytest

from clau_doom.access import Authenticator, Caller, Role, TokenFiles
from clau_doom.errors import NotAuthenticated


async def show(authenticator: Authenticator, secret: str | None, address: str = "192.0.2.1") -> Caller:
    return await authenticator.authenticate(secret, transport="grpc", peer=f"{address}:5", address=address, note="why")


async def test_valid_token_identifies_the_caller(tmp_path: Path) -> None:
    """The caller has the token's name and role, the client's address and its note."""
    files = TokenFiles(tmp_path / "token")
    secret = files.create("reader", Role.READ_ONLY).secret
    assert await show(Authenticator(files), secret) == Caller(
        name="reader", role=Role.READ_ONLY, transport="grpc", peer="192.0.2.1:5", note="why"
    )


async def test_delay_doubles_with_each_invalid_token(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A valid token or another address does not wait."""
    files = TokenFiles(tmp_path / "token")
    secret, authenticator = files.make().secret, Authenticator(files, shortest_delay=0.02)
    loop, taken = asyncio.get_running_loop(), []
    with caplog.at_level(logging.WARNING):
        for _ in range(4):
            began = loop.time()
            with pytest.raises(NotAuthenticated, match="the token is not valid on this server"):
                await show(authenticator, "wrong")
            taken.append(loop.time() - began)
    assert all(seconds >= 0.02 * 2**number for number, seconds in enumerate(taken))
    assert caplog.text.count("wrong login") == 3, "the 1st, the 2nd and the 4th"
    late = asyncio.create_task(show(authenticator, "wrong again"))
    assert (await show(authenticator, secret)).name == "owner"
    other = asyncio.create_task(show(authenticator, "wrong", "192.0.2.2"))
    done, _ = await asyncio.wait({late, other}, return_when=asyncio.FIRST_COMPLETED)
    assert done == {other}
    with pytest.raises(NotAuthenticated):
        await late
    with pytest.raises(NotAuthenticated):
        await other


async def test_number_of_delayed_requests_is_limited(tmp_path: Path) -> None:
    """At most eight requests of an address and 64 in total wait. Further requests are refused at once."""
    authenticator = Authenticator(TokenFiles(tmp_path / "token"), shortest_delay=60.0)
    tasks = [asyncio.create_task(show(authenticator, "wrong", f"192.0.2.{n // 10}")) for n in range(90)]
    done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert len(waiting) == 64
    for task in waiting:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, NotAuthenticated) for result in results) == len(done) == 26


async def test_missing_token_is_refused_without_delay(tmp_path: Path) -> None:
    """The error explains how a client sends its token."""
    authenticator = Authenticator(TokenFiles(tmp_path / "token"), shortest_delay=60.0)
    for secret in (None, ""):
        with pytest.raises(NotAuthenticated, match="a token is required: send 'authorization: Bearer TOKEN'"):
            await show(authenticator, secret)


@pytest.mark.parametrize("secret", ["\udc80", "tök\N{SNOWMAN}", "two words", "x" * 5000])
async def test_malformed_token_is_invalid(secret: str, tmp_path: Path) -> None:
    """A token with characters that UTF-8 cannot encode, as in JSON over NATS, is invalid."""
    files = TokenFiles(tmp_path / "token")
    files.make()
    with pytest.raises(NotAuthenticated, match="the token is not valid on this server"):
        await show(Authenticator(files, shortest_delay=0.0), secret)
