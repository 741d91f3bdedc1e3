"""Run of one experiment, from its current state to its end, an interruption or a failure."""

import contextlib
from collections.abc import Sequence

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Evaluation, Fitness, Genome, GenomeSpace
from clau_doom.domain.events import (
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentStarted,
)
from clau_doom.domain.experiment import ExperimentState, GenerationSummary
from clau_doom.domain.ids import baseline_id
from clau_doom.domain.run_environment import RunEnvironment
from clau_doom.domain.snapshot import Snapshot
from clau_doom.error_description import describe
from clau_doom.errors import DiskFull, ShutdownRequested, StorageFailed, StrategyFailed
from clau_doom.errors import ExperimentFailed as ExperimentFailedError
from clau_doom.orchestration.agent_quota import LONGEST_EPISODE
from clau_doom.orchestration.completed_generations import CompletedGenerations
from clau_doom.orchestration.episode_scheduler import EpisodeScheduler
from clau_doom.orchestration.generational_loop import GenerationalLoop
from clau_doom.orchestration.holdout import HoldoutEvaluation, candidates
from clau_doom.orchestration.run_control import RunControl
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.steady_state_loop import SteadyStateLoop
from clau_doom.orchestration.stop_request import Shutdown
from clau_doom.ports import Clock, EvaluationBackend, ExperimentStore, Glimpse

__all__ = ["ExperimentRun"]


