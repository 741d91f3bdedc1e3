"""Interface of a running orchestrator for gRPC, the dashboard and NATS."""

from collections.abc import AsyncIterator
from typing import Protocol

from clau_doom.config import ExperimentConfig
from clau_doom.domain import GenomeSpace
from clau_doom.domain.agent_commands import UNCHANGED, BudgetChange, Command, CommandDone
from clau_doom.domain.events import RecordedEvent
from clau_doom.ports.evaluation import Glimpse
from clau_doom.ports.stored_experiment import StoredExperiment

__all__ = ["Orchestrator"]


class Orchestrator(Protocol):
    """Runs experiments.

    A refused request raises an error of `clau_doom.errors` and changes nothing.
    """

    @property
    def draining(self) -> bool:
        """Whether it is shutting down and takes no new work."""
        ...

    @property
    def live(self) -> tuple[str, ...]:
        """Ids of the experiments that run here; the logs of all others have an end."""
        ...

    async def start(self, config: ExperimentConfig, *, request_id: str = "") -> tuple[StoredExperiment, bool]:
        """Store an experiment and start its run; return it and whether this call created it.

        Raises:
            ConfigError: The configuration cannot be used here.
            ExperimentExists: Its name is taken.
            NotAllowed: It names something outside the server's allow-lists.
            ShutdownRequested: The orchestrator is shutting down.
        """
        ...

    async def check(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the gene space of an experiment that could be started; raises as `start` does."""
        ...

    async def listing(self) -> tuple[tuple[StoredExperiment, ...], tuple[tuple[str, str], ...]]:
        """Return the stored experiments by id, and id and reason of each unreadable one."""
        ...

    async def experiments(self) -> tuple[StoredExperiment, ...]:
        """Return the stored experiments, by id."""
        ...

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return the current state of an experiment.

        Raises:
            ExperimentNotFound: No experiment has this id.
        """
        ...

    async def pause(self, experiment: str) -> StoredExperiment:
        """Pause an experiment: no new episode begins.

        Raises:
            ExperimentNotFound: No experiment has this id.
            ExperimentDone: It is in a final state.
            WrongState: It does not run.
        """
        ...

    async def resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Resume a paused or interrupted experiment; with a new budget also a running or completed one.

        Raises:
            ConfigError: The new budget is invalid.
            ExperimentNotFound: No experiment has this id.
            ExperimentDone: It is in a final state.
            NotAllowed: The budget cannot be changed here.
            ResumeRefused: The change would alter results.
            WrongState: It runs, or its `max_duration` is used up.
        """
        ...

    async def check_resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Return an experiment that could be resumed; raises as `resume` does."""
        ...

    async def cancel(self, experiment: str) -> StoredExperiment:
        """Cancel an experiment; raises as `pause` does."""
        ...

    async def control(self, command: Command) -> CommandDone:
        """Carry out a command; return after its effect is committed.

        Raises:
            AgentNotFound, ExperimentNotFound: The id is unknown.
            ExperimentDone, WrongState: The current state does not allow the command.
            GenerationFull: The next generation has no place for another injected genome.
            InvalidGenome: The genome is outside the policy's gene space.
        """
        ...

    def events(self, experiment: str, after: int) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, existing and new ones, until the experiment's run ends."""
        ...

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return the live frames of all running episodes; see `EvaluationBackend.glimpses`."""
        ...

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the gene space of a stored experiment's policy."""
        ...
