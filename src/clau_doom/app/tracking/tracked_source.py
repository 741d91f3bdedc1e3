"""Sources of experiments for trackers: a folder, or a server."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from clau_doom.access import PrivatePaths
from clau_doom.app.catalog.stored_experiments import read_experiment
from clau_doom.app.tracking.champion_film import film_champion
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import Experiment
from clau_doom.errors import StoreCorrupted
from clau_doom.ports import StoredExperiment
from clau_doom.storage import ExperimentFolders

if TYPE_CHECKING:
    from clau_doom.app.catalog.server_source import ServerSource

__all__ = ["EventLog", "TrackedFolder", "TrackedServer", "TrackedSource"]

_OF_SERVERS = "_tracked"
"""Folder of the trackers' files for experiments of servers, in the output folder. It is not a valid experiment id."""


class EventLog(Protocol):
    """Log of one experiment."""

    def events(self, after: int = 0, *, follow: bool = False) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, in order; with `follow`, wait for more until the log ends."""
        ...


class TrackedSource(Protocol):
    """Everything about an experiment that is not in its log."""

    @property
    def experiment(self) -> str:
        """Id of the experiment, which is the name of its folder."""
        ...

    @property
    def private(self) -> PrivatePaths:
        """Folders to hide in texts of events."""
        ...

    def trackers(self, experiment: Experiment) -> Path:
        """Return the folder of the trackers' files and states, which may be missing.

        Args:
            experiment: The experiment of the log.

        Raises:
            WrongState: The folder is a copy of another experiment.
            StoreCorrupted: The log belongs to another experiment.
        """
        ...

    async def stored(self) -> StoredExperiment:
        """Return the current state."""
        ...

    async def film(self, trackers: Path, champion: str, suffix: str) -> Path | None:
        """Return the film of the champion, or None if it cannot be made; see `film_champion`."""
        ...


class TrackedFolder:
    """Experiment of an output folder."""

    def __init__(self, output_dir: Path, experiment: str) -> None:
        """Use an experiment.

        Args:
            output_dir: Folder of experiments.
            experiment: Id of the experiment.
        """
        self._output_dir = output_dir
        self._folder = ExperimentFolders(output_dir).open(experiment)
        self.experiment = experiment
        self.private = PrivatePaths.of_process(output_dir)

    def trackers(self, experiment: Experiment) -> Path:
        """Return the folder of trackers in the experiment's folder."""
        self._folder.check_identity(experiment.id)
        return self._folder.trackers

    async def stored(self) -> StoredExperiment:
        """Return the current state."""
        return await read_experiment(self._output_dir, self.experiment)

    async def film(self, trackers: Path, champion: str, suffix: str) -> Path | None:
        """Return the film of the champion."""
        return await film_champion(self._output_dir, trackers, champion, suffix)


class TrackedServer:
    """Experiment of a server, tracked by this process. A server hides its own folders."""

    private = PrivatePaths({})

    def __init__(self, source: "ServerSource", experiment: str) -> None:
        """Use an experiment.

        Args:
            source: Experiments of the server. Files of trackers are written to a folder in its local folder.
            experiment: Id of the experiment.
        """
        self._source = source
        self.experiment = experiment

    def events(self, after: int = 0, *, follow: bool = False) -> AsyncIterator[RecordedEvent]:
        """Yield the events after a sequence, in order; with `follow`, wait for more until the log ends."""
        return self._source.events(self.experiment, after, follow=follow)

    def trackers(self, experiment: Experiment) -> Path:
        """Return a folder that no experiment of the output folder uses. It has the UUID, because ids can be equal."""
        if experiment.id != self.experiment:
            raise StoreCorrupted(f"the server sent the log of {experiment.id} for {self.experiment}")
        return self._source.output_dir / _OF_SERVERS / f"{experiment.id}-{experiment.uuid[:8]}"

    async def stored(self) -> StoredExperiment:
        """Return the current state."""
        return await self._source.experiment(self.experiment)

    async def film(self, trackers: Path, champion: str, suffix: str) -> Path | None:
        """Return the film of the champion, which is replayed on this machine."""
        return await film_champion(self._source.output_dir, trackers, champion, suffix, remote=self._source.remote)
