"""Current state of an experiment, which is read again only after a change."""

from dataclasses import dataclass

from clau_doom.api.event_loop import run_blocking
from clau_doom.app.catalog.folder_source import ExperimentSource
from clau_doom.config import ExperimentConfig
from clau_doom.ports import StoredExperiment
from clau_doom.storage import PlayedEpisodes

__all__ = ["ExperimentReading"]


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """Last state that was read."""

    revision: object
    measured: bool
    stored: StoredExperiment


class ExperimentReading:
    """Blocking access to the current state of an experiment.

    Attributes:
        source: Source of the experiment.
        id: Id of the experiment, which is the name of its folder.
    """

    def __init__(self, source: ExperimentSource, experiment: str) -> None:
        self.source = source
        self.id = experiment
        self._kept: _Kept | None = None
        self._played: tuple[object, tuple[PlayedEpisodes, ExperimentConfig]] | None = None

    def check(self) -> None:
        """Check that the experiment exists and can be opened.

        Raises:
            ExperimentNotFound: The experiment does not exist.
            StorageFailed: The experiment cannot be read.
        """
        run_blocking(self.source.revision(self.id))

    def stored(self, *, measured: bool = True) -> StoredExperiment:
        """Return the current state.

        Args:
            measured: False: the measures of training episodes and the genes may be left out.

        Raises:
            ExperimentNotFound: The experiment does not exist any more.
            StorageFailed: The experiment cannot be read.
        """
        return run_blocking(self._read(measured=measured))

    def episodes(self) -> tuple[PlayedEpisodes, ExperimentConfig]:
        """Return the current episodes and the configuration. Agents and events are not read.

        Raises:
            ExperimentNotFound: The experiment does not exist any more.
            StorageFailed: The experiment cannot be read.
        """
        return run_blocking(self._read_episodes())

    async def _read_episodes(self) -> tuple[PlayedEpisodes, ExperimentConfig]:
        revision, kept = await self.source.revision(self.id), self._kept
        if kept is not None and kept.measured and kept.revision == revision:
            return PlayedEpisodes.of(kept.stored.snapshot), kept.stored.config
        if self._played is None or self._played[0] != revision:
            self._played = revision, await self.source.episodes(self.id)
        return self._played[1]

    async def _read(self, *, measured: bool) -> StoredExperiment:
        revision, kept = await self.source.revision(self.id), self._kept
        if kept is None or kept.revision != revision or (measured and not kept.measured):
            stored = await self.source.experiment(self.id, measured=measured)
            # The log may have grown since the first line. Then the next call reads the experiment again.
            self._kept = kept = _Kept(revision=revision, measured=measured, stored=stored)
        return kept.stored
