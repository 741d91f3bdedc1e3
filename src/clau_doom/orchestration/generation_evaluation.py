"""Evaluation of one generation: plays the missing episodes and summarises the results."""

import math
from collections.abc import Callable, Mapping, Sequence

from clau_doom.domain import Agent, Episode, Evaluation, Fitness, finalists, parse_agent_id
from clau_doom.domain.events import AgentDropped, AgentFailed, Event, FailureKind
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.errors import Forged
from clau_doom.evolution import Race
from clau_doom.orchestration.agent_evaluation import AgentEvaluation
from clau_doom.orchestration.agent_registry import AgentRegistry, LiveAgent
from clau_doom.orchestration.episode_scheduler import EpisodeScheduler
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.task_queue import TaskQueue

__all__ = ["GenerationEvaluation", "summarise"]


class GenerationEvaluation(AgentEvaluation):
    """Evaluates the agents of one generation."""

    def __init__(
        self, registry: AgentRegistry, seeds: Sequence[int], fitness: Fitness, log: RunLog, race: Race | None = None
    ) -> None:
        """Prepare an evaluation.

        Args:
            registry: Agents, with their stored results.
            seeds: Engine seeds, one per episode, shared by all agents.
            fitness: Fitness of an episode's measures.
            log: Event log of the run.
            race: Race that drops agents early. None: every agent plays all episodes.
        """
        super().__init__(registry, TaskQueue(()), episodes=len(seeds), fitness=fitness, log=log)
        self._seeds = seeds
        self._race = race
        self._reach = 0
        """Number of episodes that each remaining agent of the race currently plays."""
        self._generation = next(iter(registry)).agent.ref.generation

    def accepts_commands(self, agent: str) -> bool:
        """Return whether an agent is in the generation under evaluation; see `AgentEvaluation`."""
        return not self._queue.over and parse_agent_id(agent)[1] == self._generation

    def _seeds_of(self, agent: Agent) -> Sequence[int]:  # noqa: ARG002 - all agents share them
        return self._seeds[: self._reach]

    async def evaluate(self, scheduler: EpisodeScheduler, expected: Callable[[Agent], float]) -> tuple[Evaluation, ...]:
        """Play the missing episodes and return the evaluations, by index.

        Args:
            scheduler: Scheduler of the episodes.
            expected: Expected length of an agent's episodes. The longest start first, so that workers finish at about
                the same time.

        Raises:
            GenerationFailed: All agents have failed. The cause is a group of their failures.
            ShutdownRequested: A stop was requested. Finished episodes are kept.
        """
        lengths = {live.agent.id: expected(live.agent) for live in self._registry}
        for rung in self._race.rungs if self._race else (len(self._seeds),):
            self._reach = rung
            # The commit of an agent's last episode also evaluates the agent, so that all evaluated agents are known
            # here.
            self._queue.add(task for live in self._racing() for task in self._missing(live))
            self._queue.sort(lambda task: -lengths[task.agent])
            await self._play(scheduler)
            await self._drop(rung)
        return self._evaluations()

    async def _play(self, scheduler: EpisodeScheduler) -> None:
        more = self._reach < len(self._seeds)
        await scheduler.play(self._queue, self._log.receiver(self._events), more=more)
        while more and not self._queue.done:  # a user has restarted an agent during the commit of the last results
            await scheduler.play(self._queue, self._log.receiver(self._events), more=more)

    async def _drop(self, rung: int) -> None:
        """Drop the agents that lose the race at a rung. Stored decisions stay unchanged."""
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
        """Return the finished training episodes by agent id, in the order of their numbers."""
        return {live.agent.id: [live.episodes[number] for number in sorted(live.episodes)] for live in self._registry}

    async def fail_forged(self, forged: Mapping[str, str]) -> tuple[Evaluation, ...]:
        """Fail agents with forged episodes, and return the evaluations, by index.

        Args:
            forged: Description of the forgery, by agent id.

        Raises:
            GenerationFailed: No agent is left.
        """
        for name, reason in forged.items():
            live = self._registry.get(name)
            live.failure = reason
            self._errors[name] = Forged(reason)
            await self._log.append(AgentFailed(ref=live.agent.ref, kind=FailureKind.FORGED, reason=reason))
        return self._evaluations()

    def _evaluations(self) -> tuple[Evaluation, ...]:
        evaluations = tuple(self.evaluation(live) for live in self._registry)
        self._check_some_evaluated(evaluations)
        return evaluations


def summarise(evaluations: Sequence[Evaluation]) -> GenerationSummary:
    """Summarise a finished generation. Of equally fit agents, the first is the best.

    An agent that the race dropped is the best only if no agent has played all episodes.

    Args:
        evaluations: Evaluations by index. At least one has a fitness.
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
        tics=int(math.fsum(each.measures.tics for _, evaluation in ranked for each in evaluation.outcomes)),
    )
