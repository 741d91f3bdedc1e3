"""What experiments can be looked up in, and the folder that keeps them; `servers` has the other."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clau_doom.app.catalog.stored import list_experiments, read_experiment
from clau_doom.config import StoredExperiment
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.reader_failure import ReaderFailure
from clau_doom.errors import ClauDoomError, describe
from clau_doom.storage import Runs

__all__ = ["LIVE", "FolderSource", "Overview", "Remote", "Source", "overview_of"]

LIVE = {ExperimentState.RUNNING, ExperimentState.PAUSED}
"""The states in which an experiment's log may still grow."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """How a server is reached.

    Attributes:
        address: ``host:port`` or ``unix:PATH``.
        token_file: The file that holds its token, or None to find it.
        ca: The authority that signed its certificate (PEM), or None.
        certificate: The client's own certificate (PEM), or None.
        key: The key of that certificate (PEM), or None.
    """

    address: str
    token_file: Path | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What a list of experiments says of one.

    Attributes:
        id: Its name, which is that of its folder.
        state: Where it stands.
        reason: Why it was interrupted or failed, or None.
        scenario: What it plays.
        generations_finished: How many are finished.
        generations_planned: How many it is to have.
        population: Agents in each generation.
        best_fitness: The best so far, or None.
        running_seconds: Time spent running, pauses left out.
        last_activity: When it last moved, in seconds since the epoch.
        reader_failures: Failures of the readers of its log at the server that was asked.
        copy_of: The id of the experiment of which the folder holds a copy, or None: a copy can be read only.
    """

    id: str
    state: ExperimentState
    reason: str | None
    scenario: str
    generations_finished: int
    generations_planned: int
    population: int
    best_fitness: float | None
    running_seconds: float
    last_activity: float
    reader_failures: tuple[ReaderFailure, ...] = ()
    copy_of: str | None = None


def overview_of(stored: StoredExperiment, folder: str) -> Overview:
    """Return what a list says of the stored experiment in a folder of this name."""
    snapshot, config = stored.snapshot, stored.config
    name = snapshot.experiment.id
    return Overview(
        id=folder,
        copy_of=None if name == folder else name,
        state=stored.state,
        reason=snapshot.reason,
        scenario=config.scenario.name,
        generations_finished=len(snapshot.summaries),
        generations_planned=config.generations,
        population=config.population,
        best_fitness=max((summary.best_fitness for summary in snapshot.summaries), default=None),
        running_seconds=snapshot.running_seconds,
        last_activity=stored.last_activity,
        reader_failures=stored.reader_failures,
    )


class Source(Protocol):
    """Where experiments are looked up."""

    async def overviews(self) -> tuple[list[Overview], list[tuple[str, str]]]:
        """Return how the experiments stand, and the id of each that cannot be read with the reason."""
        ...

    async def experiment(self, experiment: str, *, measured: bool = True) -> StoredExperiment:
        """Return an experiment as it stands; without `measured`, what training episodes measured may be left out.

        Raises:
            ExperimentNotFound: There is none of that id.
        """
        ...

    def events(self, experiment: str, after: int, *, follow: bool) -> AsyncGenerator[RecordedEvent, None]:
        """Yield an experiment's events after a sequence; with `follow`, wait for more while it is run."""
        ...


class FolderSource:
    """The experiments in a folder."""

    def __init__(self, output_dir: Path) -> None:
        self._output_dir = output_dir

    async def overviews(self) -> tuple[list[Overview], list[tuple[str, str]]]:
        """Return how the experiments stand, and those that cannot be read."""
        found: list[Overview] = []
        broken: list[tuple[str, str]] = []
        for name in list_experiments(self._output_dir):
            try:
                found.append(overview_of(await read_experiment(self._output_dir, name, measured=False), name))
            except ClauDoomError as error:  # one that cannot be read must not hide the others
                broken.append((name, describe(error)))
        return found, broken

    async def experiment(self, experiment: str, *, measured: bool = True) -> StoredExperiment:
        """Return an experiment as it stands."""
        return await read_experiment(self._output_dir, experiment, measured=measured)

    async def events(self, experiment: str, after: int, *, follow: bool) -> AsyncGenerator[RecordedEvent, None]:
        """Yield an experiment's events after a sequence; with `follow`, those that another process adds."""
        live = (await read_experiment(self._output_dir, experiment, measured=False)).state in LIVE
        async with Runs(self._output_dir).open(experiment).read() as store:
            async for recorded in store.events(after, follow=follow and live):
                yield recorded
