"""Metric series of one experiment, created together, so that rates are right from the first event."""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Counter, Gauge, Histogram

from clau_doom.domain import Agent, AgentStatus, Episode, Purpose
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.domain.event_declaration import declaration_of, declarations
from clau_doom.domain.event_effects import (
    AgentsAdded,
    AgentStatusChanged,
    AttemptLost,
    ChampionSelected,
    Change,
    ContestantExcluded,
    EpisodeAdded,
    GenerationClosed,
    RunConfigured,
    StateChanged,
    changes_of,
)
from clau_doom.domain.events import Event, FailureKind
from clau_doom.domain.experiment import ExperimentState, GenerationSummary
from clau_doom.metrics.families import EpisodeFamilies, EvolutionFamilies

__all__ = ["ExperimentSeries"]

_F = TypeVar("_F", Counter, Gauge, Histogram)
_FAILED = dict.fromkeys(
    (FailureKind.POLICY_RAISED, FailureKind.POLICY_TIMED_OUT, FailureKind.OUT_OF_MEMORY, FailureKind.FORGED), "failed"
)
# The last attempt counts as lost, too. Episodes of a stopped agent are not counted, because they did not end.
_ENDINGS = {**_FAILED, FailureKind.ATTEMPTS_EXHAUSTED: "lost"}
_OUTCOMES = {AgentStatus.COMPLETED: "evaluated", AgentStatus.DROPPED: "dropped"}


class ExperimentSeries:
    """Series of one experiment, and the state that they need between events."""

    def __init__(self, experiment: str, uuid: str, evolution: EvolutionFamilies, episodes: EpisodeFamilies) -> None:
        """Create the series that start at zero. Series of fitness are created with the first value."""
        self.uuid = uuid
        self.state = ExperimentState.PENDING
        self.sequence = 0
        self._experiment = experiment
        self._evolution = evolution
        self._made: dict[tuple[Counter | Gauge | Histogram, tuple[str, ...]], None] = {}
        self._incomplete: dict[int, list[Agent]] = {}
        self._gene_deviations: NDArray[np.float64] | None = None
        self._event_counter = episodes.events
        for declaration in declarations():
            self._child(episodes.events, declaration.code)
        self._tics = self._child(episodes.tics)
        self._decisions = self._child(episodes.decisions)
        self._seconds = self._child(episodes.seconds)
        self._latency = self._child(episodes.latency)
        self._episodes = {
            (purpose, outcome): self._child(episodes.episodes, purpose.value, outcome)
            for purpose in Purpose
            for outcome in ("finished", "lost", "failed")
        }
        self._agents = {
            outcome: self._child(episodes.agents, outcome)
            for outcome in (*_OUTCOMES.values(), *(kind.value for kind in FailureKind))
        }

    def remove(self) -> None:
        """Remove all series."""
        for family, labels in self._made:
            family.remove(*labels)
        self._made.clear()

    def gauge(self, family: Gauge, value: float) -> None:
        """Set a gauge of the experiment."""
        self._child(family).set(value)

    def apply(self, event: Event) -> None:
        """Count an event, and update the series that depend on its changes."""
        self._child(self._event_counter, declaration_of(event).code).inc()
        for change in changes_of(event):
            self._apply(change)

    def add_agents(self, generation: int, agents: Sequence[Agent], *, whole: bool) -> None:
        """Show a generation under evaluation.

        Args:
            generation: The generation.
            agents: All of its agents, or further agents of a steady state.
            whole: Whether these are all of its agents. Otherwise their spread is shown at the end of the generation.
        """
        if whole:
            self.gauge(self._evolution.generation, generation)
            self._show_spread(generation, agents)
        else:
            self._incomplete.setdefault(generation, []).extend(agents)
            self.gauge(self._evolution.generation, min(self._incomplete))

    def close_generation(self, summary: GenerationSummary) -> None:
        """Show the results of a completed generation."""
        if agents := self._incomplete.pop(summary.index, None):
            self.add_agents(summary.index, agents, whole=True)
        self.gauge(self._evolution.best, summary.best_fitness)
        self.gauge(self._evolution.mean, summary.mean_fitness)
        self.gauge(self._evolution.worst, summary.worst_fitness)
        self.gauge(self._evolution.deviation, summary.std_fitness)

    def _apply(self, change: Change) -> None:
        match change:
            case EpisodeAdded(episode):
                self._count_episode(episode)
            case AttemptLost(purpose):
                self._episodes[purpose, "lost"].inc()
            case ContestantExcluded(purpose, _, kind):
                self._count_failure(purpose, kind)
            case AgentStatusChanged(failure_kind=kind):
                self._count_agent(change.status, kind)
            case AgentsAdded(generation, agents, whole):
                self.add_agents(generation, agents, whole=whole)
            case GenerationClosed(summary):
                self.close_generation(summary)
            case ChampionSelected(_, fitness):
                self.gauge(self._evolution.champion, fitness)
            case RunConfigured(budget):
                self.set_budget(budget)
            case StateChanged(state):
                self.state = state

    def set_budget(self, budget: Budget) -> None:
        """Set the planned number of generations, if the budget has this unit."""
        if budget.unit is BudgetUnit.GENERATIONS:
            self.gauge(self._evolution.generations, budget.amount)

    def _count_agent(self, status: AgentStatus, kind: FailureKind | None) -> None:
        if kind is not None:
            self._agents[kind.value].inc()
            self._count_failure(Purpose.TRAINING, kind)
        elif outcome := _OUTCOMES.get(status):
            self._agents[outcome].inc()

    def _count_failure(self, purpose: Purpose, kind: FailureKind) -> None:
        if outcome := _ENDINGS.get(kind):
            self._episodes[purpose, outcome].inc()

    def _count_episode(self, episode: Episode) -> None:
        self._episodes[episode.purpose, "finished"].inc()
        measures, seconds = episode.outcome.measures, episode.timing.seconds
        # Numbers of a worker are claims: one NaN would make a counter NaN until the process ends.
        if 0 < measures.tics < math.inf:
            self._tics.inc(measures.tics)
        if not 0 <= seconds < math.inf:
            return
        self._seconds.observe(seconds)
        if 0 < measures.decisions < math.inf:
            self._decisions.inc(measures.decisions)
            self._latency.observe(seconds / measures.decisions)

    def _show_spread(self, generation: int, agents: Sequence[Agent]) -> None:
        deviations = np.std([agent.genome.array() for agent in agents], axis=0)
        if generation == 0:
            self._gene_deviations = deviations
        first = self._gene_deviations
        if first is not None and first.shape == deviations.shape and (varied := first > 0).any():
            self.gauge(self._evolution.spread, float(np.mean(deviations[varied] / first[varied])))

    def _child(self, family: _F, *labels: str) -> _F:
        values = (self._experiment, *labels)
        self._made[family, values] = None
        return family.labels(*values)
