"""The check of a token, the same for every face; answers to wrong ones are delayed."""

import asyncio
from collections import Counter, OrderedDict

from clau_doom.access.caller import Caller, Face
from clau_doom.access.tokens import Token, TokenFiles
from clau_doom.errors import NotAuthenticated
from clau_doom.logs import get_logger

__all__ = ["Authenticator"]

_SHORTEST_DELAY = 0.25
_LONGEST_DELAY = 8.0
_MOST_WAITING = 64
_MOST_WAITING_OF_ADDRESS = 8
"""Wrong logins whose answers are delayed at once; the others are refused at once, so that they hold no resources."""
_MOST_ADDRESSES = 4096
_FORGOTTEN = 600.0
"""Seconds without a wrong login after which an address begins anew."""

_log = get_logger(__name__)


class Authenticator:
    """Says which caller a secret belongs to.

    A right token is accepted at once, whatever went before: users behind one address cannot lock each other out. The
    answer to the n-th wrong login of an address comes after 0.25 s · 2ⁿ⁻¹, at most 8 s.
    """

    def __init__(self, tokens: TokenFiles, *, shortest_delay: float = _SHORTEST_DELAY) -> None:
        """Accept the tokens of some files.

        Args:
            tokens: The tokens.
            shortest_delay: Seconds before the answer to the first wrong login.
        """
        self.tokens = tokens
        self._shortest_delay = shortest_delay
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """By address, the latest last: how many wrong logins, and the time of the latest."""
        self._waiting: Counter[str] = Counter()

    async def authenticate(self, secret: str | None, *, face: Face, peer: str, address: str, note: str = "") -> Caller:
        """Return the caller that a secret belongs to.

        Args:
            secret: What the client shows, or None for nothing.
            face: How the client reached the server.
            peer: The client's address and port, for the audit log.
            address: The client's address alone, by which wrong logins are counted.
            note: The person's note.

        Raises:
            NotAuthenticated: The secret is missing or wrong.
        """
        if not secret:
            raise NotAuthenticated(
                "this server asks for a token: send 'authorization: Bearer TOKEN', or name its file with --token-file"
            )
        token = self.tokens.find(secret)
        if token is None:
            await self.refuse(face=face, address=address)
            raise NotAuthenticated("this is not a token of this server: use the token file that the server names")
        return caller_of(token, face=face, peer=peer, note=note)

    async def refuse(self, *, face: Face, address: str) -> None:
        """Count a wrong login of an address, log it, and wait as long as its answer is to be delayed."""
        failures = self._count(address)
        if failures & (failures - 1) == 0:  # a flood makes a few lines
            _log.warning("wrong login", face=face, address=address, failures=failures)
        if self._waiting[address] >= _MOST_WAITING_OF_ADDRESS or self._waiting.total() >= _MOST_WAITING:
            return
        self._waiting[address] += 1
        try:
            await asyncio.sleep(min(self._shortest_delay * 2 ** min(failures - 1, 10), _LONGEST_DELAY))
        finally:
            self._waiting[address] -= 1
            self._waiting += Counter()  # leaves out the addresses of which none waits

    def _count(self, address: str) -> int:
        now = asyncio.get_running_loop().time()
        failures, latest = self._failures.pop(address, (0, now))
        failures = 1 if now - latest > _FORGOTTEN else failures + 1
        self._failures[address] = (failures, now)
        if len(self._failures) > _MOST_ADDRESSES:
            self._failures.popitem(last=False)
        return failures


def caller_of(token: Token, *, face: Face, peer: str, note: str = "") -> Caller:
    """Return the caller who showed a token."""
    return Caller(name=token.name, role=token.role, face=face, peer=peer, note=note)