class ExperimentRun:
    """Runs a stored experiment. The caller owns the store, the backend and the shutdown."""

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
        longest_episode: int = LONGEST_EPISODE,
        start: Sequence[Genome] = (),
        environment: RunEnvironment | None = None,
    ) -> None:
        """Prepare a run. `clau_doom.app` creates its parts.

        Args:
            config: Resolved configuration.
            config_yaml: The configuration as text, stored in the event of this start.
            space: Genes of the policy.
            fitness: Fitness of an episode's measures.
            store: Store that contains the experiment's `ExperimentCreated`.
            backend: Backend that is already entered.
            shutdown: Receives requests to stop.
            clock: Clock.
            longest_episode: Timeout of an episode, in tics.
            start: Genomes of a warm start.
            environment: Commits and packages of this process, stored in the event of this start.
        """
        self._config = config
        self._config_yaml = config_yaml
        self._space = space
        self._fitness = fitness
        self._store = store
        self._backend = backend
        self._scheduler = EpisodeScheduler(
            backend,
            shutdown,
            attempts=config.execution.attempts,
            on_exhausted=config.execution.on_exhausted,
            start_patience=config.execution.start_patience,
        )
        self._shutdown = shutdown
        self._clock = clock
        self._longest_episode = longest_episode
        self._start = start
        self._environment = environment
        self._completed = CompletedGenerations()
        self._begun: tuple[Snapshot, RunLog] | None = None
        self.control = RunControl(config, space, store, self._scheduler, shutdown)
        """Commands of users and programs to the run."""

    @property
    def name(self) -> str:
        """Id of the experiment."""
        return self._config.name

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return live views of the running episodes; see `EvaluationBackend.glimpses`."""
        return self._backend.glimpses()

    async def begin(self) -> Snapshot:
        """Commit the start of the run, and return the snapshot before it.

        `run` calls this method if the caller did not.
        """
        snapshot, config = await self._store.snapshot(), self._config
        log = RunLog(self._store, self._clock, ran_before=snapshot.running_seconds, traces={*snapshot.traces.values()})
        await log.append(
            ExperimentStarted(
                resumed=snapshot.last_sequence > 1,
                generations=config.generations,
                episodes=config.budget.episodes,
                tics=config.budget.tics,
                config_yaml=self._config_yaml,
                environment=self._environment,
            )
        )
        self._begun = snapshot, log
        self.control.begin(snapshot, log)
        return snapshot

    async def run(self) -> ExperimentState:
        """Run to the end.

        Returns:
            `COMPLETED`, `CANCELLED`, or `INTERRUPTED` after a request to stop or if the disk is full. The shutdown has
            the reason.

        Raises:
            ExperimentFailed: The experiment cannot continue. The causes are chained.
        """
        if self._begun is None:
            await self.begin()
        assert self._begun is not None
        snapshot, log = self._begun
        try:
            await self._evolve_and_choose_champion(snapshot, log)
        except ShutdownRequested as request:
            if self.control.cancelled:
                await log.append(ExperimentCancelled())
                return ExperimentState.CANCELLED
            await log.append(ExperimentInterrupted(generation=self._completed.generation, reason=str(request)))
            return ExperimentState.INTERRUPTED
        except DiskFull as full:
            self._shutdown.request(describe(full), grace=0.0)
            with contextlib.suppress(StorageFailed):  # a small event may fit where a batch did not
                await log.append(ExperimentInterrupted(generation=self._completed.generation, reason=describe(full)))
            return ExperimentState.INTERRUPTED
        except StorageFailed:
            raise  # storing is impossible; the stored run can be resumed
        except Exception as error:
            raise await self._failed(error, log) from error
        finally:
            self.control.end()
        return ExperimentState.COMPLETED

    async def _failed(self, error: Exception, log: RunLog) -> ExperimentFailedError:
        failure = ExperimentFailedError(f"experiment {self._config.name} failed")
        failure.__cause__ = error
        await log.append(ExperimentFailed(reason=describe(failure), traceback=log.trace(_root(error))))
        return failure

    async def _evolve_and_choose_champion(self, snapshot: Snapshot, log: RunLog) -> None:
        for evaluations, summary in zip(snapshot.generations, snapshot.summaries, strict=False):
            self._completed.add(evaluations, summary)
        if self._config.evolution.mode == "steady_state":
            await self._evolve_steadily(snapshot, log)
        else:
            await self._evolve_generations(snapshot, log)
        await self._choose_champion(snapshot, log)
        await log.append(ExperimentCompleted(generations=self._completed.generation))

    async def _evolve_generations(self, snapshot: Snapshot, log: RunLog) -> None:
        generations = GenerationalLoop(
            self._config,
            self._space,
            fitness=self._fitness,
            store=self._store,
            backend=self._backend,
            scheduler=self._scheduler,
            shutdown=self._shutdown,
            control=self.control,
            log=log,
            completed=self._completed,
            start=self._start,
        )
        await generations.evolve(snapshot)

    async def _evolve_steadily(self, snapshot: Snapshot, log: RunLog) -> None:
        async def completed(evaluations: Sequence[Evaluation], summary: GenerationSummary) -> None:
            self._completed.add(evaluations, summary)
            await self._backend.end_generation(summary.index)

        live = SteadyStateLoop(
            self._config,
            self._space,
            fitness=self._fitness,
            log=log,
            completed=completed,
            longest_episode=self._longest_episode,
            start=self._start,
        )
        with self._completed.converting_errors():
            await live.begin(snapshot, self._shutdown.check)
            self.control.evaluate(live)
            await live.evolve(self._scheduler)

    async def _choose_champion(self, snapshot: Snapshot, log: RunLog) -> None:
        completed, holdout = self._completed, self._config.holdout
        evaluation = HoldoutEvaluation(
            seed=self._config.seed,
            fitness=self._fitness,
            keep_recordings=self._config.execution.record == "all",
            log=log,
            finished=snapshot.judging,
            chosen=snapshot.champion,
        )
        rivals = candidates(completed.summaries, completed.best)
        champion = await evaluation.choose_champion(self._scheduler, rivals, holdout.validation)
        first = completed.best[completed.summaries[0].best]
        await evaluation.evaluate_champion(
            self._scheduler, champion, first, baseline_id(self._config.name), holdout.episodes
        )


def _root(error: Exception) -> Exception:
    """Return the error of a strategy among the causes of an error, or the error itself."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, StrategyFailed):
            return cause
        cause = cause.__cause__
    return error
