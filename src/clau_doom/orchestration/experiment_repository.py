"""What an orchestrator asks of the place where experiments are planned, kept and played."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from clau_doom.config import ExperimentConfig, StoredExperiment
from clau_doom.domain import GenomeSpace
from clau_doom.domain.commands import UNCHANGED, BudgetChange
from clau_doom.orchestration.experiment_run import ExperimentRun
from clau_doom.orchestration.shutdown import Shutdown
from clau_doom.ports import ExperimentStore

__all__ = ["ExperimentRepository", "Planned"]


class Planned(Protocol):
    """Everything about a run that can be known before anything is started or written."""

    @property
    def config(self) -> ExperimentConfig:
        """The resolved configuration."""
        ...


class ExperimentRepository(Protocol):
    """Where experiments are planned, kept and played."""

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the genes that a configuration's policy has."""
        ...

    def plan(self, config: ExperimentConfig) -> Planned:
        """Return the plan of a new experiment.

        Raises:
            ConfigError: It cannot be played here.
            NotAllowed: It names what an allow-list does not hold.
        """
        ...

    async def plan_resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> Planned:
        """Return the plan for going on with a stored one.

        Raises as `plan` does, and:
            ExperimentDone: It is over, and its generations are not raised.
            ResumeRefused: A value that decides its results has changed.
            WrongState: Its `max_duration` is used up.
        """
        ...

    def create(self, plan: Planned, uuid: str) -> None:
        """Store a new experiment.

        Raises:
            ExperimentExists: Its name is taken.
        """
        ...

    def discard(self, experiment: str) -> None:
        """Remove an experiment whose start failed before its first agents; any other stays."""
        ...

    def open(
        self, plan: Planned, shutdown: Shutdown
    ) -> AbstractAsyncContextManager[tuple[ExperimentStore, ExperimentRun]]:
        """Open a stored experiment for its one runner, with its backend."""
        ...

    def write(self, experiment: str) -> AbstractAsyncContextManager[ExperimentStore]:
        """Open a stored experiment for writing, without playing."""
        ...

    def read(self, experiment: str) -> AbstractAsyncContextManager[ExperimentStore]:
        """Open a stored experiment for reading."""
        ...

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return a stored experiment as it stands."""
        ...

    def experiments(self) -> Sequence[str]:
        """Return the ids of the stored experiments, sorted."""
        ...
