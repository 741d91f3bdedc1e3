"""Commands to a running experiment: pause, cancel, pause or stop agents, and inject genomes."""

import asyncio

from clau_doom.config import ExperimentConfig
from clau_doom.domain import GenomeSpace
from clau_doom.domain.agent_commands import AgentAction, AgentCommand, Command, CommandDone, InjectGenome
from clau_doom.domain.events import ExperimentPaused, ExperimentResumed, GenomeInjected
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import WrongState
from clau_doom.orchestration.agent_evaluation import AgentEvaluation
from clau_doom.orchestration.episode_scheduler import EpisodeScheduler
from clau_doom.orchestration.genome_injection import GenomeInjection
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.stop_request import Shutdown
from clau_doom.ports import ExperimentStore

__all__ = ["RunControl"]


class RunControl:
    """Applies commands to one run.

    A command changes the state of the run and appends its events to the log in one step. The log therefore has the
    order of the changes. The command returns when its events are on disk.

    Attributes:
        injection: Genomes that wait for the next generation.
        started: Number of started generations.
        live: Agents under evaluation, or None.
        cancelled: Whether the run was cancelled.
        ready: Set when the first generation is under evaluation, or when the run ends without one.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        space: GenomeSpace,
        store: ExperimentStore,
        scheduler: EpisodeScheduler,
        shutdown: Shutdown,
    ) -> None:
        """Prepare. Commands are accepted after `begin`."""
        self._config = config
        self._space = space
        self._store = store
        self._scheduler = scheduler
        self._shutdown = shutdown
        self._log: RunLog | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._paused = False
        self._by_generation = config.evolution.mode == "generational"
        self.injection = GenomeInjection(space, places=0, waiting=())
        self.started = 0
        self.live: AgentEvaluation | None = None
        self.cancelled = False
        self.ready = asyncio.Event()

    def begin(self, snapshot: Snapshot, log: RunLog) -> None:
        """Start accepting commands for a run in the state of a snapshot, and enforce its `max_duration`."""
        self._log = log
        self.started = len(snapshot.generations)
        self.injection = GenomeInjection(
            self._space,
            places=self._config.evolution.immigrants,
            waiting=snapshot.injected,
        )
        self._set_deadline()

    def evaluate(self, live: AgentEvaluation) -> None:
        """Set the agents under evaluation."""
        self.live = live
        self.ready.set()

    def end(self) -> None:
        """Stop accepting commands, because the run is over."""
        self.live = None
        self.ready.set()
        if self._deadline:
            self._deadline.cancel()

    async def pause(self) -> None:
        """Start no episodes until `resume`. The running time stops.

        Raises:
            WrongState: The run is paused already, or about to stop.
        """
        log = self._running_log()
        if self._paused:
            raise WrongState(f"experiment {self._config.name} is paused already")
        self._paused = True
        self._scheduler.pause()
        log.stop_clock()
        self._set_deadline()
        await log.append(ExperimentPaused())

    async def resume(self) -> None:
        """Start episodes again.

        Raises:
            WrongState: The run is not paused.
        """
        log = self._running_log()
        if not self._paused:
            raise WrongState(f"experiment {self._config.name} is running: only paused experiments can be resumed")
        self._paused = False
        log.start_clock()
        self._set_deadline()
        await log.append(ExperimentResumed())
        self._scheduler.resume()

    def cancel(self) -> None:
        """Cancel the run at once. `run` returns `CANCELLED`."""
        self.cancelled = True
        self._shutdown.request("cancelled", grace=0.0)

    async def execute(self, command: Command) -> CommandDone:
        """Carry out a command, and return after its events are committed.

        Raises:
            AgentNotFound: The agent does not exist.
            WrongState: The command is impossible in the current state.
            GenerationFull: The next generation has no place for another genome.
            InvalidGenome: The genome is not in the policy's space.
        """
        log = self._running_log()
        if isinstance(command, InjectGenome):
            if not self._by_generation:
                raise WrongState(
                    "steady_state does not create whole generations: inject with evolution.mode generational"
                )
            self._check_next_generation()
            self.injection.add(command.genome, self.started)
            injected = GenomeInjected(generation=self.started, genome=command.genome)
            return CommandDone(sequence=await log.append(injected))
        if self.live is None or not self.live.accepts_commands(command.agent):
            return await self._inspect_stored(command)
        agent, events = self.live.command(command.action, command.agent)
        evaluation, paused = self.live.evaluation(agent), agent.paused
        sequence = await log.append(*events) if events else 0
        return CommandDone(sequence=sequence, evaluation=evaluation, paused=paused)

    def _check_next_generation(self) -> None:
        """Refuse a genome for a generation after the last one. Only a number of generations names the last one."""
        generations = self._config.generations
        if generations is not None and self.started >= generations:
            raise WrongState(f"no generation follows generation {self.started - 1}: raise generations first")

    async def _inspect_stored(self, command: AgentCommand) -> CommandDone:
        """Return the stored state of an agent that is no longer under evaluation. Other commands to it are refused."""
        snapshot = await self._store.snapshot()
        evaluation = snapshot.find(command.agent)
        if command.action is not AgentAction.INSPECT:
            state = f"generation {evaluation.agent.ref.generation} is" if self._by_generation else "its evaluation is"
            raise WrongState(f"agent {command.agent} cannot be changed: {state} finished")
        return CommandDone(sequence=0, evaluation=evaluation)

    def _running_log(self) -> RunLog:
        if self._log is None or self._shutdown.requested:
            raise WrongState(f"experiment {self._config.name} is not running")
        return self._log

    def _set_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        limit = self._config.max_duration
        if limit is None or self._log is None or self._paused:
            return
        reason = f"max_duration of {limit:g} s is used up"
        left = max(limit - self._log.running_seconds, 0.0)
        self._deadline = asyncio.get_running_loop().call_later(left, lambda: self._shutdown.request(reason, grace=0.0))
