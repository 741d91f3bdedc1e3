"""What the event log says about how far a run is: state without a screen, so that any display can be drawn from it."""

from collections import deque
from dataclasses import dataclass, field

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Agent, AgentRef, AgentStatus, Genome, Purpose
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    AgentFailed,
    AgentRestarted,
    ChampionChosen,
    EpisodeFinished,
    ExperimentStarted,
    GenerationCompleted,
    GenerationStarted,
    RecordedEvent,
)
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.domain.snapshot import Snapshot

__all__ = ["Tracker"]

_CONTESTANTS = 3  # the champion, generation 0's best and random play
_WINDOW = 20.0
_FEWEST = 5


@dataclass(kw_only=True)
class Tracker:
    """How far a run is. Feed it every event, in order; read it whenever something is to be drawn.

    Attributes:
        config: What is run.
        generations: How many generations it is to have.
        summaries: The finished generations.
        generation: The generation under way, from 0.
        phase: What is played now.
        done: Episodes finished in this phase (in training: of this generation).
        total: Episodes that this phase has.
        fitnesses: Of this generation's agents, as far as they are evaluated.
        failed: Agents without a fitness, over the whole run.
        started: When this process began to run it, in seconds since the epoch, or None.
        generation_started: When the generation under way began, or None when that was before this process.
    """

    config: ExperimentConfig
    generations: int
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
    _agents: dict[AgentRef, Agent] = field(default_factory=dict)
    _candidates: dict[Genome, None] = field(default_factory=dict)
    _recent: deque[float] = field(default_factory=deque)

    @classmethod
    def begin(cls, config: ExperimentConfig, snapshot: Snapshot | None = None) -> "Tracker":
        """Return a tracker for a run, from its start or from where a snapshot says it was."""
        tracker = cls(config=config, generations=config.generations)
        if snapshot is not None:
            tracker._restore(snapshot)
        return tracker

    def apply(self, recorded: RecordedEvent) -> None:
        """Take in the next event."""
        event = recorded.event
        if isinstance(event, EpisodeFinished):
            self._episode(event, recorded.time)
        elif isinstance(event, AgentEvaluated):
            self.fitnesses[event.ref] = event.fitness
        elif isinstance(event, AgentDropped):
            self.fitnesses[event.ref] = event.fitness
            self.total -= self.config.episodes - event.episodes
        elif isinstance(event, AgentFailed):
            self._fail(event)
        elif isinstance(event, GenerationStarted):
            self._begin_generation(event.generation, event.agents)
            self.generation_started = recorded.time
        elif isinstance(event, GenerationCompleted):
            self._complete(event.summary)
        elif isinstance(event, ChampionChosen):
            self._begin_phase(Purpose.HELD_OUT)
        elif isinstance(event, AgentRestarted):
            self._restart(event)
        elif isinstance(event, ExperimentStarted):
            self.started, self.generations = recorded.time, event.generations

    def rate(self, now: float) -> float | None:
        """Return episodes per second over the last seconds, or None while there are too few to say."""
        while self._recent and self._recent[0] < now - _WINDOW:
            self._recent.popleft()
        if len(self._recent) < _FEWEST:
            return None
        return len(self._recent) / max(now - self._recent[0], 0.05)

    def seconds_left(self, now: float) -> float | None:
        """Return about how long the run will take from now on, or None while nobody can know."""
        rate = self.rate(now)
        return None if rate is None else self.episodes_left() / rate

    def episodes_left(self) -> int:
        """Return how many episodes are still to be played, over all phases; validation's is a bound until it begins."""
        config, left = self.config, max(self.total - self.done, 0)
        if self.phase is Purpose.HELD_OUT:
            return left
        left += _CONTESTANTS * config.holdout.episodes
        if self.phase is Purpose.VALIDATION:
            return left
        begun = 1 if self.total else 0
        later = max(self.generations - len(self.summaries) - begun, 0)
        return left + later * config.population * config.episodes + self.generations * config.holdout.validation

    def _restore(self, snapshot: Snapshot) -> None:
        for evaluations, summary in zip(snapshot.generations, snapshot.summaries, strict=False):
            self._begin_generation(summary.index, tuple(evaluation.agent for evaluation in evaluations))
            self._complete(summary)
        self.failed = sum(summary.failed for summary in snapshot.summaries)
        if len(snapshot.generations) > len(snapshot.summaries):
            last = snapshot.generations[-1]
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

    def _begin_generation(self, generation: int, agents: tuple[Agent, ...]) -> None:
        self.generation, self.phase = generation, Purpose.TRAINING
        self.done, self.total = 0, len(agents) * self.config.episodes
        self._agents = {agent.ref: agent for agent in agents}
        self.fitnesses, self._played = {}, {}

    def _complete(self, summary: GenerationSummary) -> None:
        self.summaries.append(summary)
        if summary.best in self._agents:
            self._candidates.setdefault(self._agents[summary.best].genome)
        self.done = self.total = 0
        if len(self.summaries) >= self.generations:
            self._begin_phase(Purpose.VALIDATION)

    def _begin_phase(self, phase: Purpose) -> None:
        holdout, self.phase, self.done = self.config.holdout, phase, 0
        self.total = (
            len(self._candidates) * holdout.validation
            if phase is Purpose.VALIDATION
            else _CONTESTANTS * holdout.episodes
        )

    def _episode(self, event: EpisodeFinished, time: float) -> None:
        self._recent.append(time)
        if event.episode.purpose is self.phase:
            self.done += 1
            self._played[event.episode.agent] = self._played.get(event.episode.agent, 0) + 1

    def _restart(self, event: AgentRestarted) -> None:
        """Count the episodes of a failed agent again."""
        self.failed -= 1
        if event.ref in self._agents:
            self.total += self.config.episodes - self._played.get(self._agents[event.ref].id, 0)

    def _fail(self, event: AgentFailed) -> None:
        """Leave out the episodes that a failed agent will not play."""
        self.failed += 1
        if event.ref in self._agents:
            self.total -= self.config.episodes - self._played.get(self._agents[event.ref].id, 0)
