"""Interface of trackers, which write an experiment to another program: TensorBoard, MLflow, W&B, a file or a server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clau_doom.domain.events import RecordedEvent

__all__ = [
    "Cell",
    "FinalResults",
    "GenerationCurves",
    "TrackedExperiment",
    "TrackedTable",
    "Tracker",
    "TrackerUpdate",
]

Cell = str | float | int | None
"""Cell of a table; None where a value is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackedExperiment:
    """Experiment that a tracker writes.

    Attributes:
        id: Id of the experiment.
        uuid: Globally unique id, which another experiment of the same name does not have.
        created: Time of its creation, in seconds since the epoch.
        config: Values of its configuration by dotted path, such as ``evolution.kind``: text, numbers, true or false.
            Lists and mappings are JSON texts.
        config_yaml: The same configuration as YAML text.
        provenance: Versions and digests by name.
        folder: Folder for files in the experiment's folder. It is created by `open` if it is missing.
    """

    id: str
    uuid: str
    created: float
    config: Mapping[str, str | float | int | bool]
    config_yaml: str
    provenance: Mapping[str, str]
    folder: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationCurves:
    """Points of all curves at the end of one generation.

    Attributes:
        generation: The generation, from 0.
        values: Finite value by name of the curve, such as ``fitness/best``; see docs/trackers.md.
    """

    generation: int
    values: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackedTable:
    """Table of the final results.

    Attributes:
        name: Name with lower-case letters and underscores, such as ``held_out``.
        columns: Names of the columns.
        rows: Rows with one cell for each column.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FinalResults:
    """Results of a completed experiment.

    Attributes:
        generations: Number of generations.
        champion: Id of the champion, or None.
        values: Finite value by name, such as ``held_out/champion/fitness``.
        tables: Tables of the held-out results and of the champion's genome.
        film: Film of the champion, in the format of `Tracker.film_suffix`; None: not made.
    """

    generations: int
    champion: str | None
    values: Mapping[str, float]
    tables: tuple[TrackedTable, ...]
    film: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackerUpdate:
    """One event of the log, with the data that is complete since this event.

    Attributes:
        recorded: The event.
        curves: Curves of the generation that the event completes, or None.
        results: Results of the experiment that the event completes, or None.
    """

    recorded: RecordedEvent
    curves: GenerationCurves | None = None
    results: FinalResults | None = None

    @property
    def sequence(self) -> int:
        """Index of the event in the log, from 1."""
        return self.recorded.sequence


class Tracker(Protocol):
    """Writer of one experiment. All calls come from one thread, one after another: `open`, `write` ..., `close`.

    Guarantees of a caller: updates have increasing sequences, without gaps behind the sequence that `open` returned.
    After an error of any call the tracker is closed, and a new tracker of the same options continues with `open`.

    Duties of an implementation: after `open` returned a sequence, an update up to this sequence is never offered
    again. If `open` returns None, the caller continues behind the last `write` that returned; updates of an interrupted
    `write` are then offered again. Their names and values are the same, so that a tracker can recognise them.
    """

    @property
    def film_suffix(self) -> str | None:
        """Format of films that the tracker shows: ``.gif``, ``.mp4``, or None for no films."""
        ...

    @property
    def target(self) -> str:
        """Place that is written, for users, such as a folder or an address; without secrets. Valid after `open`."""
        ...

    def open(self, experiment: TrackedExperiment) -> int | None:
        """Connect, and return the sequence of the last update that the target contains.

        Returns:
            The sequence; 0 if nothing is written; None if the target cannot tell.
        """
        ...

    def write(self, updates: Sequence[TrackerUpdate]) -> None:
        """Write updates. They are written when the call returns."""
        ...

    def close(self) -> None:
        """Close the connection, also after an error."""
        ...
