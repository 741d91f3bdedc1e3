"""Loop of generational evolution: ask, evaluate and tell one whole generation after another."""

import asyncio
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from clau_doom.config import ExperimentConfig, importing_from
from clau_doom.domain import Agent, Evaluation, Fitness, Genome, GenomeSpace
from clau_doom.domain.events import GenerationCompleted, GenerationStarted
from clau_doom.domain.snapshot import Snapshot
from clau_doom.evolution import Offspring, Race, Strategy, make_race, make_strategy
from clau_doom.orchestration.agent_evaluation import restore
from clau_doom.orchestration.agent_registry import AgentRegistry
from clau_doom.orchestration.completed_generations import CompletedGenerations, seeds_of
from clau_doom.orchestration.episode_scheduler import EpisodeScheduler
from clau_doom.orchestration.forgery_detection import ClaimVerification
from clau_doom.orchestration.generation_evaluation import GenerationEvaluation, summarise
from clau_doom.orchestration.genome_injection import immigrants_of, inject
from clau_doom.orchestration.run_control import RunControl
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.stop_request import Shutdown
from clau_doom.orchestration.strategy_replay import agents_from, check_asked, replay, results
from clau_doom.ports import EvaluationBackend, ExperimentStore

__all__ = ["GenerationalLoop"]


@dataclass
class _Progress:
    """State that the loop keeps between generations.

    Attributes:
        strategy: The strategy.
        lengths: Mean length of each agent's episodes in tics, by generation and index. NaN if the agent has no
            episodes.
        asked: Offspring that the strategy has already created for the next generation, or None.
    """

    strategy: Strategy
    lengths: "list[array[float]]" = field(default_factory=list)
    asked: Sequence[Offspring] | None = None


