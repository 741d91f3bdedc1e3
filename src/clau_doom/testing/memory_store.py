"""In-memory store of an experiment, with the same contract as the real store."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from clau_doom.domain import Agent, AgentRef, AgentStatus, Episode, Purpose
from clau_doom.domain.events import (
    EpisodeFinished,
    Event,
    ExperimentCreated,
    GenerationCompleted,
    RecordedEvent,
)
from clau_doom.domain.experiment import Experiment, ExperimentState
from clau_doom.domain.experiment_projection import Ledger
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import AgentNotFound, StoreCorrupted

__all__ = ["MemoryStore"]

_Key = tuple[Purpose, str, int]


class MemoryStore:
    """An `ExperimentStore` for tests. Its data ends with the object."""

    def __init__(
        self,
        experiment: Experiment | None = None,
        *,
        keep_recordings: str = "champions",
        disturb: Callable[[Sequence[Event]], None] | None = None,
    ) -> None:
        """Create a store.

        Args:
            experiment: The first event `ExperimentCreated`, as in a new run folder; None: an empty store.
            keep_recordings: ``champions``, ``all`` or ``none``.
            disturb: Called before events are stored. If it raises an error (such as `DiskFull`), none of the events is
                stored.
        """
        self._keep = keep_recordings
        self._disturb = disturb
        self._log: list[RecordedEvent] = []
        self._ledger = Ledger()
        self._recordings: dict[_Key, bytes] = {}
        self._actions: dict[_Key, bytes] = {}
        self._seconds = 0.0
        self._closed = False
        self._news = asyncio.Event()
        if experiment:
            self._keep_event(ExperimentCreated(experiment=experiment))

    def close(self) -> None:
        """End all readers that follow the log."""
        self._closed = True
        self._announce()

    async def append(self, events: Sequence[Event], *, running_seconds: float) -> int:
        """Store events; return the last sequence."""
        if self._disturb:
            self._disturb(events)
        before, recordings, actions = len(self._log), dict(self._recordings), dict(self._actions)
        try:
            for event in events:
                self._keep_event(event)
        except StoreCorrupted:
            kept = self._log[:before]
            self._log, self._ledger, self._recordings, self._actions = kept, Ledger(), recordings, actions
            for recorded in kept:
                self._ledger.apply(recorded.event)
            raise
        self._seconds = running_seconds
        self._announce()
        return len(self._log)

    async def snapshot(self, *, measured: bool = True) -> Snapshot:  # noqa: ARG002 - this store always has all data
        """Return the current state of the experiment."""
        return self._ledger.snapshot(running_seconds=self._seconds)

    async def agent(self, ref: AgentRef) -> Agent:
        """Return one agent."""
        evaluation = self._ledger.evaluation(ref)
        if evaluation is None:
            raise AgentNotFound(f"there is no agent {ref.index} in generation {ref.generation}")
        return evaluation.agent

    async def recording(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return an episode's recording, or None when none was kept."""
        return self._recordings.get((purpose, agent, number))

    async def actions(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return the reported actions of an episode, or None if they were not kept."""
        return self._actions.get((purpose, agent, number))

    async def events(self, after: int = 0, *, follow: bool = False) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, in order; with `follow`, wait for more."""
        while True:
            while after < len(self._log):
                after += 1
                yield self._log[after - 1]
            ended = self._ledger.state.final or self._ledger.state is ExperimentState.INTERRUPTED
            if self._closed or ended or not follow:
                return
            await self._news.wait()

    def _announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _keep_event(self, event: Event) -> None:
        self._ledger.apply(event)
        if isinstance(event, EpisodeFinished):
            event = self._without_bytes(event.episode)
        elif isinstance(event, GenerationCompleted):
            self._settled(event.summary.best.generation)
            if self._keep == "champions":
                self._forget(event.summary.best)
        self._log.append(RecordedEvent(sequence=len(self._log) + 1, time=0.0, event=event))

    def _without_bytes(self, episode: Episode) -> EpisodeFinished:
        place = self._ledger.place(episode.agent)
        evaluation = self._ledger.evaluation(place) if place else None
        useless = episode.purpose is Purpose.TRAINING and evaluation and evaluation.status is AgentStatus.FAILED
        wanted = self._keep == "all" or (self._keep == "champions" and not useless)
        if episode.recording is not None and wanted:
            self._recordings[episode.purpose, episode.agent, episode.number] = episode.recording
        if episode.actions is not None:
            self._actions[episode.purpose, episode.agent, episode.number] = episode.actions
        return EpisodeFinished(episode=replace(episode, recording=None, actions=None))

    def _settled(self, generation: int) -> None:
        self._actions = _without_training(self._actions, set(self._ledger.in_generation(generation)))

    def _forget(self, best: AgentRef) -> None:
        names = self._ledger.in_generation(best.generation)
        others = {name for index, name in enumerate(names) if index != best.index}
        self._recordings = _without_training(self._recordings, others)


def _without_training(kept: dict[_Key, bytes], agents: set[str]) -> dict[_Key, bytes]:
    """Return the stored data of episodes, without the training episodes of some agents."""
    return {key: value for key, value in kept.items() if key[0] is not Purpose.TRAINING or key[1] not in agents}
