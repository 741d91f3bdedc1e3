"""What the faces of a running orchestrator ask of it."""

from collections.abc import AsyncIterator
from typing import Protocol

from clau_doom.config import ExperimentConfig, StoredExperiment
from clau_doom.domain import GenomeSpace
from clau_doom.domain.commands import UNCHANGED, BudgetChange, Command, CommandDone
from clau_doom.domain.events import RecordedEvent
from clau_doom.ports.evaluation import Glimpse

__all__ = ["Orchestrator"]


class Orchestrator(Protocol):
    """Runs experiments, for the faces through which they are asked for.

    What it refuses it says by an error of `clau_doom.errors`, and then nothing has changed.
    """

    @property
    def draining(self) -> bool:
        """Whether it is shutting down: no new work is taken."""
        ...

    @property
    def live(self) -> tuple[str, ...]:
        """The experiments that are run here, by id: the logs of all others come to their end by themselves."""
        ...

    async def start(self, config: ExperimentConfig, *, request_id: str = "") -> tuple[StoredExperiment, bool]:
        """Store an experiment and begin its run; return it, and whether this call created it.

        Raises:
            ConfigError: The configuration cannot be used here.
            ExperimentExists: Its name is taken.
            NotAllowed: It names what the server's allow-lists do not hold.
            ShutdownRequested: No new work is taken.
        """
        ...

    async def check(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the genes of the policy of an experiment that could be started; raises as `start` does."""
        ...

    async def listing(self) -> tuple[tuple[StoredExperiment, ...], tuple[tuple[str, str], ...]]:
        """Return the stored experiments by id, and the id and the reason of each that cannot be read."""
        ...

    async def experiments(self) -> tuple[StoredExperiment, ...]:
        """Return the stored experiments, by id."""
        ...

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return an experiment as it stands.

        Raises:
            ExperimentNotFound: There is none of that id.
        """
        ...

    async def pause(self, experiment: str) -> StoredExperiment:
        """Begin no new episodes of an experiment.

        Raises:
            ExperimentNotFound: There is none of that id.
            ExperimentDone: It is over.
            WrongState: It does not run.
        """
        ...

    async def resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Resume an experiment that is paused or interrupted; with a new budget, one that runs or is completed, too.

        Raises:
            ConfigError: The new budget is not acceptable.
            ExperimentNotFound: There is none of that id.
            ExperimentDone: It is over.
            NotAllowed: The budget cannot be changed here.
            ResumeRefused: The change would alter results.
            WrongState: It runs, or its `max_duration` is used up.
        """
        ...

    async def check_resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> StoredExperiment:
        """Return an experiment that could be resumed; raises as `resume` does."""
        ...

    async def cancel(self, experiment: str) -> StoredExperiment:
        """End an experiment for good; refuses as `pause` does."""
        ...

    async def control(self, command: Command) -> CommandDone:
        """Carry out a command; return once what it did is committed.

        Raises:
            AgentNotFound, ExperimentNotFound: There is none of that id.
            ExperimentDone, WrongState: It cannot be done now.
            GenerationFull: One injected genome more than fits.
            InvalidGenome: The policy has no such genome.
        """
        ...

    def events(self, experiment: str, after: int) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence: what is there, then what comes; ends when the experiment's run has."""
        ...

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return what can be seen of all episodes that are being played; see `EvaluationBackend.glimpses`."""
        ...

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the genes that a stored experiment's policy has."""
        ...
