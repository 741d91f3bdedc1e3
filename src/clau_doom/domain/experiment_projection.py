"""Projection in memory of an experiment's event log to its current state.

Clients of a server have only the event log and use this projection. `SqliteStore` keeps the same state in tables.
"""

from dataclasses import replace

from clau_doom.domain.agent import Agent, AgentRef, AgentStatus, Evaluation
from clau_doom.domain.budget import Budget
from clau_doom.domain.episode import Episode, Purpose
from clau_doom.domain.event_effects import (
    AgentsAdded,
    AgentStatusChanged,
    ChampionSelected,
    Change,
    EpisodeAdded,
    ExperimentAdded,
    GenerationClosed,
    GenomeQueued,
    PauseChanged,
    RunConfigured,
    StateChanged,
    changes_of,
)
from clau_doom.domain.events import Event
from clau_doom.domain.experiment import Experiment, ExperimentState, GenerationSummary
from clau_doom.domain.failures_and_interventions import Irregularities
from clau_doom.domain.legal_transitions import check_transition
from clau_doom.domain.processor_time import ProcessorTime
from clau_doom.domain.run_environment import RunEnvironment
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import StoreCorrupted

__all__ = ["ExperimentProjection"]


class ExperimentProjection:
    """State of an experiment, derived from its events. Implements `CurrentState`."""

    def __init__(self) -> None:
        self.state = ExperimentState.PENDING
        self._count = 0
        self._experiment: Experiment | None = None
        self._config_yaml = ""
        self._budget: Budget | None = None
        self._reason: str | None = None
        self._generations: list[list[Evaluation]] = []
        self._refs: dict[str, AgentRef] = {}
        self._summaries: list[GenerationSummary] = []
        self._episodes: dict[tuple[Purpose, str, int], Episode] = {}
        self._champion: tuple[AgentRef, float] | None = None
        self._paused: set[AgentRef] = set()
        self._queued: list[GenomeQueued] = []
        self._irregularities = Irregularities()
        self._processor_time = ProcessorTime()
        self._environments: list[RunEnvironment] = []

    def apply(self, event: Event) -> tuple[Change, ...]:
        """Apply the next event, and return the changes of the state.

        Raises:
            StoreCorrupted: The event is not legal after the previous events.
        """
        check_transition(event, self)
        changes = changes_of(event)
        for change in changes:
            self._change(change)
        self._count += 1
        return changes

    def head(self) -> tuple[str, ExperimentState] | None:
        """Return the experiment's id and state, or None before the first event."""
        return None if self._experiment is None else (self._experiment.id, self.state)

    def budget(self) -> Budget | None:
        """Return the budget of the last run, or None before the first run."""
        return self._budget

    def generations_started(self) -> int:
        """Return the number of generations with agents."""
        return len(self._generations)

    def generations_completed(self) -> int:
        """Return the number of completed generations."""
        return len(self._summaries)

    def agent_count(self, generation: int, *, pending: bool = False) -> int:
        """Return the number of a generation's agents, or of its pending agents."""
        agents = self._generations[generation]
        return sum(each.status is AgentStatus.PENDING for each in agents) if pending else len(agents)

    def status(self, ref: AgentRef) -> AgentStatus | None:
        """Return the status of an agent, or None if it does not exist."""
        evaluation = self.evaluation(ref)
        return evaluation.status if evaluation else None

    def is_paused(self, ref: AgentRef) -> bool:
        """Return whether an agent is paused."""
        return ref in self._paused

    def has_episode(self, episode: Episode) -> bool:
        """Return whether an episode of the same purpose, agent and number was finished."""
        return (episode.purpose, episode.agent, episode.number) in self._episodes

    def evaluation(self, ref: AgentRef) -> Evaluation | None:
        """Return the evaluation of an agent without its outcomes, or None if the agent does not exist."""
        if ref.generation >= len(self._generations) or ref.index >= len(self._generations[ref.generation]):
            return None
        return self._generations[ref.generation][ref.index]

    def place(self, agent: str) -> AgentRef | None:
        """Return the place of an agent, or None if its id is unknown."""
        return self._refs.get(agent)

    def agent_ids(self, generation: int) -> tuple[str, ...]:
        """Return the ids of a generation's agents, by index."""
        return tuple(evaluation.agent.id for evaluation in self._generations[generation])

    def snapshot(self, *, running_seconds: float = 0.0) -> Snapshot:
        """Return a snapshot of the current state.

        Args:
            running_seconds: Time spent running. Events do not contain it.

        Raises:
            StoreCorrupted: No event was applied yet.
        """
        if self._experiment is None:
            raise StoreCorrupted("no experiment is stored in this folder")
        played: dict[tuple[Purpose, str], tuple[Episode, ...]] = {}
        for key in sorted(self._episodes):
            played[key[:2]] = (*played.get(key[:2], ()), self._episodes[key])
        training = {ref: played.get((Purpose.TRAINING, name), ()) for name, ref in self._refs.items()}
        repeated = sum(episode.timing.repeated for episode in self._episodes.values())
        return Snapshot(
            experiment=self._experiment,
            config_yaml=self._config_yaml,
            state=self.state,
            reason=self._reason,
            generations=tuple(
                tuple(
                    replace(evaluation, outcomes=tuple(episode.outcome for episode in training[evaluation.agent.ref]))
                    for evaluation in generation
                )
                for generation in self._generations
            ),
            summaries=tuple(self._summaries),
            episodes={ref: episodes for ref, episodes in training.items() if episodes},
            judging={key: episodes for key, episodes in played.items() if key[0] is not Purpose.TRAINING},
            champion=self._champion,
            paused=tuple(sorted(ref for ref in self._paused if self.status(ref) is AgentStatus.PENDING)),
            injected=tuple(each.genome for each in self._queued if each.generation == len(self._generations)),
            traces=self._irregularities.traces(self._experiment.id),
            deviations=self._irregularities.deviations(repeated_actions=repeated),
            last_sequence=self._count,
            running_seconds=running_seconds,
            processor_time=self._processor_time,
            environments=tuple(self._environments),
        )

    def _change(self, change: Change) -> None:
        match change:
            case EpisodeAdded(episode):
                key = (episode.purpose, episode.agent, episode.number)
                self._episodes[key] = replace(episode, recording=None, actions=None)
                self._processor_time = self._processor_time.plus(episode)
            case AgentStatusChanged(ref):
                agents = self._generations[ref.generation]
                agents[ref.index] = replace(
                    agents[ref.index], status=change.status, fitness=change.fitness, failure=change.failure
                )
            case AgentsAdded():
                self._add_agents(change)
            case PauseChanged(ref, paused):
                (self._paused.add if paused else self._paused.discard)(ref)
            case GenomeQueued():
                self._queued.append(change)
            case GenerationClosed(summary):
                self._summaries.append(summary)
            case _:
                self._change_experiment(change)
        self._irregularities.apply(change)

    def _change_experiment(self, change: Change) -> None:
        match change:
            case ExperimentAdded(experiment):
                self._experiment, self._config_yaml = experiment, experiment.config_yaml
            case RunConfigured(budget, config_yaml, environment):
                self._budget, self._config_yaml = budget, config_yaml
                self._environments += [environment] if environment else []
            case StateChanged(state, reason):
                self.state, self._reason = state, reason
            case ChampionSelected(ref, fitness):
                self._champion = (ref, fitness)

    def _add_agents(self, added: AgentsAdded) -> None:
        if added.generation == len(self._generations):
            self._generations.append([])
        self._generations[-1].extend(_pending(agent) for agent in added.agents)
        self._refs.update({agent.id: agent.ref for agent in added.agents})


def _pending(agent: Agent) -> Evaluation:
    return Evaluation(agent=agent, status=AgentStatus.PENDING, fitness=None, outcomes=())
