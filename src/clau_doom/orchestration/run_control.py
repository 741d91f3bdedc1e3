"""What persons and programs may do to a run while it lasts: pause it, end it, hold and stop agents, inject genomes."""

import asyncio

from clau_doom.config import ExperimentConfig
from clau_doom.domain import GenomeSpace
from clau_doom.domain.commands import AgentAction, AgentCommand, Command, CommandDone, InjectGenome
from clau_doom.domain.events import ExperimentPaused, ExperimentResumed, GenomeInjected
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import WrongState
from clau_doom.orchestration.agent_evaluation import AgentEvaluation
from clau_doom.orchestration.episode_scheduler import EpisodeScheduler
from clau_doom.orchestration.genome_injection import GenomeInjection
from clau_doom.orchestration.run_log import RunLog
from clau_doom.orchestration.shutdown import Shutdown
from clau_doom.ports import ExperimentStore

__all__ = ["RunControl"]


class RunControl:
    """One run's helm.

    A command changes what the run has in memory and is appended to its log without anything between, so that the log
    has the order in which things happened; it is answered when the log is on the disk.

    Attributes:
        immigration: The genomes that wait for the generation that is to start next.
        started: How many generations have started.
        live: The agents under evaluation, or None.
        cancelled: Whether the run is to end for good.
        under_way: Set when the first generation is under evaluation, or the run is over without one.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        space: GenomeSpace,
        store: ExperimentStore,
        player: EpisodeScheduler,
        shutdown: Shutdown,
    ) -> None:
        """Prepare; nothing can be steered before `begin`."""
        self._config = config
        self._space = space
        self._store = store
        self._player = player
        self._shutdown = shutdown
        self._log: RunLog | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._paused = False
        self._by_generation = config.evolution.mode == "generational"
        self.immigration = GenomeInjection(space, population=config.population, places=0, waiting=())
        self.started = 0
        self.live: AgentEvaluation | None = None
        self.cancelled = False
        self.under_way = asyncio.Event()

    def begin(self, snapshot: Snapshot, log: RunLog) -> None:
        """Take the helm of a run that stands as a snapshot says, and keep it to its `max_duration`."""
        self._log = log
        self.started = len(snapshot.generations)
        self.immigration = GenomeInjection(
            self._space,
            population=self._config.population,
            places=self._config.evolution.immigrants,
            waiting=snapshot.injected,
        )
        self._set_deadline()

    def evaluate(self, live: AgentEvaluation) -> None:
        """Have the agents that are under evaluation at hand."""
        self.live = live
        self.under_way.set()

    def end(self) -> None:
        """Let go of the helm: the run is over."""
        self.live = None
        self.under_way.set()
        if self._deadline:
            self._deadline.cancel()

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
        self._set_deadline()
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
        self._set_deadline()
        await log.append(ExperimentResumed())
        self._player.go_on()

    def cancel(self) -> None:
        """Have it end for good, at once; `run` returns `CANCELLED`."""
        self.cancelled = True
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
            if not self._by_generation:
                raise WrongState(
                    "in steady_state no generation is asked at once: inject with evolution.mode generational"
                )
            if self.started >= self._config.generations:
                raise WrongState(f"no generation follows generation {self.started - 1}: raise generations to inject")
            self.immigration.add(command.genome, self.started)
            injected = GenomeInjected(generation=self.started, genome=command.genome)
            return CommandDone(sequence=await log.append(injected))
        if self.live is None or not self.live.steers(command.agent):
            return await self._look_back(command)
        agent, events = self.live.command(command.action, command.agent)
        evaluation, paused = self.live.evaluation(agent), agent.paused
        sequence = await log.append(*events) if events else 0
        return CommandDone(sequence=sequence, evaluation=evaluation, paused=paused)

    async def _look_back(self, command: AgentCommand) -> CommandDone:
        """Return an agent that is told, which can be looked at and no more."""
        snapshot = await self._store.snapshot()
        evaluation = snapshot.find(command.agent)
        if command.action is not AgentAction.INSPECT:
            told = f"generation {evaluation.agent.ref.generation} is told" if self._by_generation else "it is told"
            raise WrongState(f"{told}: nothing can be done to {command.agent} any more")
        return CommandDone(sequence=0, evaluation=evaluation)

    def _steerable(self) -> RunLog:
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
