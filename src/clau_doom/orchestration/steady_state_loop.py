"""Loop of steady-state evolution: each result that the strategy receives allows another agent.

The strategy receives results in the order in which it created the agents. Evolution therefore does not depend on the
speed of the workers. Earlier results wait here for their turn. `SteadyState` documents the dependencies.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial
from itertools import chain, groupby

from clau_doom.config import ExperimentConfig, importing_from
from clau_doom.domain import Agent, AgentStatus, Evaluation, Fitness, Genome, GenomeSpace
from clau_doom.domain.agent_commands import AgentAction
from clau_doom.domain.events import AgentsAsked, Event, GenerationCompleted
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.domain.snapshot import Snapshot
from clau_doom.evolution import Offspring, Result, make_steady_state
from clau_doom.orchestration.agent_evaluation import AgentEvaluation, restore
from clau_doom.orchestration.agent_quota import LONGEST_EPISODE, AgentQuota
from clau_doom.orchestration.agent_registry import AgentRegistry, LiveAgent
from clau_doom.orchestration.completed_generations import seeds_of
from clau_doom.orchestration.episode_scheduler import EpisodeScheduler, Report
from clau_doom.orchestration.generation_evaluation import summarise
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.strategy_replay import check_asked, results
from clau_doom.orchestration.task_queue import TaskQueue

__all__ = ["SteadyStateLoop"]

Completed = Callable[[Sequence[Evaluation], GenerationSummary], Awaitable[None]]


class SteadyStateLoop(AgentEvaluation):
    """Breeds and evaluates agents one after another, to the last agent of the last generation."""

    def __init__(
        self,
        config: ExperimentConfig,
        space: GenomeSpace,
        *,
        fitness: Fitness,
        log: RunLog,
        completed: Completed,
        longest_episode: int = LONGEST_EPISODE,
        start: Sequence[Genome] = (),
    ) -> None:
        """Start before agent 0.

        Args:
            config: The configuration.
            space: Genes of the policy.
            fitness: Fitness of an episode's measures.
            log: Event log of the run.
            completed: Called with each generation after its completion is committed.
            longest_episode: Timeout of an episode, in tics.
            start: Genomes of a warm start.
        """
        registry, queue = AgentRegistry(config.evolution.lookahead), TaskQueue((), more=True)
        super().__init__(registry, queue, episodes=config.episodes, fitness=fitness, log=log)
        self._experiment = config.name
        self._population = config.population
        self._budget = config.evolution_budget
        self._quota = AgentQuota(
            self._budget,
            population=config.population,
            episodes=config.episodes,
            longest_episode=longest_episode,
        )
        self._summaries: list[GenerationSummary] = []
        with importing_from(config.import_paths):
            self._strategy = make_steady_state(config.evolution, space, config.population, config.seed, start=start)
        self._seeds = lru_cache(maxsize=8)(partial(seeds_of, config))
        self._completed = completed
        self._closed = 0
        """Number of agents that are evaluated or have failed, counted in the order of their numbers."""
        self._results: deque[Result] = deque()
        """Results of closed agents that the strategy has not received, because no new agent was needed."""
        self._block: list[Evaluation] = []
        """Closed agents of the current generation."""
        self._changed = asyncio.Event()

    async def begin(self, snapshot: Snapshot, check: Callable[[], None]) -> None:
        """Continue from a snapshot, and ask the strategy for new agents.

        Args:
            snapshot: The experiment.
            check: Called regularly. If it raises, this method ends.

        Raises:
            StoreCorrupted: The strategy's agents differ from the stored ones.
        """
        self._summaries = [*snapshot.summaries]
        stored = [*chain.from_iterable(snapshot.generations)]
        await asyncio.to_thread(self._replay, stored, check)
        first = len(snapshot.summaries) * self._population
        self._closed = max(self._strategy.received, first)
        self._results.extend(results(stored[self._strategy.received : self._closed], self._fitness))
        self._block = stored[first : self._closed]
        for evaluation in stored[self._closed :]:
            live = self._registry.add(evaluation.agent)
            restore(live, evaluation, snapshot)
            if live.paused:
                self._queue.hold(live.agent.id)
            self._play(live)
        await self._advance()

    async def evolve(self, scheduler: EpisodeScheduler) -> None:
        """Play until the last agent is evaluated or has failed.

        Raises:
            GenerationFailed: All agents of a generation have failed.
            ShutdownRequested: A stop was requested. Finished episodes are kept.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._breed())
                await scheduler.play(self._queue, self._log.receiver(self._events))
        except BaseExceptionGroup as errors:
            raise _first_error(errors) from _first_error(errors).__cause__

    def accepts_commands(self, agent: str) -> bool:
        """Return whether an agent exists and its result has not been processed; see `AgentEvaluation`."""
        return agent in self._registry

    def command(self, action: AgentAction, agent: str) -> tuple[LiveAgent, list[Event]]:
        """Apply an action to an agent; see `AgentEvaluation`."""
        self._changed.set()
        return super().command(action, agent)

    def _seeds_of(self, agent: Agent) -> Sequence[int]:
        return self._seeds(agent.ref.generation)

    def _events(self, report: Report) -> list[Event]:
        self._changed.set()
        return super()._events(report)

    def _replay(self, stored: Sequence[Evaluation], check: Callable[[], None]) -> None:
        strategy = self._strategy
        for number, evaluation in enumerate(stored):
            if number % self._population == 0:
                check()
            if strategy.waits:
                strategy.tell(*results([stored[strategy.received]], self._fitness))
            check_asked([self._agent(number, strategy.ask())], [evaluation.agent])

    async def _breed(self) -> None:
        while not self._budget.used_up(self._summaries):
            await self._changed.wait()
            await self._advance()
        self._queue.more = False
        self._queue.wake()

    async def _advance(self) -> None:
        """Close agents in order, ask for their successors, commit both and play the new agents."""
        self._changed.clear()
        finished = [*self._close()]
        asked = await asyncio.to_thread(self._ask) if self._results or not self._strategy.waits else []
        events: list[Event] = [GenerationCompleted(summary=summary) for _, summary in finished]
        for generation, agents in groupby(asked, key=lambda agent: agent.ref.generation):
            events.append(AgentsAsked(generation=generation, agents=tuple(agents)))
        # Queue agents before their commit, so that workers do not wait for the disk. Their results follow in the log.
        for agent in asked:
            self._play(self._registry.add(agent))
        if events:
            await self._log.append(*events)
        for evaluations, summary in finished:
            await self._completed(evaluations, summary)

    def _close(self) -> list[tuple[list[Evaluation], GenerationSummary]]:
        """Remove the finished agents in order, and return the generations that are complete now."""
        finished = []
        for live in [*self._registry]:
            evaluation = self.evaluation(live)
            if evaluation.status is AgentStatus.PENDING:
                break
            self._registry.remove(live.agent.id)
            self._closed += 1
            self._results.extend(results([evaluation], self._fitness))
            self._block.append(evaluation)
            if len(self._block) == self._population:
                self._check_some_evaluated(self._block)
                finished.append((self._block, summarise(self._block)))
                self._summaries.append(finished[-1][1])
                for finished_agent in self._block:
                    self._errors.pop(finished_agent.agent.id, None)
                self._block = []
        return finished

    def _ask(self) -> list[Agent]:
        """Ask for as many agents as the results allow.

        Each result is passed to the strategy before the strategy creates the successor.
        """
        strategy, asked = self._strategy, list[Agent]()
        total = self._quota.total(self._summaries, self._block)
        while strategy.asked < total:
            if strategy.waits:
                if not self._results:
                    break
                strategy.tell(self._results.popleft())
            asked.append(self._agent(strategy.asked, strategy.ask()))
        return asked

    def _agent(self, number: int, offspring: Offspring) -> Agent:
        return Agent(
            experiment=self._experiment,
            ref=self._strategy.place(number),
            genome=offspring.genome,
            parents=offspring.parents,
            operator=offspring.operator,
        )

    def _play(self, live: LiveAgent) -> None:
        if live.failure is None:
            self._queue.add(self._missing(live))


def _first_error(error: BaseException) -> BaseException:
    """Return the first error of nested groups. If a disk is full, both playing and asking fail."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
