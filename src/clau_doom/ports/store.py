"""Where one experiment is kept."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from clau_doom.domain import Agent, AgentRef, Purpose
from clau_doom.domain.events import Event, RecordedEvent
from clau_doom.domain.snapshot import Snapshot

__all__ = ["ExperimentStore"]


class ExperimentStore(Protocol):
    """Where one experiment is kept. One writer (held by a lock), any number of readers, in any process.

    Guarantees: when `append` returns, its events and everything read off them are on the disk, or (on an error) none
    of them is; sequences are gapless and in the order of the calls; a reader sees only what was committed.
    """

    async def append(self, events: Sequence[Event], *, running_seconds: float) -> int:
        """Keep events, with the tables that are read off them, in one transaction; return the last sequence.

        Calls that wait at the same time may share a transaction.

        Raises:
            DiskFull: There is no room; nothing of this call was kept, and the store stays usable.
            StorageFailed: Anything else that went wrong.
        """
        ...

    async def snapshot(self, *, measured: bool = True) -> Snapshot:
        """Return the experiment as it stands.

        Args:
            measured: Without, what training episodes measured and how they were played may be left out, which is
                quicker. How many there are of each agent, and the history's hash, are there all the same; asking for
                the rest is a `LookupError`.
        """
        ...

    async def agent(self, ref: AgentRef) -> Agent:
        """Return one agent.

        Raises:
            AgentNotFound: There is none at that place.
        """
        ...

    async def recording(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return an episode's recording, or None when none was kept."""
        ...

    async def actions(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return what an episode claims to have done, or None where nothing is claimed; kept until it is settled.

        A training episode's are kept until its generation is completed, all others' for good.
        """
        ...

    def events(self, after: int = 0, *, follow: bool = False) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, in order; with `follow`, wait for more until a final state or close."""
        ...
