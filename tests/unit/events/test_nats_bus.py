"""Tests of the NATS bus that need no server."""

import pytest

from clau_doom.config import NatsConfig
from clau_doom.errors import BusUnavailable
from clau_doom.events import NatsBus


async def test_address_that_nats_py_refuses_is_one_error() -> None:
    """The error has the reason and no password."""

    async def connect() -> None:
        async with NatsBus(NatsConfig(enabled=True, url="nats://a:S3CRET@h:1,ws://h:2")):
            pass

    with pytest.raises(BusUnavailable, match="mixing of websocket") as refused:
        await connect()
    assert "S3CRET" not in str(refused.value)
