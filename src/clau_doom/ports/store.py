"""Interface of the store of one experiment."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from clau_doom.domain import Agent, AgentRef, Purpose
from clau_doom.domain.events import Event, RecordedEvent
from clau_doom.domain.snapshot import Snapshot

__all__ = ["ExperimentStore"]


class ExperimentStore(Protocol):
    """Store of one experiment, with one writer (held by a lock) and any number of readers in any process.

    Guarantees: when `append` returns, its events and the tables derived from them are on the disk, or after an error
    none of them. Sequences are gapless and in the order of the calls. Readers see committed data only.
    """

    async def append(self, events: Sequence[Event], *, running_seconds: float) -> int:
        """Commit events and the tables derived from them in one transaction; return the last sequence.

        Concurrent calls may share a transaction.

        Raises:
            DiskFull: The disk is full; nothing of this call was committed, and the store stays usable.
            StorageFailed: The commit failed for another reason.
        """
        ...

    async def snapshot(self, *, measured: bool = True) -> Snapshot:
        """Return the current state of the experiment.

        Args:
            measured: False allows to leave out measures and timings of training episodes, which is faster. Their number
                and the history hash are present; access to the rest raises `LookupError`.
        """
        ...

    async def agent(self, ref: AgentRef) -> Agent:
        """Return one agent.

        Raises:
            AgentNotFound: The experiment has no such agent.
        """
        ...

    async def recording(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return the recording of an episode, or None if none was kept."""
        ...

    async def actions(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return the claimed actions of an episode, or None if nothing is claimed.

        Those of a training episode are kept until its generation is completed, all others permanently.
        """
        ...

    def events(self, after: int = 0, *, follow: bool = False) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, in order; with `follow`, wait for more until the log ends."""
        ...
