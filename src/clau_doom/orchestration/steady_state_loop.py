"""Evolution without a generation's end: as soon as an agent has its turn to be told, another is asked and played.

Agents are told in the order in which they were asked, whoever was evaluated first, so that what is evolved does not
depend on the workers. Whoever waits for its turn is kept here; see `SteadyState` for what depends on what.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial
from itertools import chain, groupby

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Agent, AgentStatus, Evaluation, Fitness, GenomeSpace
from clau_doom.domain.commands import AgentAction
from clau_doom.domain.events import AgentsAsked, Event, GenerationCompleted
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.domain.snapshot import Snapshot
from clau_doom.evolution import Offspring, Result, make_steady_state
from clau_doom.orchestration.agent_evaluation import AgentEvaluation, restore
from clau_doom.orchestration.completed_generations import seeds_of
from clau_doom.orchestration.episode_scheduler import EpisodeScheduler, Report
from clau_doom.orchestration.generation_evaluation import summarise
from clau_doom.orchestration.registry import LiveAgent, Registry
from clau_doom.orchestration.resume import check_asked, results
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.task_queue import Work

__all__ = ["SteadyRun"]

Completed = Callable[[Sequence[Evaluation], GenerationSummary], Awaitable[None]]


class SteadyRun(AgentEvaluation):
    """Breeds and evaluates agents one after another, to the last one of the last generation."""

    def __init__(
        self,
        config: ExperimentConfig,
        space: GenomeSpace,
        *,
        fitness: Fitness,
        log: RunLog,
        completed: Completed,
    ) -> None:
        """Start before agent 0.

        Args:
            config: The configuration.
            space: The policy's genes.
            fitness: How measures become fitness.
            log: Where events go.
            completed: Called with each generation, once that it is complete is committed.
        """
        registry, work = Registry(config.evolution.lookahead), Work((), more=True)
        super().__init__(registry, work, episodes=config.episodes, fitness=fitness, log=log)
        self._experiment = config.name
        self._population = config.population
        self._total = config.generations * config.population
        self._strategy = make_steady_state(config.evolution, space, config.population, config.seed)
        self._seeds = lru_cache(maxsize=8)(partial(seeds_of, config))
        self._completed = completed
        self._closed = 0
        """How many agents are evaluated or failed for good, in the order of their numbers."""
        self._results: deque[Result] = deque()
        """What those came to that are closed and not told, because nothing was to be asked."""
        self._block: list[Evaluation] = []
        """Those that are closed of the generation under way."""
        self._changed = asyncio.Event()

    async def begin(self, snapshot: Snapshot, check: Callable[[], None]) -> None:
        """Go on from where a snapshot stands, and ask for what may be asked.

        Args:
            snapshot: The experiment.
            check: Called now and then; what it raises ends this.

        Raises:
            StoreCorrupted: The strategy asks for other agents than those that are stored.
        """
        stored = [*chain.from_iterable(snapshot.generations)]
        await asyncio.to_thread(self._replay, stored, check)
        first = len(snapshot.summaries) * self._population
        self._closed = max(self._strategy.told, first)
        self._results.extend(results(stored[self._strategy.told : self._closed], self._fitness))
        self._block = stored[first : self._closed]
        for evaluation in stored[self._closed :]:
            live = self._registry.add(evaluation.agent)
            restore(live, evaluation, snapshot)
            if live.paused:
                self._work.hold(live.agent.id)
            self._play(live)
        await self._go_on()

    async def evolve(self, player: EpisodeScheduler) -> None:
        """Play until the last agent is evaluated or failed.

        Raises:
            GenerationFailed: All agents of a generation have failed.
            ShutdownRequested: The run is to stop; what was finished is kept.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._breed())
                await player.play(self._work, self._log.receiver(self._events))
        except BaseExceptionGroup as errors:
            raise _first(errors) from _first(errors).__cause__

    def steers(self, agent: str) -> bool:
        """Say whether an agent is asked, and has not had its turn to be told; see `AgentEvaluation`."""
        return agent in self._registry

    def command(self, action: AgentAction, agent: str) -> tuple[LiveAgent, list[Event]]:
        """Do something to an agent; see `AgentEvaluation`."""
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
                strategy.tell(*results([stored[strategy.told]], self._fitness))
            check_asked([self._agent(number, strategy.ask())], [evaluation.agent])

    async def _breed(self) -> None:
        while self._closed < self._total:
            await self._changed.wait()
            await self._go_on()
        self._work.more = False
        self._work.wake()

    async def _go_on(self) -> None:
        """Close who has its turn, ask for those who may follow, commit it, and have them played."""
        self._changed.clear()
        finished = [*self._close()]
        asked = await asyncio.to_thread(self._ask) if self._results or not self._strategy.waits else []
        events: list[Event] = [GenerationCompleted(summary=summary) for _, summary in finished]
        for generation, agents in groupby(asked, key=lambda agent: agent.ref.generation):
            events.append(AgentsAsked(generation=generation, agents=tuple(agents)))
        # Before they are committed, so that no worker waits for a disk: what they do comes behind them in the log.
        for agent in asked:
            self._play(self._registry.add(agent))
        if events:
            await self._log.append(*events)
        for evaluations, summary in finished:
            await self._completed(evaluations, summary)

    def _close(self) -> list[tuple[list[Evaluation], GenerationSummary]]:
        """Take those out that have their turn to be told; return the generations that this completes."""
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
                for told in self._block:
                    self._errors.pop(told.agent.id, None)
                self._block = []
        return finished

    def _ask(self) -> list[Agent]:
        """Ask for as many as the results allow, each told before the one that is made from it is asked."""
        strategy, asked = self._strategy, list[Agent]()
        while strategy.asked < self._total:
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
            self._work.add(self._missing(live))


def _first(error: BaseException) -> BaseException:
    """Return the first error in groups: where a disk is full, both who play and who asks are told."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
