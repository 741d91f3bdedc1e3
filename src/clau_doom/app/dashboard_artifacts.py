"""Reports, maps of archives and films for the dashboard, computed on request.

A film is made by a separate process; see `film_process`.
"""

import asyncio
import contextlib
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from clau_doom.app.analyze import analyse, archive
from clau_doom.app.film_process import film_episode
from clau_doom.app.report import report_comparison, report_experiment
from clau_doom.app.run_planning import make_fitness
from clau_doom.config import ExperimentConfig
from clau_doom.domain import Fitness, GenomeSpace, Purpose
from clau_doom.errors import WrongState
from clau_doom.ports import StoredExperiment
from clau_doom.web import FilmProgress

if TYPE_CHECKING:
    from clau_doom.analysis.elite_map import EliteMap

__all__ = ["FolderArtifactStore"]

_MOST_KEPT = 24
_MOST_WAITING = 4


class FolderArtifactStore:
    """Computes artifacts for the dashboard, one film at a time. Implements `web.ArtifactStore`.

    Use it as a context manager; leaving removes the films.
    """

    def __init__(self, output_dir: Path) -> None:
        """Serve the experiments of an output folder."""
        self._output_dir = output_dir
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kept: OrderedDict[str, Path] = OrderedDict()
        self._making = asyncio.Lock()
        self._waiting = 0
        self._progress: dict[str, FilmProgress] = {}

    async def __aenter__(self) -> Self:
        """Create a folder for films."""
        self._folder = tempfile.TemporaryDirectory(prefix="clau-doom-films-")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the folder for films."""
        assert self._folder is not None, "entered first"
        self._folder.cleanup()

    def fitness(self, config: ExperimentConfig) -> Fitness:
        """Return the fitness of a configuration."""
        return make_fitness(config)

    def elites(self, stored: StoredExperiment, space: GenomeSpace) -> "EliteMap | None":
        """Return the map of a MAP-Elites archive, or None for other strategies."""
        from clau_doom.analysis.elite_map import EliteMap  # noqa: PLC0415 - imports statistics, which runs do not need

        found = archive(stored, space)
        return found if isinstance(found, EliteMap) else None

    def report(self, experiments: Sequence[StoredExperiment], space: GenomeSpace | None) -> str:
        """Render the HTML report of an experiment, or the comparison of several experiments."""
        from clau_doom.analysis.unavailable import Unavailable  # noqa: PLC0415 - imports statistics, as above

        first, *others = experiments
        if others:
            return report_comparison(experiments, first.snapshot.experiment.id)
        known = space or Unavailable(missing="the genes of the policy are unknown on this machine")
        return report_experiment(first, analysis=analyse(first, space=known))

    def find_film(self, key: str) -> Path | None:
        """Return the path of a finished film, or None."""
        return self._kept.get(key)

    async def film(self, uuid: str, agent: str, purpose: Purpose, number: int) -> str:
        """Replay an episode, verify it against its record, film it and return the film's key.

        Args:
            uuid: UUID of the experiment. A later experiment can have the same name.
            agent: Id of the agent or of the random baseline.
            purpose: Purpose of the episode.
            number: Index of the episode among the agent's episodes of that purpose.

        Raises:
            WrongState: The episode cannot be replayed, or too many films are queued. The message has the reason.
            StorageFailed: The film cannot be written.
        """
        key = _key(uuid, agent, purpose, number)
        if self._waiting >= _MOST_WAITING:
            raise WrongState(f"{_MOST_WAITING} films are being made already: try again later")
        self._waiting += 1
        self._progress.setdefault(key, FilmProgress(stage="waiting"))
        try:
            async with self._making:
                if key not in self._kept:
                    self._kept[key] = await self._made(key, agent, purpose, number)
                self._kept.move_to_end(key)
                while len(self._kept) > _MOST_KEPT:
                    _, oldest = self._kept.popitem(last=False)
                    oldest.unlink(missing_ok=True)
        finally:
            self._waiting -= 1
            self._progress.pop(key, None)
        return key

    def film_progress(self, uuid: str, agent: str, purpose: Purpose, number: int) -> FilmProgress | None:
        """Return the progress of a film, or None if the film is not being made."""
        return self._progress.get(_key(uuid, agent, purpose, number))

    async def _made(self, key: str, agent: str, purpose: Purpose, number: int) -> Path:
        assert self._folder is not None, "entered first"
        path = Path(self._folder.name) / f"{key}.mp4"

        def is_progress(line: str) -> bool:
            progress = _progress_of(line)
            if progress:
                self._progress[key] = progress
            return progress is not None

        await film_episode(self._output_dir, agent, purpose, number, path, is_progress=is_progress)
        return path


def _key(uuid: str, agent: str, purpose: Purpose, number: int) -> str:
    return sha256(f"{uuid} {agent} {purpose.value} {number}".encode()).hexdigest()[:24]


def _progress_of(line: str) -> FilmProgress | None:
    """Parse a progress line of `clau-doom replay --progress`. Return None for any other line."""
    words = line.split(" ")
    if words == ["progress", "playing"]:
        return FilmProgress(stage="playing")
    if len(words) == 3 and words[:2] == ["progress", "filming"]:
        with contextlib.suppress(ValueError):
            return FilmProgress(stage="filming", share=float(words[2]))
    return None
