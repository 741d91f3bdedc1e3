"""Interface for sources of stored experiments, and the source that reads the output folder."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from clau_doom.app.catalog.experiment_outline import ExperimentOutline, read_outline
from clau_doom.app.tracker_failures import stored_failures
from clau_doom.domain.budget import Budget, BudgetUnit
from clau_doom.domain.event_consumer_failure import LogReaderFailure
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.snapshot import Snapshot
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError
from clau_doom.storage import ExperimentFolders

if TYPE_CHECKING:
    from clau_doom.config import ExperimentConfig
    from clau_doom.ports import StoredExperiment
    from clau_doom.storage import PlayedEpisodes

__all__ = ["LIVE", "ExperimentOverview", "ExperimentSource", "FolderSource", "RemoteServer", "overview_of"]

LIVE = {ExperimentState.RUNNING, ExperimentState.PAUSED}
"""States in which the log of an experiment may still grow."""


@dataclass(frozen=True, kw_only=True)
class RemoteServer:
    """Connection settings of a server.

    Attributes:
        address: ``host:port`` or ``unix:PATH``.
        token_file: File with the token. None: search the default places.
        ca: Certificate of the authority that signed the server's certificate (PEM), or None.
        certificate: Client certificate (PEM), or None.
        key: Key of the client certificate (PEM), or None.
    """

    address: str
    token_file: Path | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, kw_only=True)
class ExperimentOverview:
    """Summary of an experiment in a list.

    Attributes:
        id: Id of the experiment, which is the name of its folder.
        state: State of the experiment.
        reason: Reason of the interruption or failure, or None.
        scenario: Name of the scenario.
        generations_finished: Number of finished generations.
        budget: Budget of the experiment.
        spent: Part of the budget that the finished generations have used.
        population: Agents in each generation.
        best_fitness: Best fitness so far, or None.
        running_seconds: Time spent running, in seconds, without pauses.
        last_activity: Time of the last event, in seconds since the epoch.
        reader_failures: Failures of the log readers of the server that was asked; of a folder, those of trackers.
        copy_of: Id of the original experiment if the folder is a copy, or None. A copy can only be read.
    """

    id: str
    state: ExperimentState
    reason: str | None
    scenario: str
    generations_finished: int
    budget: Budget
    spent: int
    population: int
    best_fitness: float | None
    running_seconds: float
    last_activity: float
    reader_failures: tuple[LogReaderFailure, ...] = ()
    copy_of: str | None = None

    @property
    def generations_planned(self) -> int | None:
        """Number of planned generations, or None if the budget has another unit."""
        return self.budget.amount if self.budget.unit is BudgetUnit.GENERATIONS else None

    @property
    def progress(self) -> str:
        """Finished generations with the planned ones, or with the share of a budget in another unit."""
        if self.generations_planned is not None:
            return f"{self.generations_finished} of {self.generations_planned}"
        return f"{self.generations_finished}, {100 * self.spent / self.budget.amount:.0f} % of budget"


def overview_of(outline: ExperimentOutline, folder: str) -> ExperimentOverview:
    """Return the overview of an experiment in the folder of the given name."""
    snapshot, config = outline.snapshot, outline.configuration
    name = snapshot.experiment.id
    return ExperimentOverview(
        id=folder,
        copy_of=None if name == folder else name,
        state=outline.state,
        reason=snapshot.reason,
        scenario=config.scenario,
        generations_finished=len(snapshot.summaries),
        budget=config.budget,
        spent=config.budget.spent(snapshot.summaries),
        population=config.population,
        best_fitness=max((summary.best_fitness for summary in snapshot.summaries), default=None),
        running_seconds=snapshot.running_seconds,
        last_activity=outline.last_activity,
        reader_failures=outline.reader_failures,
    )


class ExperimentSource(Protocol):
    """Source of stored experiments."""

    async def overviews(self) -> tuple[list[ExperimentOverview], list[tuple[str, str]]]:
        """Return overviews of the experiments, and the id and error message of each unreadable one."""
        ...

    async def outline(self, experiment: str) -> ExperimentOutline:
        """Return the current state of an experiment with the outline of its configuration, which is faster.

        Raises:
            ExperimentNotFound: No experiment has that id.
        """
        ...

    async def experiment(self, experiment: str, *, measured: bool = True) -> "StoredExperiment":
        """Return the current state of an experiment.

        Without `measured`, the measures of training episodes may be left out.

        Raises:
            ExperimentNotFound: No experiment has that id.
        """
        ...

    async def episodes(self, experiment: str) -> "tuple[PlayedEpisodes, ExperimentConfig]":
        """Return all episodes of an experiment with its configuration.

        Raises:
            ExperimentNotFound: No experiment has that id.
        """
        ...

    async def revision(self, experiment: str) -> object:
        """Return a value that differs after every change of an experiment. It takes milliseconds.

        Raises:
            ExperimentNotFound: No experiment has that id.
        """
        ...

    def events(self, experiment: str, after: int, *, follow: bool) -> AsyncGenerator[RecordedEvent, None]:
        """Yield the events of an experiment after a sequence. With `follow`, wait for more events while it runs."""
        ...


class FolderSource:
    """Experiments of an output folder.

    Attributes:
        output_dir: Path of the folder.
    """

    def __init__(self, output_dir: Path) -> None:
        self.output_dir = output_dir

    async def overviews(self) -> tuple[list[ExperimentOverview], list[tuple[str, str]]]:
        """Return overviews of the experiments, and the unreadable experiments."""
        found: list[ExperimentOverview] = []
        broken: list[tuple[str, str]] = []
        for name in ExperimentFolders(self.output_dir).ids():
            try:
                found.append(overview_of(await read_outline(self.output_dir, name), name))
            except ClauDoomError as error:  # one unreadable experiment must not hide the others
                broken.append((name, describe(error)))
        return found, broken

    async def outline(self, experiment: str) -> ExperimentOutline:
        """Return the state of an experiment with the outline of its configuration, and the trackers that failed."""
        outline = await read_outline(self.output_dir, experiment)
        return replace(outline, reader_failures=self._tracker_failures(experiment, outline.snapshot))

    async def experiment(self, experiment: str, *, measured: bool = True) -> "StoredExperiment":
        """Return the current state of an experiment, with the trackers that failed last time."""
        from clau_doom.app.catalog.stored_experiments import read_experiment  # noqa: PLC0415 - pydantic

        stored = await read_experiment(self.output_dir, experiment, measured=measured)
        return replace(stored, reader_failures=self._tracker_failures(experiment, stored.snapshot))

    def _tracker_failures(self, experiment: str, snapshot: Snapshot) -> tuple[LogReaderFailure, ...]:
        trackers = ExperimentFolders(self.output_dir).open(experiment).trackers
        return stored_failures(trackers, experiment, snapshot.experiment.uuid)

    async def episodes(self, experiment: str) -> "tuple[PlayedEpisodes, ExperimentConfig]":
        """Return all episodes of an experiment with its configuration. Agents and events are not read."""
        from clau_doom.app.catalog.stored_experiments import read_episodes  # noqa: PLC0415 - pydantic

        return await read_episodes(self.output_dir, experiment)

    async def revision(self, experiment: str) -> object:
        """Return the last sequence of the log with the experiment's UUID and whether a process runs the experiment."""
        folder = ExperimentFolders(self.output_dir).open(experiment)
        held = folder.holder() is not None  # read first, as in `read_experiment`
        async with folder.read() as store:
            return *await store.revision(), held

    async def events(self, experiment: str, after: int, *, follow: bool) -> AsyncGenerator[RecordedEvent, None]:
        """Yield the events of an experiment after a sequence. With `follow`, wait for events of other processes."""
        live = (await self.experiment(experiment, measured=False)).state in LIVE
        async with ExperimentFolders(self.output_dir).open(experiment).read() as store:
            async for recorded in store.events(after, follow=follow and live):
                yield recorded
