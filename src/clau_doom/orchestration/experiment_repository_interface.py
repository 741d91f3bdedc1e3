"""Interface through which the orchestrator plans, stores and opens experiments."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from clau_doom.config import ExperimentConfig
from clau_doom.domain import GenomeSpace
from clau_doom.domain.agent_commands import UNCHANGED, BudgetChange
from clau_doom.orchestration.experiment_run import ExperimentRun
from clau_doom.orchestration.stop_request import Shutdown
from clau_doom.ports import ExperimentStore, StoredExperiment

__all__ = ["ExperimentRepository", "Planned"]


class Planned(Protocol):
    """Checked plan of a run."""

    @property
    def config(self) -> ExperimentConfig:
        """Resolved configuration."""
        ...


class ExperimentRepository(Protocol):
    """Plans, stores and opens experiments."""

    def space(self, config: ExperimentConfig) -> GenomeSpace:
        """Return the genes of a configuration's policy."""
        ...

    def plan(self, config: ExperimentConfig) -> Planned:
        """Return the plan of a new experiment.

        Raises:
            ConfigError: The experiment cannot be run here.
            NotAllowed: A name is not in an allow-list.
        """
        ...

    async def plan_resume(self, experiment: str, change: BudgetChange = UNCHANGED) -> Planned:
        """Return the plan to resume a stored experiment.

        Raises as `plan` does, and:
            ExperimentDone: The experiment is over, and its number of generations was not raised.
            ResumeRefused: A value that decides the results has changed.
            WrongState: Its `max_duration` is used up.
        """
        ...

    def create(self, plan: Planned, uuid: str) -> None:
        """Store a new experiment.

        Raises:
            ExperimentExists: The name is taken.
        """
        ...

    def discard(self, experiment: str) -> None:
        """Remove an experiment that failed to start before its first agents were stored. Keep any other experiment."""
        ...

    def open(
        self, plan: Planned, shutdown: Shutdown
    ) -> AbstractAsyncContextManager[tuple[ExperimentStore, ExperimentRun]]:
        """Open a stored experiment, with its backend, for the run that executes it."""
        ...

    def write(self, experiment: str) -> AbstractAsyncContextManager[ExperimentStore]:
        """Open a stored experiment for writing, without a backend."""
        ...

    def read(self, experiment: str) -> AbstractAsyncContextManager[ExperimentStore]:
        """Open a stored experiment for reading."""
        ...

    async def experiment(self, experiment: str) -> StoredExperiment:
        """Return the current state of a stored experiment."""
        ...

    def experiments(self) -> Sequence[str]:
        """Return the sorted ids of the stored experiments."""
        ...