class GenerationalLoop:
    """Breeds and evaluates all generations, one after another."""

    def __init__(
        self,
        config: ExperimentConfig,
        space: GenomeSpace,
        *,
        fitness: Fitness,
        store: ExperimentStore,
        backend: EvaluationBackend,
        scheduler: EpisodeScheduler,
        shutdown: Shutdown,
        control: RunControl,
        log: RunLog,
        completed: CompletedGenerations,
        start: Sequence[Genome] = (),
    ) -> None:
        """Start after the completed generations.

        Args:
            config: The configuration.
            space: Genes of the policy.
            fitness: Fitness of an episode's measures.
            store: Store of the experiment.
            backend: Backend, which is notified of the end of each generation.
            scheduler: Scheduler of the episodes.
            shutdown: Receives requests to stop.
            control: Commands to the generation under evaluation.
            log: Event log of the run.
            completed: Completed generations. The loop adds to it.
            start: Genomes of a warm start.
        """
        self._config = config
        self._space = space
        self._fitness = fitness
        self._store = store
        self._backend = backend
        self._scheduler = scheduler
        self._shutdown = shutdown
        self._control = control
        self._log = log
        self._completed = completed
        self._start = start
        self._prove_parents = config.verified_agents == "parents"

    async def evolve(self, snapshot: Snapshot) -> None:
        """Continue from a snapshot to the end of the last generation.

        Raises:
            GenerationFailed: A generation cannot be evaluated, or all its agents have failed.
            ShutdownRequested: A stop was requested. Finished episodes are kept.
            StoreCorrupted: The strategy's agents differ from the stored ones.
        """
        progress = await self._restore(snapshot)
        budget = self._config.evolution_budget
        while not budget.used_up(self._completed.summaries):
            self._shutdown.check()
            generation = self._completed.generation
            known = snapshot.generations[generation] if generation < len(snapshot.generations) else None
            await self._evolve(generation, progress, snapshot, known)

    def _new_strategy(self) -> Strategy:
        """Return the strategy before generation 0."""
        config = self._config
        with importing_from(config.import_paths):
            return make_strategy(config.evolution, self._space, config.population, config.seed, start=self._start)

    async def _restore(self, snapshot: Snapshot) -> _Progress:
        config = self._config
        strategy = self._new_strategy()
        finished = snapshot.finished_generations
        await asyncio.to_thread(replay, strategy, config.name, finished, self._fitness, self._shutdown.check)
        lengths = [array("d", map(_length, evaluations)) for evaluations in finished]
        return _Progress(strategy=strategy, lengths=lengths)

    async def _evolve(
        self,
        generation: int,
        progress: _Progress,
        snapshot: Snapshot,
        known: tuple[Evaluation, ...] | None,
    ) -> None:
        asked, progress.asked = progress.asked, None
        if asked is None:
            asked = await asyncio.to_thread(progress.strategy.ask)
        stored = [evaluation.agent for evaluation in known] if known else None
        # No await from here to the event: a genome that is injected later waits for the next generation.
        immigrants = self._control.injection.take(len(asked)) if stored is None else immigrants_of(stored)
        agents = agents_from(self._config.name, generation, inject(progress.strategy, asked, immigrants))
        registry = AgentRegistry(len(agents), agents)
        self._control.started = generation + 1
        if stored is None:
            await self._log.append(GenerationStarted(generation=generation, agents=agents))
        else:
            check_asked(agents, stored)
            for agent, evaluation in zip(registry, snapshot.generations[generation], strict=True):
                restore(agent, evaluation, snapshot)
        live = GenerationEvaluation(
            registry, seeds_of(self._config, generation), self._fitness, self._log, self._race(generation, len(agents))
        )
        self._control.evaluate(live)
        try:
            with self._completed.converting_errors():
                await live.evaluate(self._scheduler, lambda agent: _expected(agent, progress))
                before = None if stored is None else self._store
                evaluations = await self._tell(
                    live, progress, ClaimVerification(self._scheduler, self._log, before=before)
                )
        finally:
            await self._backend.end_generation(generation)
        summary = summarise(evaluations)
        progress.lengths.append(array("d", map(_length, evaluations)))
        await self._log.append(GenerationCompleted(summary=summary))
        self._completed.add(evaluations, summary)

    async def _tell(
        self, live: GenerationEvaluation, progress: _Progress, verification: ClaimVerification
    ) -> tuple[Evaluation, ...]:
        """Verify a generation's results, pass them to the strategy and return the evaluations.

        The configuration decides which results are verified.
        """
        forged: dict[str, str] = {}
        while True:
            evaluations = await live.fail_forged(forged)
            while forged := await verification.forged([_best(evaluations)], live.episodes()):
                evaluations = await live.fail_forged(forged)
            await asyncio.to_thread(progress.strategy.tell, results(evaluations, self._fitness))
            if not self._prove_parents:
                return evaluations
            progress.asked = await asyncio.to_thread(progress.strategy.ask)
            forged = await verification.forged(_parents(progress.asked, evaluations), live.episodes())
            if not forged:
                return evaluations
            progress.strategy = await self._asked_again()

    async def _asked_again(self) -> Strategy:
        """Rebuild a strategy that has asked for the generation under evaluation, but does not know its results."""
        snapshot = await self._store.snapshot()
        config, done = self._config, len(snapshot.summaries)
        strategy = self._new_strategy()
        finished, agents = snapshot.generations[:done], [each.agent for each in snapshot.generations[done]]
        await asyncio.to_thread(replay, strategy, config.name, finished, self._fitness, self._shutdown.check)
        asked = await asyncio.to_thread(strategy.ask)
        check_asked(agents_from(config.name, done, inject(strategy, asked, immigrants_of(agents))), agents)
        return strategy

    def _race(self, generation: int, agents: int) -> Race | None:
        config = self._config
        return make_race(config.evolution, agents, config.episodes, config.seed, generation)


def _best(evaluations: Sequence[Evaluation]) -> Agent:
    """Return the best agent of a generation."""
    best = summarise(evaluations).best
    return evaluations[best.index].agent


def _parents(asked: Sequence[Offspring], evaluations: Sequence[Evaluation]) -> list[Agent]:
    """Return the agents of a generation that have offspring in the next one, by index."""
    parents = {parent for offspring in asked for parent in offspring.parents}
    return [evaluation.agent for evaluation in evaluations if evaluation.agent.ref in parents]


def _length(evaluation: Evaluation) -> float:
    tics = [outcome.measures.tics for outcome in evaluation.outcomes]
    return sum(tics) / len(tics) if tics else math.nan


def _expected(agent: Agent, progress: _Progress) -> float:
    """Return the expected length of an agent's episodes in tics, which is the mean of its parents'."""
    known = [progress.lengths[parent.generation][parent.index] for parent in agent.parents]
    lengths = [length for length in known if not math.isnan(length)]
    return sum(lengths) / len(lengths) if lengths else math.inf
