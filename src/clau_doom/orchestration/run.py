"""One experiment from where it stands to its end, an interruption or a failure."""

import asyncio
import contextlib
from dataclasses import dataclass

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Agent, AgentRef, Evaluation, Fitness, GenomeSpace, Purpose, episode_seeds, parse_agent_id
from clau_doom.domain.commands import AgentAction, AgentCommand, Command, CommandDone, InjectGenome
from clau_doom.domain.events import (
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    GenerationCompleted,
    GenerationStarted,
    GenomeInjected,
)
from clau_doom.domain.experiment import ExperimentState, GenerationSummary
from clau_doom.domain.ids import baseline_id
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import (
    DiskFull,
    GenerationFailed,
    ShutdownRequested,
    StorageFailed,
    WrongState,
    describe,
)
from clau_doom.errors import ExperimentFailed as ExperimentFailedError
from clau_doom.evolution import Strategy, make_strategy
from clau_doom.orchestration.generation import GenerationRun, restore, summarise
from clau_doom.orchestration.immigration import Immigration, admit, immigrants_of
from clau_doom.orchestration.judging import Judge, candidates
from clau_doom.orchestration.log import RunLog
from clau_doom.orchestration.player import Player
from clau_doom.orchestration.registry import Registry
from clau_doom.orchestration.resume import agents_from, check_asked, replay, results
from clau_doom.orchestration.shutdown import Shutdown
from clau_doom.ports import Clock, EvaluationBackend, ExperimentStore

__all__ = ["ExperimentRun"]


