"""What the dashboard asks to be made of experiments: the seam between this room and the one that wires it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from clau_doom.config import ExperimentConfig, StoredExperiment
from clau_doom.domain import Fitness, GenomeSpace, Purpose

if TYPE_CHECKING:
    from clau_doom.analysis.elite_map import EliteMap

__all__ = ["FilmProgress", "Studio"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmProgress:
    """How far a film is.

    Attributes:
        stage: What is done now; a film waits while others are made.
        share: How much of the episode is filmed, from 0 to 1.
    """

    stage: Literal["waiting", "playing", "filming"]
    share: float = 0.0


class Studio(Protocol):
    """Makes what is shown and is no part of a store."""

    def fitness(self, config: ExperimentConfig) -> Fitness:
        """Return the fitness that a configuration asks for."""
        ...

    def elites(self, stored: StoredExperiment, space: GenomeSpace) -> "EliteMap | None":
        """Return the map of a MAP-Elites archive, or None where there is none. May take seconds; blocks."""
        ...

    def report(self, experiments: Sequence[StoredExperiment], space: GenomeSpace | None) -> str:
        """Return the report of an experiment, or of several side by side, as HTML. May take seconds; blocks.

        Args:
            experiments: One or more; the first is the one that the others are compared with.
            space: The genes of a single one's policy, or None where they are not known here.

        Raises:
            ConfigError: They cannot be compared.
            WrongState: There is nothing to report on yet.
        """
        ...

    async def film(self, uuid: str, agent: str, purpose: Purpose, number: int) -> str:
        """Play an episode again, prove that it is the recorded one, and film it; return the film's key.

        Args:
            uuid: The experiment's.
            agent: The id of the agent, or of the random baseline.
            purpose: What it was played for.
            number: Its place among the agent's episodes of that purpose.

        Raises:
            WrongState: It cannot be played again, or too many wait for films.
            StorageFailed: The film cannot be written.
        """
        ...

    def film_progress(self, uuid: str, agent: str, purpose: Purpose, number: int) -> FilmProgress | None:
        """Return how far a film is, with the arguments of `film`; None where it is not being made."""
        ...

    def find_film(self, key: str) -> Path | None:
        """Return a film that was made, or None."""
        ...
