"""One experiment from where it stands to its end, an interruption or a failure."""

import asyncio
import contextlib
import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Agent, AgentRef, Evaluation, Fitness, GenomeSpace, Purpose, episode_seeds
from clau_doom.domain.events import (
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentStarted,
    GenerationCompleted,
    GenerationStarted,
)
from clau_doom.domain.experiment import ExperimentState, GenerationSummary
from clau_doom.domain.ids import baseline_id
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import (
    DiskFull,
    GenerationFailed,
    ShutdownRequested,
    StorageFailed,
    describe,
)
from clau_doom.errors import ExperimentFailed as ExperimentFailedError
from clau_doom.evolution import Offspring, Race, Strategy, make_race, make_strategy
from clau_doom.orchestration.evaluating import restore
from clau_doom.orchestration.generation import GenerationRun, summarise
from clau_doom.orchestration.immigration import admit, immigrants_of
from clau_doom.orchestration.judging import Judge, candidates
from clau_doom.orchestration.log import RunLog
from clau_doom.orchestration.player import Player
from clau_doom.orchestration.registry import Registry
from clau_doom.orchestration.resume import agents_from, check_asked, replay, results
from clau_doom.orchestration.shutdown import Shutdown
from clau_doom.orchestration.steady import SteadyRun
from clau_doom.orchestration.steering import Steering
from clau_doom.orchestration.verification import Verification
from clau_doom.ports import Clock, EvaluationBackend, ExperimentStore, Glimpse

__all__ = ["ExperimentRun"]


@dataclass
class _Finished:
    """What is kept of the finished generations: little, for a run may have a million episodes.

    Attributes:
        summaries: What they came to.
        best: The best agent of each of them.
    """

    summaries: list[GenerationSummary] = field(default_factory=list)
    best: dict[AgentRef, Agent] = field(default_factory=dict)

    def add(self, evaluations: Sequence[Evaluation], summary: GenerationSummary) -> None:
        """Keep what is still needed of a generation."""
        self.summaries.append(summary)
        self.best[summary.best] = evaluations[summary.best.index].agent


@dataclass
class _Progress:
    """What the loop carries from generation to generation.

    Attributes:
        strategy: The strategy.
        finished: The finished generations.
        lengths: By generation and index, how many tics each agent's episodes lasted on average; NaN where it has none.
        asked: What the strategy asked for already.
    """

    strategy: Strategy
    finished: _Finished
    lengths: "list[array[float]]" = field(default_factory=list)
    asked: Sequence[Offspring] | None = None


