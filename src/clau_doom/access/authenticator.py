"""Authentication by token for all servers, with delayed responses to wrong tokens."""

import asyncio
from collections import Counter, OrderedDict

from clau_doom.access.caller import Caller, Transport
from clau_doom.access.tokens import Token, TokenFiles
from clau_doom.backoff import backoff_delay
from clau_doom.errors import NotAuthenticated
from clau_doom.logs import get_logger

__all__ = ["Authenticator"]

_SHORTEST_DELAY = 0.25
_LONGEST_DELAY = 8.0
_MOST_WAITING = 64
_MOST_WAITING_OF_ADDRESS = 8
"""Maximum number of delayed responses; further wrong logins are refused at once, so that they hold no resources."""
_MOST_ADDRESSES = 4096
_FORGOTTEN = 600.0
"""Seconds without a wrong login after which the count of an address is reset."""

_log = get_logger(__name__)


class Authenticator:
    """Finds the caller for a secret.

    A correct token is always accepted at once, so users behind one address cannot lock each other out. The response to
    the n-th wrong login of an address is delayed by 0.25 s · 2ⁿ⁻¹, at most 8 s.
    """

    def __init__(self, tokens: TokenFiles, *, shortest_delay: float = _SHORTEST_DELAY) -> None:
        """Accept the tokens of some files.

        Args:
            tokens: The tokens.
            shortest_delay: Seconds before the response to the first wrong login.
        """
        self.tokens = tokens
        self._shortest_delay = shortest_delay
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """For each address, the number of wrong logins and the time of the latest; the latest address is last."""
        self._waiting: Counter[str] = Counter()

    async def authenticate(
        self, secret: str | None, *, transport: Transport, peer: str, address: str, note: str = ""
    ) -> Caller:
        """Return the caller for a secret.

        Args:
            secret: The secret from the client, or None.
            transport: The connection type of the client.
            peer: The client's address and port, for the audit log.
            address: The client's address without port, for counting wrong logins.
            note: The user's note.

        Raises:
            NotAuthenticated: The secret is missing or wrong.
        """
        if not secret:
            raise NotAuthenticated("a token is required: send 'authorization: Bearer TOKEN'")
        token = self.tokens.find(secret)
        if token is None:
            await self.refuse(transport=transport, address=address)
            raise NotAuthenticated("the token is not valid on this server: use the server's token file")
        return caller_of(token, transport=transport, peer=peer, note=note)

    async def refuse(self, *, transport: Transport, address: str) -> None:
        """Count and log a wrong login of an address, and wait for the delay of its response."""
        failures = self._count(address)
        if failures & (failures - 1) == 0:  # limits the log lines of a flood of requests
            _log.warning("wrong login", transport=transport, address=address, failures=failures)
        if self._waiting[address] >= _MOST_WAITING_OF_ADDRESS or self._waiting.total() >= _MOST_WAITING:
            return
        self._waiting[address] += 1
        try:
            await asyncio.sleep(backoff_delay(failures, self._shortest_delay, _LONGEST_DELAY))
        finally:
            self._waiting[address] -= 1
            self._waiting += Counter()  # removes the addresses without a waiting response

    def _count(self, address: str) -> int:
        now = asyncio.get_running_loop().time()
        failures, latest = self._failures.pop(address, (0, now))
        failures = 1 if now - latest > _FORGOTTEN else failures + 1
        self._failures[address] = (failures, now)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)
        return failures


def caller_of(token: Token, *, transport: Transport, peer: str, note: str = "") -> Caller:
    """Return the caller for a token."""
    return Caller(name=token.name, role=token.role, transport=transport, peer=peer, note=note)
