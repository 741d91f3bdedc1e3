"""Progress of a run, computed from its event log, without output."""

import math
from collections import deque
from dataclasses import dataclass, field

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Agent, AgentRef, AgentStatus, Episode, Evaluation, Genome, Purpose, parse_agent_id
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.domain.event_effects import (
    AgentsAdded,
    AgentStatusChanged,
    ChampionSelected,
    Change,
    EpisodeAdded,
    GenerationClosed,
    RunConfigured,
    changes_of,
)
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.domain.snapshot import Snapshot

__all__ = ["ProgressState"]

_CONTESTANTS = 3  # the champion, generation 0's best and the random baseline
_WINDOW = 20.0
_FEWEST = 5


@dataclass(kw_only=True)
class ProgressState:
    """Progress of a run. Apply every event in order; the attributes are always up to date.

    Attributes:
        config: The configuration of the run.
        budget: Budget of the run.
        summaries: The finished generations.
        generation: The current generation, from 0.
        phase: The purpose of the current episodes.
        done: Finished episodes of the current phase (in training: of the current generation).
        total: All episodes of the current phase.
        fitnesses: Fitness of the evaluated agents of the current generation, and of later ones already asked.
        failed: Number of agents without a fitness, over the whole run.
        started: Start of the run by this process, in seconds since the epoch, or None.
        generation_started: Start of the current generation, or None if an earlier process started it.
    """

    config: ExperimentConfig
    budget: Budget
    summaries: list[GenerationSummary] = field(default_factory=list)
    generation: int = 0
    phase: Purpose = Purpose.TRAINING
    done: int = 0
    total: int = 0
    fitnesses: dict[AgentRef, float] = field(default_factory=dict)
    failed: int = 0
    started: float | None = None
    generation_started: float | None = None
    _played: dict[str, int] = field(default_factory=dict)
    _missing: dict[AgentRef, int] = field(default_factory=dict)
    """Number of episodes that failed agents will not play."""
    _agents: dict[AgentRef, Agent] = field(default_factory=dict)
    _candidates: dict[Genome, None] = field(default_factory=dict)
    _recent: deque[float] = field(default_factory=deque)

    @classmethod
    def begin(cls, config: ExperimentConfig, snapshot: Snapshot | None = None) -> "ProgressState":
        """Return the progress of a new run, or of a resumed one from its snapshot."""
        progress = cls(config=config, budget=config.evolution_budget)
        if snapshot is not None:
            progress._restore(snapshot)
        return progress

    def apply(self, recorded: RecordedEvent) -> None:
        """Apply the next event."""
        for change in changes_of(recorded.event):
            self._change(change, recorded.time)

    def rate(self, now: float) -> float | None:
        """Return the recent rate in episodes per second, or None for too few episodes."""
        while self._recent and self._recent[0] < now - _WINDOW:
            self._recent.popleft()
        if len(self._recent) < _FEWEST:
            return None
        return len(self._recent) / max(now - self._recent[0], 0.05)

    def seconds_left(self, now: float) -> float | None:
        """Return the estimated remaining seconds of the run, or None without a rate."""
        rate = self.rate(now)
        return None if rate is None else self.episodes_left() / rate

    def episodes_left(self) -> int:
        """Return the remaining episodes of all phases; an upper bound before validation starts."""
        config, left = self.config, max(self.total - self.done, 0)
        if self.phase is Purpose.HELD_OUT:
            return left
        left += _CONTESTANTS * config.holdout.episodes
        if self.phase is Purpose.VALIDATION:
            return left
        begun = 1 if self.total else 0
        later = max(self.generations - len(self.summaries) - begun, 0)
        return left + later * config.population * config.episodes + self.generations * config.holdout.validation

    @property
    def generations(self) -> int:
        """Number of generations of the run; for a budget in another unit, an estimate from the finished ones."""
        finished, amount = len(self.summaries), self.budget.amount
        spent = self.budget.spent(self.summaries)
        if self.budget.unit is BudgetUnit.GENERATIONS:
            return amount
        if spent >= amount:
            return finished
        if spent:
            return max(math.ceil(finished * amount / spent), finished + 1)
        whole = self.config.population * self.config.episodes
        return math.ceil(amount / whole) if self.budget.unit is BudgetUnit.EPISODES else 1

    def _change(self, change: Change, time: float) -> None:
        match change:
            case EpisodeAdded(episode):
                self._add_episode(episode, time)
            case AgentStatusChanged():
                self._change_status(change)
            case AgentsAdded():
                self._add_agents(change, time)
            case GenerationClosed(summary):
                self._complete(summary)
                self.generation_started = time
            case ChampionSelected():
                self._begin_phase(Purpose.HELD_OUT)
            case RunConfigured(budget):
                self.started, self.budget = time, budget

    def _change_status(self, change: AgentStatusChanged) -> None:
        if change.fitness is not None:
            self.fitnesses[change.ref] = change.fitness
        match change.status:
            case AgentStatus.DROPPED:
                self.total -= self.config.episodes - (change.episodes or 0)
            case AgentStatus.FAILED:
                self._fail(change.ref)
            case AgentStatus.PENDING:
                self._restart(change.ref)

    def _restore(self, snapshot: Snapshot) -> None:
        for evaluations, summary in zip(snapshot.generations, snapshot.summaries, strict=False):
            self._begin_generation(summary.index, tuple(evaluation.agent for evaluation in evaluations))
            self._complete(summary)
        self.failed = sum(summary.failed for summary in snapshot.summaries)
        unfinished = snapshot.generations[len(snapshot.summaries) :]
        if unfinished and self._steady:
            self._restore_asked([each for row in unfinished for each in row])
        elif unfinished:
            last = unfinished[-1]
            self._begin_generation(len(snapshot.generations) - 1, tuple(evaluation.agent for evaluation in last))
            self.fitnesses = {each.agent.ref: each.fitness for each in last if each.fitness is not None}
            self.failed += sum(each.status is AgentStatus.FAILED for each in last)
            played = {each.agent.ref: len(snapshot.episodes.get(each.agent.ref, ())) for each in last}
            self.done = sum(played.values())
            dropped = [each.agent.ref for each in last if each.status is AgentStatus.DROPPED]
            self.total -= sum(self.config.episodes - played[ref] for ref in dropped)
        elif self.phase is Purpose.VALIDATION:
            if snapshot.champion is not None:
                self._begin_phase(Purpose.HELD_OUT)
            self.done = sum(len(played) for (use, _), played in snapshot.judging.items() if use is self.phase)

    def _restore_asked(self, asked: list[Evaluation]) -> None:
        """Restore the agents of a steady-state run's unfinished generations, evaluated by an earlier process."""
        self._agents = {each.agent.ref: each.agent for each in asked}
        self._played = {each.agent.id: len(each.outcomes) for each in asked}
        self.fitnesses = {each.agent.ref: each.fitness for each in asked if each.fitness is not None}
        failed = [each for each in asked if each.status is AgentStatus.FAILED]
        self._missing = {each.agent.ref: self.config.episodes - len(each.outcomes) for each in failed}
        self.failed += len(failed)
        self._advance_generation()

    @property
    def _steady(self) -> bool:
        return self.config.evolution.mode == "steady_state"

    def _add_agents(self, added: AgentsAdded, time: float) -> None:
        if added.whole:
            self._begin_generation(added.generation, added.agents)
            self.generation_started = time
            return
        self._agents.update({agent.ref: agent for agent in added.agents})
        if self.total == 0:
            self._advance_generation()
            self.generation_started = time

    def _advance_generation(self) -> None:
        """Start the next generation of a steady-state run; some of its agents may have finished episodes."""
        self.generation, self.phase = len(self.summaries), Purpose.TRAINING
        self._agents = {ref: agent for ref, agent in self._agents.items() if ref.generation >= self.generation}
        self._missing = {ref: count for ref, count in self._missing.items() if ref in self._agents}
        self.fitnesses = {ref: fitness for ref, fitness in self.fitnesses.items() if ref in self._agents}
        self._played = {agent.id: self._played.get(agent.id, 0) for agent in self._agents.values()}
        own = [agent for ref, agent in self._agents.items() if ref.generation == self.generation]
        self.done = sum(self._played[agent.id] for agent in own)
        missing = sum(self._missing.get(agent.ref, 0) for agent in own)
        self.total = self.config.population * self.config.episodes - missing

    def _begin_generation(self, generation: int, agents: tuple[Agent, ...]) -> None:
        self.generation, self.phase = generation, Purpose.TRAINING
        self.done, self.total = 0, len(agents) * self.config.episodes
        self._agents = {agent.ref: agent for agent in agents}
        self.fitnesses, self._played, self._missing = {}, {}, {}

    def _complete(self, summary: GenerationSummary) -> None:
        self.summaries.append(summary)
        if summary.best in self._agents:
            self._candidates.setdefault(self._agents[summary.best].genome)
        self.done = self.total = 0
        if self.budget.used_up(self.summaries):
            self._begin_phase(Purpose.VALIDATION)
        elif self._steady:
            self._advance_generation()

    def _begin_phase(self, phase: Purpose) -> None:
        holdout, self.phase, self.done = self.config.holdout, phase, 0
        self.total = (
            len(self._candidates) * holdout.validation
            if phase is Purpose.VALIDATION
            else _CONTESTANTS * holdout.episodes
        )

    def _add_episode(self, episode: Episode, time: float) -> None:
        self._recent.append(time)
        if episode.purpose is self.phase:
            self._played[episode.agent] = self._played.get(episode.agent, 0) + 1
            ahead = self.phase is Purpose.TRAINING and parse_agent_id(episode.agent)[1] > self.generation
            self.done += not ahead

    def _restart(self, ref: AgentRef) -> None:
        """Count the episodes of a restarted agent again."""
        self.failed -= 1
        missing = self._missing.pop(ref, 0)
        if ref.generation == self.generation:
            self.total += missing

    def _fail(self, ref: AgentRef) -> None:
        """Subtract the episodes that a failed agent will not play."""
        self.failed += 1
        if ref in self._agents:
            self._missing[ref] = self.config.episodes - self._played.get(self._agents[ref].id, 0)
        if ref.generation == self.generation:
            self.total -= self._missing.get(ref, 0)