class ExperimentRun:
    """Runs one experiment that is stored already; the caller owns store, backend and shutdown."""

    def __init__(
        self,
        config: ExperimentConfig,
        config_yaml: str,
        *,
        space: GenomeSpace,
        fitness: Fitness,
        store: ExperimentStore,
        backend: EvaluationBackend,
        shutdown: Shutdown,
        clock: Clock,
    ) -> None:
        """Prepare a run; see `clau_doom.bootstrap` for how its parts are chosen.

        Args:
            config: The resolved configuration.
            config_yaml: The same as text, kept with the event of this start.
            space: The policy's genes.
            fitness: How measures become fitness.
            store: An experiment's store that holds its `ExperimentCreated`.
            backend: An entered backend.
            shutdown: Who may ask to stop.
            clock: Time.
        """
        self._config = config
        self._config_yaml = config_yaml
        self._space = space
        self._fitness = fitness
        self._store = store
        self._backend = backend
        self._prove_parents = config.execution.backend == "docker" and config.docker.verify == "parents"
        self._player = Player(
            backend,
            shutdown,
            attempts=config.execution.attempts,
            on_exhausted=config.execution.on_exhausted,
        )
        self._shutdown = shutdown
        self._clock = clock
        self._generation = 0
        self._begun: tuple[Snapshot, RunLog] | None = None
        self.steering = Steering(config, space, store, self._player, shutdown)
        """What persons and programs may do to the run while it lasts."""

    @property
    def name(self) -> str:
        """The experiment's id."""
        return self._config.name

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return what can be seen of the episodes that are being played; see `EvaluationBackend.glimpses`."""
        return self._backend.glimpses()

    async def begin(self) -> Snapshot:
        """Commit that the experiment is running, and return how it stood before; `run` does it where nobody did."""
        snapshot = await self._store.snapshot()
        log = RunLog(self._store, self._clock, ran_before=snapshot.running_seconds)
        await log.append(
            ExperimentStarted(
                resumed=snapshot.last_sequence > 1,
                generations=self._config.generations,
                config_yaml=self._config_yaml,
            )
        )
        self._begun = snapshot, log
        self.steering.begin(snapshot, log)
        return snapshot

    async def run(self) -> ExperimentState:
        """Run to the end.

        Returns:
            `COMPLETED`, `CANCELLED`, or `INTERRUPTED` when somebody asked to stop or the disk is full; the shutdown has
            the reason.

        Raises:
            ExperimentFailed: It cannot go on; the causes are chained.
        """
        if self._begun is None:
            await self.begin()
        assert self._begun is not None
        snapshot, log = self._begun
        try:
            await self._evolve_and_judge(snapshot, log)
        except ShutdownRequested as request:
            if self.steering.cancelled:
                await log.append(ExperimentCancelled())
                return ExperimentState.CANCELLED
            await log.append(ExperimentInterrupted(generation=self._generation, reason=str(request)))
            return ExperimentState.INTERRUPTED
        except DiskFull as full:
            self._shutdown.request(describe(full), grace=0.0)
            with contextlib.suppress(StorageFailed):  # a small event may find room where a batch did not
                await log.append(ExperimentInterrupted(generation=self._generation, reason=describe(full)))
            return ExperimentState.INTERRUPTED
        except StorageFailed:
            raise  # nothing more can be kept; the store holds a run that can be resumed
        except Exception as error:
            raise await self._failed(error, log) from error
        finally:
            self.steering.end()
        return ExperimentState.COMPLETED

    async def _failed(self, error: Exception, log: RunLog) -> ExperimentFailedError:
        failure = ExperimentFailedError(f"experiment {self._config.name} failed")
        failure.__cause__ = error
        await log.append(ExperimentFailed(reason=describe(failure)))
        return failure

    async def _evolve_and_judge(self, snapshot: Snapshot, log: RunLog) -> None:
        self._generation = len(snapshot.summaries)
        finished = _Finished()
        for evaluations, summary in zip(snapshot.generations, snapshot.summaries, strict=False):
            finished.add(evaluations, summary)
        if self._config.evolution.mode == "steady_state":
            await self._evolve_steadily(snapshot, finished, log)
        else:
            await self._evolve_generations(snapshot, finished, log)
        await self._judge(snapshot, finished, log)
        await log.append(ExperimentCompleted(generations=self._config.generations))

    async def _evolve_steadily(self, snapshot: Snapshot, finished: _Finished, log: RunLog) -> None:
        async def completed(evaluations: Sequence[Evaluation], summary: GenerationSummary) -> None:
            finished.add(evaluations, summary)
            self._generation = summary.index + 1
            await self._backend.end_generation(summary.index)

        live = SteadyRun(
            self._config, self._space, seeds=self._seeds, fitness=self._fitness, log=log, completed=completed
        )
        try:
            await live.begin(snapshot, self._shutdown.check)
            self.steering.evaluate(live)
            await live.evolve(self._player)
        except (ShutdownRequested, GenerationFailed, StorageFailed):
            raise
        except Exception as error:
            raise GenerationFailed(f"generation {self._generation} failed") from error

    async def _evolve_generations(self, snapshot: Snapshot, finished: _Finished, log: RunLog) -> None:
        done = len(snapshot.summaries)
        progress = await self._restore(snapshot, finished)
        for generation in range(done, self._config.generations):
            self._generation = generation
            self._shutdown.check()
            known = snapshot.generations[generation] if generation < len(snapshot.generations) else None
            await self._evolve(generation, progress, snapshot, known, log)

    async def _restore(self, snapshot: Snapshot, finished: _Finished) -> _Progress:
        config = self._config
        strategy = make_strategy(config.evolution, self._space, config.population, config.seed)
        told = snapshot.finished_generations
        await asyncio.to_thread(replay, strategy, config.name, told, self._fitness, self._shutdown.check)
        lengths = [array("d", map(_length, evaluations)) for evaluations in told]
        return _Progress(strategy=strategy, finished=finished, lengths=lengths)

    async def _evolve(
        self,
        generation: int,
        progress: _Progress,
        snapshot: Snapshot,
        known: tuple[Evaluation, ...] | None,
        log: RunLog,
    ) -> None:
        asked, progress.asked = progress.asked, None
        if asked is None:
            asked = await asyncio.to_thread(progress.strategy.ask)
        stored = [evaluation.agent for evaluation in known] if known else None
        # Nothing is awaited from here to the event, so that a genome that is injected later waits for the next one.
        immigrants = self.steering.immigration.take() if stored is None else immigrants_of(stored)
        agents = agents_from(self._config.name, generation, admit(progress.strategy, asked, immigrants))
        registry = Registry(self._config.population, agents)
        self.steering.started = generation + 1
        if stored is None:
            await log.append(GenerationStarted(generation=generation, agents=agents))
        else:
            check_asked(agents, stored)
            for agent, evaluation in zip(registry, snapshot.generations[generation], strict=True):
                restore(agent, evaluation, snapshot)
        live = GenerationRun(registry, self._seeds(generation), self._fitness, log, self._race(generation))
        self.steering.evaluate(live)
        try:
            await live.evaluate(self._player, lambda agent: _expected(agent, progress))
            before = None if stored is None else self._store
            evaluations = await self._tell(live, progress, Verification(self._player, log, before=before))
        except (ShutdownRequested, GenerationFailed, StorageFailed):
            raise
        except Exception as error:
            raise GenerationFailed(f"generation {generation} failed") from error
        finally:
            await self._backend.end_generation(generation)
        summary = summarise(evaluations)
        progress.finished.add(evaluations, summary)
        progress.lengths.append(array("d", map(_length, evaluations)))
        await log.append(GenerationCompleted(summary=summary))

    async def _tell(
        self, live: GenerationRun, progress: _Progress, verification: Verification
    ) -> tuple[Evaluation, ...]:
        """Tell the strategy what a generation came to, once what it takes from it is proved; return the evaluations."""
        forged: dict[str, str] = {}
        while True:
            evaluations = await live.strike(forged)
            while forged := await verification.forged([_best(evaluations)], live.episodes()):
                evaluations = await live.strike(forged)
            await asyncio.to_thread(progress.strategy.tell, results(evaluations, self._fitness))
            if not self._prove_parents:
                return evaluations
            progress.asked = await asyncio.to_thread(progress.strategy.ask)
            forged = await verification.forged(_parents(progress.asked, evaluations), live.episodes())
            if not forged:
                return evaluations
            progress.strategy = await self._asked_again()

    async def _asked_again(self) -> Strategy:
        """Return a strategy that has asked for the generation under evaluation, and was not told of it."""
        snapshot = await self._store.snapshot()
        config, done = self._config, len(snapshot.summaries)
        strategy = make_strategy(config.evolution, self._space, config.population, config.seed)
        finished, agents = snapshot.generations[:done], [each.agent for each in snapshot.generations[done]]
        await asyncio.to_thread(replay, strategy, config.name, finished, self._fitness, self._shutdown.check)
        asked = await asyncio.to_thread(strategy.ask)
        check_asked(agents_from(config.name, done, admit(strategy, asked, immigrants_of(agents))), agents)
        return strategy

    def _seeds(self, generation: int) -> tuple[int, ...]:
        own = generation if self._config.seeds == "per_generation" else None
        return episode_seeds(self._config.seed, Purpose.TRAINING, self._config.episodes, generation=own)

    def _race(self, generation: int) -> Race | None:
        config = self._config
        return make_race(config.evolution, config.population, config.episodes, config.seed, generation)

    async def _judge(self, snapshot: Snapshot, finished: _Finished, log: RunLog) -> None:
        self._generation, holdout = len(finished.summaries), self._config.holdout
        judge = Judge(
            seed=self._config.seed,
            fitness=self._fitness,
            keep_recordings=self._config.execution.record == "all",
            log=log,
            finished=snapshot.judging,
            chosen=snapshot.champion,
        )
        rivals = candidates(finished.summaries, finished.best)
        champion = await judge.choose(self._player, rivals, holdout.validation)
        first = finished.best[finished.summaries[0].best]
        await judge.judge(self._player, champion, first, baseline_id(self._config.name), holdout.episodes)


def _best(evaluations: Sequence[Evaluation]) -> Agent:
    """Return the agent that would be the best of its generation."""
    best = summarise(evaluations).best
    return evaluations[best.index].agent


def _parents(asked: Sequence[Offspring], evaluations: Sequence[Evaluation]) -> list[Agent]:
    """Return the agents of a generation that have offspring in the next, by index."""
    parents = {parent for offspring in asked for parent in offspring.parents}
    return [evaluation.agent for evaluation in evaluations if evaluation.agent.ref in parents]


def _length(evaluation: Evaluation) -> float:
    tics = [outcome.measures.tics for outcome in evaluation.outcomes]
    return sum(tics) / len(tics) if tics else math.nan


def _expected(agent: Agent, progress: _Progress) -> float:
    """Return how many tics an agent's episodes will probably last: as many as its parents' did."""
    known = [progress.lengths[parent.generation][parent.index] for parent in agent.parents]
    lengths = [length for length in known if not math.isnan(length)]
    return sum(lengths) / len(lengths) if lengths else math.inf
