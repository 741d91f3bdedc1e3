"""One generation: its agents' missing episodes are played, and what they come to is summed up."""

import math
from collections.abc import Callable, Mapping, Sequence

from clau_doom.domain import Agent, AgentStatus, Episode, Evaluation, Fitness, Purpose, finalists
from clau_doom.domain.commands import AgentAction
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    AgentFailed,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    EpisodeFinished,
    EpisodeLost,
    Event,
    FailureKind,
)
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import ClauDoomError, Forged, GenerationFailed, WrongState, describe
from clau_doom.evolution import Race
from clau_doom.orchestration.log import RunLog
from clau_doom.orchestration.player import Failure, Player, Report
from clau_doom.orchestration.registry import LiveAgent, Registry
from clau_doom.orchestration.work import Work
from clau_doom.ports import EpisodeTask

__all__ = ["GenerationRun", "restore", "summarise"]


class GenerationRun:
    """Evaluates the agents of one generation."""

    def __init__(
        self, registry: Registry, seeds: Sequence[int], fitness: Fitness, log: RunLog, race: Race | None = None
    ) -> None:
        """Prepare an evaluation.

        Args:
            registry: The agents, with what is known of them already.
            seeds: The engine's seeds, one an episode; all agents share them.
            fitness: How measures become fitness.
            log: Where events go.
            race: Who need not play all episodes; None: everybody plays all.
        """
        self._registry = registry
        self._seeds = seeds
        self._fitness = fitness
        self._log = log
        self._race = race
        self._reach = 0
        """How many episodes each agent that is still in the race plays for now."""
        self._errors: dict[str, Exception] = {}
        self._work = Work(())
        for live in registry:
            if live.paused:
                self._work.hold(live.agent.id)

    @property
    def told(self) -> bool:
        """Whether all agents are evaluated or failed, and nothing about them can be changed any more."""
        return self._work.over

    async def evaluate(self, player: Player, expected: Callable[[Agent], float]) -> tuple[Evaluation, ...]:
        """Play what is missing and return the evaluations, by index.

        Args:
            player: Who plays.
            expected: How long an agent's episodes probably are; the longest are begun first, so that no worker is left
                with a long one at the end.

        Raises:
            GenerationFailed: Every agent has failed; its cause is a group of the agents' failures.
            ShutdownRequested: The run is to stop; what was finished is kept.
        """
        lengths = {live.agent.id: expected(live.agent) for live in self._registry}
        for rung in self._race.rungs if self._race else (len(self._seeds),):
            self._reach = rung
            # An agent whose last episode was committed is evaluated by the same commit, so none is left out here.
            self._work.add(task for live in self._racing() for task in self._missing(live))
            self._work.sort(lambda task: -lengths[task.agent])
            await self._play(player)
            await self._drop(rung)
        return self._evaluations()

    async def _play(self, player: Player) -> None:
        more = self._reach < len(self._seeds)
        await player.play(self._work, self._log.receiver(self._events), more=more)
        while more and not self._work.done:  # a person has restarted an agent while the last results were committed
            await player.play(self._work, self._log.receiver(self._events), more=more)

    async def _drop(self, rung: int) -> None:
        """Drop those that have lost the race; where that was decided before, nothing changes."""
        if self._race is None or rung == len(self._seeds):
            return
        lives = [*self._registry]
        events: list[Event] = []
        for index in self._race.dropped([live.scores(self._fitness) for live in lives], rung):
            live = lives[index]
            if live.failure is None and not live.dropped:
                live.dropped = True
                fitness = self.evaluation(live).fitness
                assert fitness is not None
                events.append(AgentDropped(ref=live.agent.ref, fitness=fitness, episodes=len(live.episodes)))
        if events:
            await self._log.append(*events)

    def _racing(self) -> list[LiveAgent]:
        return [live for live in self._registry if live.failure is None and not live.dropped]

    def episodes(self) -> dict[str, Sequence[Episode]]:
        """Return the agents' finished training episodes, by agent id, in the order of their numbers."""
        return {live.agent.id: [live.episodes[number] for number in sorted(live.episodes)] for live in self._registry}

    async def strike(self, forged: Mapping[str, str]) -> tuple[Evaluation, ...]:
        """Fail agents whose episodes were forged, and return the evaluations, by index.

        Args:
            forged: What was wrong, by agent id.

        Raises:
            GenerationFailed: No agent is left.
        """
        for name, reason in forged.items():
            live = self._registry.get(name)
            live.failure = reason
            self._errors[name] = Forged(reason)
            await self._log.append(AgentFailed(ref=live.agent.ref, kind=FailureKind.FORGED, reason=reason))
        return self._evaluations()

    def command(self, action: AgentAction, agent: str) -> tuple[LiveAgent, list[Event]]:
        """Do something to an agent; return it, and the events to commit.

        Raises:
            AgentNotFound: It is none of this generation.
            WrongState: It cannot be done to an agent that stands as this one does.
        """
        live = self._registry.get(agent)
        match action:
            case AgentAction.PAUSE | AgentAction.RESUME:
                return live, self._pause(live, paused=action is AgentAction.PAUSE)
            case AgentAction.STOP:
                return live, self._stop(live)
            case AgentAction.RESTART:
                return live, self._restart(live)
            case AgentAction.INSPECT:
                return live, []

    def evaluation(self, live: LiveAgent) -> Evaluation:
        """Return what an agent's episodes have come to so far."""
        return live.evaluate(self._fitness, len(self._seeds))

    def _evaluations(self) -> tuple[Evaluation, ...]:
        evaluations = tuple(self.evaluation(live) for live in self._registry)
        if all(evaluation.status is AgentStatus.FAILED for evaluation in evaluations):
            raise self._all_failed(evaluations)
        return evaluations

    def _pause(self, live: LiveAgent, *, paused: bool) -> list[Event]:
        if self.evaluation(live).status is not AgentStatus.PENDING:
            raise WrongState(f"agent {live.agent.id} is {self.evaluation(live).status}: only pending agents wait")
        if live.paused is paused:
            return []
        live.paused = paused
        if paused:
            self._work.hold(live.agent.id)
            return [AgentPaused(ref=live.agent.ref)]
        self._work.release(live.agent.id)
        return [AgentResumed(ref=live.agent.ref)]

    def _stop(self, live: LiveAgent) -> list[Event]:
        status = self.evaluation(live).status
        if status.evaluated:
            raise WrongState(f"agent {live.agent.id} is {status}: it has its fitness, and cannot be stopped")
        if status is AgentStatus.FAILED:
            return []
        live.failure, live.paused = "a person stopped it", False
        self._work.drop(live.agent.id)
        return [AgentFailed(ref=live.agent.ref, kind=FailureKind.STOPPED, reason=live.failure)]

    def _restart(self, live: LiveAgent) -> list[Event]:
        if live.failure is None:
            status = self.evaluation(live).status
            raise WrongState(f"agent {live.agent.id} is {status}: only stopped and failed agents are restarted")
        live.failure = None
        self._errors.pop(live.agent.id, None)
        missing = [task for task in self._missing(live) if not self._work.plays(task.agent, task.number)]
        self._work.restart(live.agent.id, missing)
        return [AgentRestarted(ref=live.agent.ref), *self._evaluated(live)]

    def _missing(self, live: LiveAgent) -> list[EpisodeTask]:
        return [
            EpisodeTask(
                purpose=Purpose.TRAINING, agent=live.agent.id, genome=live.agent.genome, number=number, seed=seed
            )
            for number, seed in enumerate(self._seeds[: self._reach])
            if number not in live.episodes
        ]

    def _events(self, report: Report) -> list[Event]:
        if isinstance(report, EpisodeLost):
            return [report]
        if isinstance(report, Failure):
            live = self._registry.get(report.task.agent)
            if live.failure is not None:  # a person stopped it in the meantime
                return []
            live.failure = describe(report.error)
            self._errors[live.agent.id] = report.error
            return [AgentFailed(ref=live.agent.ref, kind=report.kind, reason=live.failure)]
        return self._finished(report)

    def _finished(self, episode: Episode) -> list[Event]:
        live = self._registry.get(episode.agent)
        live.episodes[episode.number] = episode
        return [EpisodeFinished(episode=episode), *self._evaluated(live)]

    def _evaluated(self, live: LiveAgent) -> list[Event]:
        if len(live.episodes) < len(self._seeds):  # a look at all of them after each one adds up where they are many
            return []
        fitness = self.evaluation(live).fitness
        return [] if fitness is None else [AgentEvaluated(ref=live.agent.ref, fitness=fitness)]

    def _all_failed(self, evaluations: Sequence[Evaluation]) -> GenerationFailed:
        generation = evaluations[0].agent.ref.generation
        # After a resume some failures are known by their stored reasons only.
        causes = [
            self._errors.get(evaluation.agent.id) or ClauDoomError(evaluation.failure) for evaluation in evaluations
        ]
        error = GenerationFailed(f"generation {generation} failed: all {len(evaluations)} agents failed")
        error.__cause__ = ExceptionGroup("the agents' failures", causes)
        return error


