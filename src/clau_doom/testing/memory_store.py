"""In-memory store of an experiment, with the same contract as the real store."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from clau_doom.domain import Agent, AgentRef, AgentStatus, Episode, Purpose
from clau_doom.domain.event_effects import EpisodeAdded, GenerationClosed
from clau_doom.domain.events import EpisodeFinished, Event, ExperimentCreated, RecordedEvent
from clau_doom.domain.experiment import Experiment
from clau_doom.domain.experiment_projection import ExperimentProjection
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
        self._projection = ExperimentProjection()
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
            self._log, self._projection, self._recordings, self._actions = (
                kept,
                ExperimentProjection(),
                recordings,
                actions,
            )
            for recorded in kept:
                self._projection.apply(recorded.event)
            raise
        self._seconds = running_seconds
        self._announce()
        return len(self._log)

    async def snapshot(self, *, measured: bool = True) -> Snapshot:  # noqa: ARG002 - this store always has all data
        """Return the current state of the experiment."""
        return self._projection.snapshot(running_seconds=self._seconds)

    async def agent(self, ref: AgentRef) -> Agent:
        """Return one agent."""
        evaluation = self._projection.evaluation(ref)
        if evaluation is None:
            raise AgentNotFound(f"the experiment has no agent {ref.index} in generation {ref.generation}")
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
            if self._closed or self._projection.state.ended or not follow:
                return
            await self._news.wait()

    def _announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _keep_event(self, event: Event) -> None:
        for change in self._projection.apply(event):
            match change:
                case EpisodeAdded(episode):
                    self._keep_bytes(episode)
                case GenerationClosed(summary):
                    self._forget_bytes(summary.best)
        if isinstance(event, EpisodeFinished):
            event = EpisodeFinished(episode=replace(event.episode, recording=None, actions=None))
        self._log.append(RecordedEvent(sequence=len(self._log) + 1, time=0.0, event=event))

    def _keep_bytes(self, episode: Episode) -> None:
        key = (episode.purpose, episode.agent, episode.number)
        place = self._projection.place(episode.agent)
        failed = place is not None and self._projection.status(place) is AgentStatus.FAILED
        useless = episode.purpose is Purpose.TRAINING and failed
        if episode.recording is not None and (self._keep == "all" or (self._keep == "champions" and not useless)):
            self._recordings[key] = episode.recording
        if episode.actions is not None:
            self._actions[key] = episode.actions

    def _forget_bytes(self, best: AgentRef) -> None:
        """Delete the actions of a completed generation, and the recordings that are not its best agent's."""
        agents = self._projection.agent_ids(best.generation)
        self._actions = _without_training(self._actions, {*agents})
        if self._keep == "champions":
            others = {agent for index, agent in enumerate(agents) if index != best.index}
            self._recordings = _without_training(self._recordings, others)


def _without_training(kept: dict[_Key, bytes], agents: set[str]) -> dict[_Key, bytes]:
    """Return the stored data of episodes, without the training episodes of some agents."""
    return {key: value for key, value in kept.items() if key[0] is not Purpose.TRAINING or key[1] not in agents}
