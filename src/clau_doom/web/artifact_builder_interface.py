"""Interface for maps, reports and films of the dashboard, which the application layer implements."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from clau_doom.config import ExperimentConfig
from clau_doom.domain import Fitness, GenomeSpace, Purpose
from clau_doom.ports import StoredExperiment

if TYPE_CHECKING:
    from clau_doom.analysis.elite_map import EliteMap

__all__ = ["ArtifactStore", "FilmProgress"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmProgress:
    """Progress of a film.

    Attributes:
        stage: The current stage; a film waits while others are made.
        share: Filmed part of the episode, from 0 to 1.
    """

    stage: Literal["waiting", "playing", "filming"]
    share: float = 0.0


class ArtifactStore(Protocol):
    """Creates maps, reports and films, which are not part of a store."""

    def fitness(self, config: ExperimentConfig) -> Fitness:
        """Return the fitness function of a configuration."""
        ...

    def elites(self, stored: StoredExperiment, space: GenomeSpace) -> "EliteMap | None":
        """Return the map of a MAP-Elites archive, or None for other strategies. May take seconds; blocks."""
        ...

    def report(self, experiments: Sequence[StoredExperiment], space: GenomeSpace | None) -> str:
        """Return the report of one or several experiments as HTML. May take seconds; blocks.

        Args:
            experiments: One or more; the first is the baseline of the comparison.
            space: The gene space of a single experiment's policy, or None if unknown here.

        Raises:
            ConfigError: The experiments cannot be compared.
            WrongState: The experiments have no results yet.
        """
        ...

    async def film(self, uuid: str, agent: str, purpose: Purpose, number: int) -> str:
        """Replay an episode, verify it against its record, and film it; return the film's key.

        Args:
            uuid: The experiment's UUID.
            agent: The id of the agent, or of the random baseline.
            purpose: The purpose of the episode.
            number: Index of the episode among the agent's episodes of that purpose.

        Raises:
            WrongState: The episode cannot be replayed, or too many films are waiting.
            StorageFailed: The film cannot be written.
        """
        ...

    def film_progress(self, uuid: str, agent: str, purpose: Purpose, number: int) -> FilmProgress | None:
        """Return the progress of a film by the arguments of `film`, or None if the film is not being made."""
        ...

    def find_film(self, key: str) -> Path | None:
        """Return a finished film, or None."""
        ...