def summarise(evaluations: Sequence[Evaluation]) -> GenerationSummary:
    """Return what a finished generation came to; of equally good agents the first is the best.

    One that was dropped is the best only where nobody has played all episodes.

    Args:
        evaluations: By index; at least one has a fitness.
    """
    ranked = [(evaluation.fitness, evaluation) for evaluation in evaluations if evaluation.fitness is not None]
    values = [fitness for fitness, _ in ranked]
    final = finalists(evaluations)
    best_fitness = max(fitness for fitness, _ in final)
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return GenerationSummary(
        index=evaluations[0].agent.ref.generation,
        best=next(evaluation.agent.ref for fitness, evaluation in final if fitness == best_fitness),
        best_fitness=best_fitness,
        mean_fitness=mean,
        worst_fitness=min(values),
        std_fitness=math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else 0.0,
        failed=len(evaluations) - len(values),
        episodes=sum(len(evaluation.outcomes) for _, evaluation in ranked),
    )


def restore(registry: Registry, snapshot: Snapshot, generation: int) -> None:
    """Give the agents of an unfinished generation back what the store knows of them."""
    for live, evaluation in zip(registry, snapshot.generations[generation], strict=True):
        live.failure = evaluation.failure if evaluation.status is AgentStatus.FAILED else None
        live.episodes = {episode.number: episode for episode in snapshot.episodes.get(live.agent.ref, ())}
        live.paused = live.agent.ref in snapshot.paused
        live.dropped = evaluation.status is AgentStatus.DROPPED
