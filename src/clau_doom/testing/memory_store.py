"""An experiment's store in memory: the contract of the real one, in plain Python and without a disk."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from clau_doom.domain import Agent, AgentRef, AgentStatus, Episode, Evaluation, Purpose
from clau_doom.domain.events import (
    AgentEvaluated,
    AgentFailed,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    ChampionChosen,
    ContestantFailed,
    EpisodeFinished,
    Event,
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentCreated,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
    GenomeInjected,
    RecordedEvent,
)
from clau_doom.domain.experiment import Deviations, Experiment, ExperimentState, GenerationSummary
from clau_doom.errors import AgentNotFound, StoreCorrupted
from clau_doom.ports import Snapshot

__all__ = ["MemoryStore"]

_ENDS = {
    ExperimentInterrupted: ExperimentState.INTERRUPTED,
    ExperimentFailed: ExperimentState.FAILED,
    ExperimentCompleted: ExperimentState.COMPLETED,
    ExperimentCancelled: ExperimentState.CANCELLED,
}
_Intervention = AgentPaused | AgentResumed | AgentRestarted | GenomeInjected
_Key = tuple[Purpose, str, int]


@dataclass
class _Tables:
    """What is read off the log."""

    experiment: Experiment | None = None
    config_yaml: str = ""
    wanted: int = 0
    state: ExperimentState = ExperimentState.PENDING
    reason: str | None = None
    generations: list[list[Evaluation]] = field(default_factory=list)
    places: dict[str, AgentRef] = field(default_factory=dict)
    summaries: list[GenerationSummary] = field(default_factory=list)
    episodes: dict[_Key, Episode] = field(default_factory=dict)
    champion: tuple[AgentRef, float] | None = None
    kinds: dict[AgentRef, FailureKind] = field(default_factory=dict)
    failures: list[FailureKind] = field(default_factory=list)
    paused: list[AgentRef] = field(default_factory=list)
    injected: list[GenomeInjected] = field(default_factory=list)
    interventions: int = 0


class MemoryStore:
    """An `ExperimentStore` for tests. Everything is gone when it is."""

    def __init__(
        self,
        experiment: Experiment | None = None,
        *,
        keep_recordings: str = "champions",
        disturb: Callable[[Sequence[Event]], None] | None = None,
    ) -> None:
        """Make a store.

        Args:
            experiment: Begin with its `ExperimentCreated`, as a new folder of runs does; None begins empty.
            keep_recordings: ``champions``, ``all`` or ``none``.
            disturb: Called before events are kept; when it raises (such as `DiskFull`), none of them is.
        """
        self._keep = keep_recordings
        self._disturb = disturb
        self._log: list[RecordedEvent] = []
        self._tables = _Tables()
        self._recordings: dict[_Key, bytes] = {}
        self._seconds = 0.0
        self._closed = False
        self._news = asyncio.Event()
        if experiment:
            self._keep_event(ExperimentCreated(experiment=experiment))

    def close(self) -> None:
        """End whoever follows the log."""
        self._closed = True
        self._announce()

    async def append(self, events: Sequence[Event], *, running_seconds: float) -> int:
        """Keep events; return the last sequence."""
        if self._disturb:
            self._disturb(events)
        before, recordings = len(self._log), dict(self._recordings)
        try:
            for event in events:
                self._keep_event(event)
        except StoreCorrupted:
            kept = self._log[:before]
            self._log, self._tables, self._recordings = kept, _Tables(), recordings
            for recorded in kept:
                self._apply(recorded.event)
            raise
        self._seconds = running_seconds
        self._announce()
        return len(self._log)

    async def snapshot(self) -> Snapshot:
        """Return the experiment as it stands."""
        tables = self._tables
        if tables.experiment is None:
            raise StoreCorrupted("no experiment is stored here")
        kinds = [*tables.failures, *tables.kinds.values()]
        played: dict[tuple[Purpose, str], tuple[Episode, ...]] = {}
        for key in sorted(tables.episodes):
            played[key[:2]] = (*played.get(key[:2], ()), tables.episodes[key])
        training = {ref: played.get((Purpose.TRAINING, name), ()) for name, ref in tables.places.items()}
        return Snapshot(
            experiment=tables.experiment,
            config_yaml=tables.config_yaml,
            state=tables.state,
            reason=tables.reason,
            generations=tuple(
                tuple(
                    replace(evaluation, outcomes=tuple(episode.outcome for episode in training[evaluation.agent.ref]))
                    for evaluation in generation
                )
                for generation in tables.generations
            ),
            summaries=tuple(tables.summaries),
            episodes={ref: episodes for ref, episodes in training.items() if episodes},
            judging={key: episodes for key, episodes in played.items() if key[0] is not Purpose.TRAINING},
            champion=tables.champion,
            paused=tuple(sorted(ref for ref in tables.paused if self._status(ref) is AgentStatus.PENDING)),
            injected=tuple(each.genome for each in tables.injected if each.generation == len(tables.generations)),
            deviations=Deviations(
                exhausted_attempts=kinds.count(FailureKind.ATTEMPTS_EXHAUSTED),
                missed_deadlines=kinds.count(FailureKind.POLICY_TIMED_OUT),
                interventions=tables.interventions,
                repeated_actions=sum(episode.timing.repeated for episode in tables.episodes.values()),
            ),
            last_sequence=len(self._log),
            running_seconds=self._seconds,
        )

    async def agent(self, ref: AgentRef) -> Agent:
        """Return one agent."""
        evaluation = self._evaluation(ref)
        if evaluation is None:
            raise AgentNotFound(f"there is no agent {ref.index} in generation {ref.generation}")
        return evaluation.agent

    async def recording(self, purpose: Purpose, agent: str, number: int) -> bytes | None:
        """Return an episode's recording, or None when none was kept."""
        return self._recordings.get((purpose, agent, number))

    async def events(self, after: int = 0, *, follow: bool = False) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, in order; with `follow`, wait for more."""
        while True:
            while after < len(self._log):
                after += 1
                yield self._log[after - 1]
            ended = self._tables.state.final or self._tables.state is ExperimentState.INTERRUPTED
            if self._closed or ended or not follow:
                return
            await self._news.wait()

    def _announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _keep_event(self, event: Event) -> None:
        self._apply(event)
        if isinstance(event, EpisodeFinished):
            event = self._without_recording(event.episode)
        elif isinstance(event, GenerationCompleted) and self._keep == "champions":
            self._forget(event.summary.best)
        self._log.append(RecordedEvent(sequence=len(self._log) + 1, time=0.0, event=event))

    def _without_recording(self, episode: Episode) -> EpisodeFinished:
        evaluation = self._evaluation(self._tables.places.get(episode.agent))
        useless = episode.purpose is Purpose.TRAINING and evaluation and evaluation.status is AgentStatus.FAILED
        wanted = self._keep == "all" or (self._keep == "champions" and not useless)
        if episode.recording is not None and wanted:
            self._recordings[episode.purpose, episode.agent, episode.number] = episode.recording
        return EpisodeFinished(episode=replace(episode, recording=None))

    def _forget(self, best: AgentRef) -> None:
        places = self._tables.places
        others = {name for name, ref in places.items() if ref.generation == best.generation and ref != best}
        self._recordings = {
            key: recording
            for key, recording in self._recordings.items()
            if key[0] is not Purpose.TRAINING or key[1] not in others
        }

    def _apply(self, event: Event) -> None:
        if not self._possible(event):
            raise StoreCorrupted(f"{type(event).__name__} cannot happen now: {event}")
        tables = self._tables
        match event:
            case EpisodeFinished():
                episode = event.episode
                tables.episodes[episode.purpose, episode.agent, episode.number] = replace(episode, recording=None)
            case AgentEvaluated():
                self._settle(event.ref, status=AgentStatus.COMPLETED, fitness=event.fitness)
            case ContestantFailed():
                tables.failures.append(event.kind)
            case AgentPaused() | AgentResumed() | AgentRestarted() | GenomeInjected():
                self._intervene(event)
            case AgentFailed():
                tables.interventions += event.kind is FailureKind.STOPPED
                tables.kinds[event.ref] = event.kind
                self._settle(event.ref, status=AgentStatus.FAILED, failure=event.reason)
            case GenerationStarted():
                tables.generations.append([_pending(agent) for agent in event.agents])
                tables.places.update({agent.id: agent.ref for agent in event.agents})
            case GenerationCompleted():
                tables.summaries.append(event.summary)
            case ChampionChosen():
                tables.champion = (event.champion, event.validation_fitness)
            case _:
                self._apply_to_experiment(event)

    def _apply_to_experiment(self, event: Event) -> None:
        tables = self._tables
        match event:
            case ExperimentCreated():
                tables.experiment, tables.config_yaml = event.experiment, event.experiment.config_yaml
            case ExperimentStarted():
                tables.config_yaml, tables.wanted = event.config_yaml, event.generations
                tables.state, tables.reason = ExperimentState.RUNNING, None
            case ExperimentPaused():
                tables.state = ExperimentState.PAUSED
            case ExperimentResumed():
                tables.state = ExperimentState.RUNNING
            case ExperimentInterrupted() | ExperimentFailed() | ExperimentCompleted() | ExperimentCancelled():
                tables.state, tables.reason = _ENDS[type(event)], getattr(event, "reason", None)

    def _settle(
        self, ref: AgentRef, *, status: AgentStatus, fitness: float | None = None, failure: str | None = None
    ) -> None:
        row = self._tables.generations[ref.generation]
        row[ref.index] = replace(row[ref.index], status=status, fitness=fitness, failure=failure)

    def _intervene(self, event: _Intervention) -> None:
        tables = self._tables
        match event:
            case AgentPaused():
                tables.paused.append(event.ref)
            case AgentResumed():
                tables.paused.remove(event.ref)
            case AgentRestarted():
                tables.interventions += 1
                self._restart(event.ref)
            case GenomeInjected():
                tables.interventions += 1
                tables.injected.append(event)

    def _restart(self, ref: AgentRef) -> None:
        self._tables.kinds.pop(ref)
        if ref in self._tables.paused:
            self._tables.paused.remove(ref)
        self._settle(ref, status=AgentStatus.PENDING)

    def _possible(self, event: Event) -> bool:
        tables = self._tables
        if tables.experiment is None or isinstance(event, ExperimentCreated):
            return tables.experiment is None and isinstance(event, ExperimentCreated)
        if isinstance(event, ExperimentPaused | ExperimentResumed):
            resumes = isinstance(event, ExperimentResumed)
            return tables.state is (ExperimentState.PAUSED if resumes else ExperimentState.RUNNING)
        if tables.state in {ExperimentState.RUNNING, ExperimentState.PAUSED}:
            if isinstance(event, _Intervention):
                return self._may_intervene(event)
            return self._fits(event, tables.experiment)
        if tables.state is ExperimentState.COMPLETED:
            return isinstance(event, ExperimentStarted) and event.generations > tables.wanted
        always = ExperimentStarted | ExperimentInterrupted | ExperimentFailed | ExperimentCancelled
        return not tables.state.final and isinstance(event, always)

    def _fits(self, event: Event, experiment: Experiment) -> bool:
        match event:
            case EpisodeFinished():
                return self._new_episode(event.episode)
            case AgentEvaluated() | AgentFailed():
                return self._status(event.ref) is AgentStatus.PENDING
            case GenerationStarted():
                return self._next_generation(experiment, event)
            case GenerationCompleted():
                return self._complete(event.summary)
            case ChampionChosen():
                return self._status(event.champion) is AgentStatus.COMPLETED
            case _:
                return True

    def _may_intervene(self, event: _Intervention) -> bool:
        tables = self._tables
        if isinstance(event, GenomeInjected):
            return event.generation == len(tables.generations)
        if isinstance(event, AgentRestarted):
            return self._status(event.ref) is AgentStatus.FAILED and event.ref.generation >= len(tables.summaries)
        waits = isinstance(event, AgentResumed)
        return self._status(event.ref) is AgentStatus.PENDING and (event.ref in tables.paused) is waits

    def _new_episode(self, episode: Episode) -> bool:
        status = self._status(self._tables.places.get(episode.agent))
        known = episode.purpose is not Purpose.TRAINING or status in {AgentStatus.PENDING, AgentStatus.FAILED}
        return known and (episode.purpose, episode.agent, episode.number) not in self._tables.episodes

    def _next_generation(self, experiment: Experiment, event: GenerationStarted) -> bool:
        started, finished = len(self._tables.generations), len(self._tables.summaries)
        expected = [AgentRef(started, index) for index in range(len(event.agents))]
        return (
            event.generation == started == finished
            and [agent.ref for agent in event.agents] == expected != []
            and all(agent.experiment == experiment.id for agent in event.agents)
        )

    def _complete(self, summary: GenerationSummary) -> bool:
        generations, best = self._tables.generations, summary.best
        return (
            summary.index == len(self._tables.summaries) == len(generations) - 1 == best.generation
            and all(evaluation.status is not AgentStatus.PENDING for evaluation in generations[-1])
            and self._status(best) is AgentStatus.COMPLETED
        )

    def _status(self, ref: AgentRef | None) -> AgentStatus | None:
        evaluation = self._evaluation(ref)
        return evaluation.status if evaluation else None

    def _evaluation(self, ref: AgentRef | None) -> Evaluation | None:
        generations = self._tables.generations
        if ref is None or ref.generation >= len(generations) or ref.index >= len(generations[ref.generation]):
            return None
        return generations[ref.generation][ref.index]


def _pending(agent: Agent) -> Evaluation:
    return Evaluation(agent=agent, status=AgentStatus.PENDING, fitness=None, outcomes=())
