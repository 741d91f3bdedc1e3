"""Single run with the interface of an orchestrator, so that clients control it like a server's experiment."""

from collections.abc import AsyncIterator, Awaitable, Callable

from clau_doom.config import ExperimentConfig
from clau_doom.domain import GenomeSpace, parse_agent_id
from clau_doom.domain.agent_commands import UNCHANGED, BudgetChange, Command, CommandDone, InjectGenome
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.errors import ExperimentNotFound, NotAllowed, ShutdownRequested, WrongState
from clau_doom.orchestration.experiment_run import ExperimentRun
from clau_doom.orchestration.stop_request import Shutdown
from clau_doom.ports import ExperimentStore, Glimpse, StoredExperiment

__all__ = ["SoloOrchestrator"]

_ONE = "this process runs one experiment only: use clau-doom serve"


class SoloOrchestrator:
    """Orchestrator of the one run of this process. It cannot start other experiments."""

    def __init__(
        self,
        run: ExperimentRun,
        store: ExperimentStore,
        shutdown: Shutdown,
        *,
        space: GenomeSpace,
        stored: Callable[[], Awaitable[StoredExperiment]],
    ) -> None:
        """Accept commands for a run.

        Args:
            run: The run, which has begun.
            store: Store of the run.
            shutdown: Shutdown of the run.
            space: Genes of the policy.
            stored: Returns the current state of the experiment.
        """
        self._run = run
        self._store = store
        self._shutdown = shutdown
        self._space = space
        self._stored = stored

    @property
    def draining(self) -> bool:
        """Whether the run is about to stop."""
        return self._shutdown.requested

    @property
    def live(self) -> tuple[str, ...]:
        """Id of the experiment."""
        return (self._run.name,)

    async def start(self, config: ExperimentConfig, *, request_id: str = "") -> tuple[StoredExperiment, bool]:
        """Refuse to start another experiment.

        Raises:
            NotAllowed: Always.
        """
        del config, request_id
        raise NotAllowed(_ONE)

    async def check(self, config: ExperimentConfig) -> GenomeSpace:
        """Refuse to start another experiment; see `start`."""
        del config
        raise NotAllowed(_ONE)

    async def listing(self) -> tuple[tuple[StoredExperiment, ...], tuple[tuple[str, str], ...]]:
        """Return the experiment."""
        return await self.experiments(), ()

    async def experiments(self) -> tuple[StoredExperiment, ...]:
        """Return the experiment."""
        return (await self._stored(),)

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return the experiment.

        Raises:
            ExperimentNotFound: The id is that of another experiment.
        """
        stored = await self._stored()
        if experiment != stored.snapshot.experiment.id:
            raise ExperimentNotFound(f"this process runs {stored.snapshot.experiment.id}, not {experiment}")
        return stored

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the genes of the run's policy."""
        del config
        return self._space

    async def pause(self, experiment: str) -> StoredExperiment:
        """Start no episodes until `resume`; see `RunControl.pause`."""
        await self.experiment(experiment)
        await self._run.control.pause()
        return await self._stored()

    async def resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Start episodes again; see `RunControl.resume`.

        Raises:
            NotAllowed: The budget was changed. Only a server can change the budget of a running experiment.
        """
        await self.experiment(experiment)
        self._check_unchanged(change)
        await self._run.control.resume()
        return await self._stored()

    async def check_resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Return the experiment if it is paused.

        Raises:
            NotAllowed: The budget was changed.
            WrongState: The experiment is not paused.
        """
        stored = await self.experiment(experiment)
        self._check_unchanged(change)
        if stored.state is not ExperimentState.PAUSED:
            raise WrongState(f"experiment {experiment} is {stored.state.value}: only paused experiments can be resumed")
        return stored

    def _check_unchanged(self, change: BudgetChange) -> None:
        if change != UNCHANGED:
            raise NotAllowed(
                "the budget of a running experiment cannot be changed: stop it, "
                f"then use clau-doom run --resume {self._run.name} with the new budget"
            )

    async def cancel(self, experiment: str) -> StoredExperiment:
        """Cancel the run. The run may end after this call returns.

        Raises:
            ShutdownRequested: The run is about to stop.
        """
        stored = await self.experiment(experiment)
        if self._shutdown.requested:
            raise ShutdownRequested(f"experiment {experiment} is stopping")
        self._run.control.cancel()
        return stored

    async def control(self, command: Command) -> CommandDone:
        """Carry out a command; see `RunControl.execute`."""
        if isinstance(command, InjectGenome):
            await self.experiment(command.experiment)
        else:
            await self.experiment(parse_agent_id(command.agent)[0])
        return await self._run.control.execute(command)

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return live views of the running episodes."""
        return self._run.glimpses()

    def events(self, experiment: str, after: int = 0) -> AsyncIterator[RecordedEvent]:
        """Yield the run's events after a sequence, until the run ends."""
        del experiment
        return self._store.events(after, follow=True)