@dataclass
class _Progress:
    """What the loop carries from generation to generation."""

    strategy: Strategy
    summaries: list[GenerationSummary]
    agents: dict[AgentRef, Agent]
    lengths: dict[AgentRef, float]


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
        self._deadline: asyncio.TimerHandle | None = None
        self._immigration = Immigration(space, population=config.population, places=0, waiting=())
        self._started = 0
        self._live: GenerationRun | None = None
        self._paused = False
        self._cancelled = False

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
        self._started = len(snapshot.generations)
        self._immigration = Immigration(
            self._space,
            population=self._config.population,
            places=self._config.evolution.immigrants,
            waiting=snapshot.injected,
        )
        return snapshot

    async def pause(self) -> None:
        """Begin no new episode until `go_on`; running time stands still.

        Raises:
            WrongState: It is paused already, or about to stop.
        """
        log = self._steerable()
        if self._paused:
            raise WrongState(f"experiment {self._config.name} is paused already")
        self._paused = True
        self._player.pause()
        log.stop_clock()
        self._set_deadline(log)
        await log.append(ExperimentPaused())

    async def go_on(self) -> None:
        """Begin episodes again.

        Raises:
            WrongState: It is not paused.
        """
        log = self._steerable()
        if not self._paused:
            raise WrongState(f"experiment {self._config.name} is running: only a paused one goes on")
        self._paused = False
        log.start_clock()
        self._set_deadline(log)
        await log.append(ExperimentResumed())
        self._player.go_on()

    def cancel(self) -> None:
        """Have it end for good, at once; `run` returns `CANCELLED`."""
        self._cancelled = True
        self._shutdown.request("cancelled", grace=0.0)

    async def control(self, command: Command) -> CommandDone:
        """Carry out a command, and return when what it did is committed.

        Raises:
            AgentNotFound: There is no such agent.
            WrongState: It cannot be done as things stand.
            GenerationFull: No more genomes can be injected into the next generation.
            InvalidGenome: The policy's space does not hold the genome.
        """
        log = self._steerable()
        if isinstance(command, InjectGenome):
            if self._started >= self._config.generations:
                raise WrongState(f"no generation follows generation {self._started - 1}: raise generations to inject")
            self._immigration.add(command.genome, self._started)
            injected = GenomeInjected(generation=self._started, genome=command.genome)
            return CommandDone(sequence=await log.append(injected))
        _, generation, _ = parse_agent_id(command.agent)
        if self._live is None or generation != self._started - 1 or self._live.told:
            return await self._look_back(command, generation)
        agent, events = self._live.command(command.action, command.agent)
        evaluation, paused = self._live.evaluation(agent), agent.paused
        sequence = await log.append(*events) if events else 0
        return CommandDone(sequence=sequence, evaluation=evaluation, paused=paused)

    async def _look_back(self, command: AgentCommand, generation: int) -> CommandDone:
        """Return an agent of a generation that is told, which can be looked at and no more."""
        snapshot = await self._store.snapshot()
        evaluation = snapshot.find(command.agent)
        if command.action is not AgentAction.INSPECT:
            raise WrongState(f"generation {generation} is told: nothing can be done to {command.agent} any more")
        return CommandDone(sequence=0, evaluation=evaluation)

    def _steerable(self) -> RunLog:
        if self._begun is None or self._shutdown.requested:
            raise WrongState(f"experiment {self._config.name} is not running")
        return self._begun[1]

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
        self._set_deadline(log)
        try:
            await self._evolve_and_judge(snapshot, log)
        except ShutdownRequested as request:
            if self._cancelled:
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
            self._live = None
            if self._deadline:
                self._deadline.cancel()
        return ExperimentState.COMPLETED

    def _set_deadline(self, log: RunLog) -> None:
        if self._deadline:
            self._deadline.cancel()
        limit = self._config.max_duration
        if limit is None or self._paused:
            return
        reason = f"max_duration of {limit:g} s is used up"
        left = max(limit - log.running_seconds, 0.0)
        self._deadline = asyncio.get_running_loop().call_later(left, lambda: self._shutdown.request(reason, grace=0.0))

    async def _failed(self, error: Exception, log: RunLog) -> ExperimentFailedError:
        failure = ExperimentFailedError(f"experiment {self._config.name} failed")
        failure.__cause__ = error
        await log.append(ExperimentFailed(reason=describe(failure)))
        return failure

    async def _evolve_and_judge(self, snapshot: Snapshot, log: RunLog) -> None:
        done = len(snapshot.summaries)
        self._generation = done
        progress = await self._restore(snapshot)
        for generation in range(done, self._config.generations):
            self._generation = generation
            self._shutdown.check()
            known = snapshot.generations[generation] if generation < len(snapshot.generations) else None
            await self._evolve(generation, progress, snapshot, known, log)
        await self._judge(snapshot, progress, log)
        await log.append(ExperimentCompleted(generations=self._config.generations))

    async def _restore(self, snapshot: Snapshot) -> _Progress:
        config = self._config
        strategy = make_strategy(config.evolution, self._space, config.population, config.seed)
        finished = snapshot.generations[: len(snapshot.summaries)]
        await asyncio.to_thread(replay, strategy, config.name, finished, self._shutdown.check)
        progress = _Progress(strategy=strategy, summaries=[*snapshot.summaries], agents={}, lengths={})
        for evaluations in finished:
            self._remember(progress, evaluations)
        return progress

    def _remember(self, progress: _Progress, evaluations: tuple[Evaluation, ...]) -> None:
        for evaluation in evaluations:
            ref = evaluation.agent.ref
            progress.agents[ref] = evaluation.agent
            if evaluation.outcomes:
                tics = [outcome.measures.tics for outcome in evaluation.outcomes]
                progress.lengths[ref] = sum(tics) / len(tics)

    async def _evolve(
        self,
        generation: int,
        progress: _Progress,
        snapshot: Snapshot,
        known: tuple[Evaluation, ...] | None,
        log: RunLog,
    ) -> None:
        asked = await asyncio.to_thread(progress.strategy.ask)
        stored = [evaluation.agent for evaluation in known] if known else None
        # Nothing is awaited from here to the event, so that a genome that is injected later waits for the next one.
        immigrants = self._immigration.take() if stored is None else immigrants_of(stored)
        agents = agents_from(self._config.name, generation, admit(progress.strategy, asked, immigrants))
        registry = Registry(self._config.population, agents)
        self._started = generation + 1
        if stored is None:
            await log.append(GenerationStarted(generation=generation, agents=agents))
        else:
            check_asked(agents, stored)
            restore(registry, snapshot, generation)
        self._live = GenerationRun(registry, self._seeds(generation), self._fitness, log)
        try:
            evaluations = await self._live.evaluate(self._player, lambda agent: _expected(agent, progress))
        except (ShutdownRequested, GenerationFailed, StorageFailed):
            raise
        except Exception as error:
            raise GenerationFailed(f"generation {generation} failed") from error
        await asyncio.to_thread(progress.strategy.tell, results(evaluations))
        summary = summarise(evaluations)
        self._remember(progress, evaluations)
        progress.summaries.append(summary)
        await log.append(GenerationCompleted(summary=summary))

    def _seeds(self, generation: int) -> tuple[int, ...]:
        own = generation if self._config.seeds == "per_generation" else None
        return episode_seeds(self._config.seed, Purpose.TRAINING, self._config.episodes, generation=own)

    async def _judge(self, snapshot: Snapshot, progress: _Progress, log: RunLog) -> None:
        self._generation, holdout = len(progress.summaries), self._config.holdout
        judge = Judge(
            seed=self._config.seed,
            fitness=self._fitness,
            keep_recordings=self._config.execution.record == "all",
            log=log,
            finished=snapshot.judging,
            chosen=snapshot.champion,
        )
        rivals = candidates(progress.summaries, progress.agents)
        champion = await judge.choose(self._player, rivals, holdout.validation)
        first = progress.agents[progress.summaries[0].best]
        await judge.judge(self._player, champion, first, baseline_id(self._config.name), holdout.episodes)


def _expected(agent: Agent, progress: _Progress) -> float:
    """Return how many tics an agent's episodes will probably last: as many as its parents' did."""
    lengths = [progress.lengths[parent] for parent in agent.parents if parent in progress.lengths]
    return sum(lengths) / len(lengths) if lengths else float("inf")
