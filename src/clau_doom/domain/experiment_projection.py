"""Projection of an experiment's event log to its current state.

A client of a server has only the event log and uses this projection. The store keeps the same state in tables.
"""

from dataclasses import dataclass, field, replace

from clau_doom.domain.agent import Agent, AgentRef, AgentStatus, Evaluation
from clau_doom.domain.episode import Episode, Purpose
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    AgentFailed,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    AgentsAsked,
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
)
from clau_doom.domain.experiment import Deviations, Experiment, ExperimentState, GenerationSummary
from clau_doom.domain.failure_trace import TraceIndex
from clau_doom.domain.ids import baseline_id
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import StoreCorrupted

__all__ = ["Ledger"]

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
    """State that is derived from the events so far."""

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
    traces: TraceIndex = field(default_factory=TraceIndex)


class Ledger:
    """State of an experiment, derived from its events."""

    def __init__(self) -> None:
        self._tables = _Tables()
        self._count = 0

    @property
    def state(self) -> ExperimentState:
        """State of the experiment."""
        return self._tables.state

    def apply(self, event: Event) -> None:
        """Apply the next event.

        Raises:
            StoreCorrupted: The event is not legal after the previous events.
        """
        self._apply(event)
        self._count += 1

    def evaluation(self, ref: AgentRef) -> Evaluation | None:
        """Return the evaluation of an agent without its outcomes, or None if the agent does not exist."""
        return self._evaluation(ref)

    def place(self, agent: str) -> AgentRef | None:
        """Return the reference of an agent, or None if its id is unknown."""
        return self._tables.places.get(agent)

    def in_generation(self, generation: int) -> tuple[str, ...]:
        """Return the ids of a generation's agents, by index."""
        return tuple(evaluation.agent.id for evaluation in self._tables.generations[generation])

    def snapshot(self, *, running_seconds: float = 0.0) -> Snapshot:
        """Return a snapshot of the current state.

        Args:
            running_seconds: Time spent running. Events do not contain it.

        Raises:
            StoreCorrupted: No event was applied yet.
        """
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
            traces=tables.traces.by_agent(),
            deviations=Deviations(
                exhausted_attempts=kinds.count(FailureKind.ATTEMPTS_EXHAUSTED),
                missed_deadlines=kinds.count(FailureKind.POLICY_TIMED_OUT),
                interventions=tables.interventions,
                repeated_actions=sum(episode.timing.repeated for episode in tables.episodes.values()),
            ),
            last_sequence=self._count,
            running_seconds=running_seconds,
        )

    def _apply(self, event: Event) -> None:
        if not self._possible(event):
            raise StoreCorrupted(f"{type(event).__name__} cannot happen now: {event}")
        tables = self._tables
        match event:
            case EpisodeFinished():
                episode = event.episode
                tables.episodes[episode.purpose, episode.agent, episode.number] = replace(
                    episode, recording=None, actions=None
                )
            case AgentEvaluated() | AgentDropped():
                status = AgentStatus.COMPLETED if isinstance(event, AgentEvaluated) else AgentStatus.DROPPED
                self._settle(event.ref, status=status, fitness=event.fitness)
            case ContestantFailed():
                tables.failures.append(event.kind)
                tables.traces.add(event.agent, event.traceback)
            case AgentPaused() | AgentResumed() | AgentRestarted() | GenomeInjected():
                self._intervene(event)
            case AgentFailed():
                tables.interventions += event.kind is FailureKind.STOPPED
                tables.kinds[event.ref] = event.kind
                agent = tables.generations[event.ref.generation][event.ref.index].agent
                tables.traces.add(agent.id, event.traceback)
                self._settle(event.ref, status=AgentStatus.FAILED, failure=event.reason)
            case GenerationStarted() | AgentsAsked():
                self._ask(event)
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

    def _ask(self, event: GenerationStarted | AgentsAsked) -> None:
        tables = self._tables
        if event.generation == len(tables.generations):
            tables.generations.append([])
        tables.generations[-1].extend(_pending(agent) for agent in event.agents)
        tables.places.update({agent.id: agent.ref for agent in event.agents})

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
                return self._new_episode(experiment, event.episode)
            case AgentEvaluated() | AgentDropped() | AgentFailed():
                return self._may_settle(event)
            case GenerationStarted() | AgentsAsked():
                return self._next_agents(experiment, event)
            case GenerationCompleted():
                return self._complete(event.summary)
            case ChampionChosen():
                return self._is_evaluated(event.champion)
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

    def _may_settle(self, event: AgentEvaluated | AgentDropped | AgentFailed) -> bool:
        status = self._status(event.ref)
        if isinstance(event, AgentFailed) and event.kind is FailureKind.FORGED and status and status.evaluated:
            return event.ref.generation >= len(self._tables.summaries)  # found before the strategy has the results
        return status is AgentStatus.PENDING

    def _new_episode(self, experiment: Experiment, episode: Episode) -> bool:
        status = self._status(self._tables.places.get(episode.agent))
        if episode.purpose is Purpose.TRAINING:
            known = status in {AgentStatus.PENDING, AgentStatus.FAILED}
        else:
            known = status is not None or episode.agent == baseline_id(experiment.id)
        return known and (episode.purpose, episode.agent, episode.number) not in self._tables.episodes

    def _next_agents(self, experiment: Experiment, event: GenerationStarted | AgentsAsked) -> bool:
        generations, finished = self._tables.generations, len(self._tables.summaries)
        first, possible = 0, event.generation == len(generations)
        if isinstance(event, GenerationStarted):
            possible = possible and event.generation == finished
        elif not possible:
            possible = finished <= event.generation == len(generations) - 1
            first = len(generations[-1]) if possible else 0
        expected = [AgentRef(event.generation, first + number) for number in range(len(event.agents))]
        return (
            possible
            and [agent.ref for agent in event.agents] == expected != []
            and all(agent.experiment == experiment.id for agent in event.agents)
        )

    def _complete(self, summary: GenerationSummary) -> bool:
        generations, best = self._tables.generations, summary.best
        return (
            summary.index == len(self._tables.summaries) == best.generation < len(generations)
            and all(evaluation.status is not AgentStatus.PENDING for evaluation in generations[summary.index])
            and self._is_evaluated(best)
        )

    def _is_evaluated(self, ref: AgentRef) -> bool:
        status = self._status(ref)
        return status is not None and status.evaluated

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
