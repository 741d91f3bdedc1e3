"""Evaluation of agents: their missing episodes, the results, and commands to agents."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from clau_doom.domain import Agent, AgentStatus, Episode, Evaluation, Fitness, Purpose
from clau_doom.domain.agent_commands import AgentAction
from clau_doom.domain.events import (
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
from clau_doom.domain.snapshot import Snapshot
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError, FailedAgent, GenerationFailed, WrongState
from clau_doom.orchestration.agent_registry import AgentRegistry, LiveAgent
from clau_doom.orchestration.episode_scheduler import AgentFailure, Report
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.task_queue import TaskQueue
from clau_doom.ports import EpisodeTask

__all__ = ["AgentEvaluation", "restore"]


class AgentEvaluation(ABC):
    """Base class of evaluations, by generation or in a steady state."""

    def __init__(
        self, registry: AgentRegistry, queue: TaskQueue, *, episodes: int, fitness: Fitness, log: RunLog
    ) -> None:
        """Prepare an evaluation.

        Args:
            registry: Agents, with their stored results.
            queue: Queue for their missing episodes.
            episodes: Number of episodes of an agent without racing.
            fitness: Fitness of an episode's measures.
            log: Event log of the run.
        """
        self._registry = registry
        self._queue = queue
        self._episodes = episodes
        self._fitness = fitness
        self._log = log
        self._errors: dict[str, Exception] = {}
        for live in registry:
            if live.paused:
                self._queue.hold(live.agent.id)

    @abstractmethod
    def accepts_commands(self, agent: str) -> bool:
        """Return whether commands may change an agent. The agent may be unknown."""

    @abstractmethod
    def _seeds_of(self, agent: Agent) -> Sequence[int]:
        """Return the seeds of the episodes that an agent currently needs, by number."""

    def command(self, action: AgentAction, agent: str) -> tuple[LiveAgent, list[Event]]:
        """Apply an action to an agent, and return the agent and the events to commit.

        Raises:
            AgentNotFound: The agent is not under evaluation.
            WrongState: The action is impossible in the agent's state.
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
        """Evaluate an agent on its finished episodes."""
        return live.evaluate(self._fitness, self._episodes)

    def _pause(self, live: LiveAgent, *, paused: bool) -> list[Event]:
        if self.evaluation(live).status is not AgentStatus.PENDING:
            raise WrongState(f"agent {live.agent.id} is {self.evaluation(live).status}: pause pending agents only")
        if live.paused is paused:
            return []
        live.paused = paused
        if paused:
            self._queue.hold(live.agent.id)
            return [AgentPaused(ref=live.agent.ref)]
        self._queue.release(live.agent.id)
        return [AgentResumed(ref=live.agent.ref)]

    def _stop(self, live: LiveAgent) -> list[Event]:
        status = self.evaluation(live).status
        if status.evaluated:
            raise WrongState(f"agent {live.agent.id} is {status}: it has a fitness and cannot be stopped")
        if status is AgentStatus.FAILED:
            return []
        live.failure, live.paused = "stopped by a user", False
        self._queue.drop(live.agent.id)
        return [AgentFailed(ref=live.agent.ref, kind=FailureKind.STOPPED, reason=live.failure)]

    def _restart(self, live: LiveAgent) -> list[Event]:
        if live.failure is None:
            status = self.evaluation(live).status
            raise WrongState(f"agent {live.agent.id} is {status}: restart stopped and failed agents only")
        live.failure = None
        self._errors.pop(live.agent.id, None)
        missing = [task for task in self._missing(live) if not self._queue.plays(task.agent, task.number)]
        self._queue.restart(live.agent.id, missing)
        return [AgentRestarted(ref=live.agent.ref), *self._evaluated(live)]

    def _missing(self, live: LiveAgent) -> list[EpisodeTask]:
        return [
            EpisodeTask(
                purpose=Purpose.TRAINING, agent=live.agent.id, genome=live.agent.genome, number=number, seed=seed
            )
            for number, seed in enumerate(self._seeds_of(live.agent))
            if number not in live.episodes
        ]

    def _events(self, report: Report) -> list[Event]:
        if isinstance(report, EpisodeLost):
            return [report]
        if isinstance(report, AgentFailure):
            live = self._registry.get(report.task.agent)
            if live.failure is not None:  # a user has stopped it in the meantime
                return []
            live.failure = describe(report.error)
            self._errors[live.agent.id] = report.error
            trace = self._log.trace(report.error)
            return [AgentFailed(ref=live.agent.ref, kind=report.kind, reason=live.failure, traceback=trace)]
        return self._finished(report)

    def _finished(self, episode: Episode) -> list[Event]:
        live = self._registry.get(episode.agent)
        live.episodes[episode.number] = episode
        return [EpisodeFinished(episode=episode), *self._evaluated(live)]

    def _evaluated(self, live: LiveAgent) -> list[Event]:
        if len(live.episodes) < self._episodes:  # computing the fitness after every episode is slow for many episodes
            return []
        fitness = self.evaluation(live).fitness
        return [] if fitness is None else [AgentEvaluated(ref=live.agent.ref, fitness=fitness)]

    def _check_some_evaluated(self, evaluations: Sequence[Evaluation]) -> None:
        """Check that at least one agent of a generation has a fitness.

        Raises:
            GenerationFailed: All agents have failed. The cause is a group of their failures.
        """
        if not all(evaluation.status is AgentStatus.FAILED for evaluation in evaluations):
            return
        generation = evaluations[0].agent.ref.generation
        # After a resume, only the stored reasons of some failures are known.
        causes = [
            FailedAgent.of(name, self._errors.get(name) or ClauDoomError(evaluation.failure))
            for evaluation in evaluations
            for name in [evaluation.agent.id]
        ]
        error = GenerationFailed(f"generation {generation} failed: all {len(evaluations)} agents failed")
        raise error from ExceptionGroup("the agents' failures", causes)


def restore(live: LiveAgent, evaluation: Evaluation, snapshot: Snapshot) -> None:
    """Restore an agent of an unfinished generation from a snapshot."""
    live.failure = evaluation.failure if evaluation.status is AgentStatus.FAILED else None
    live.episodes = {episode.number: episode for episode in snapshot.episodes.get(live.agent.ref, ())}
    live.paused = live.agent.ref in snapshot.paused
    live.dropped = evaluation.status is AgentStatus.DROPPED
