"""A stored experiment beside the configuration that it was last run with."""

from dataclasses import dataclass
from pathlib import Path

from clau_doom.config.schema import ExperimentConfig
from clau_doom.domain import GenomeSpace
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.reader_failure import ReaderFailure
from clau_doom.domain.snapshot import Snapshot

__all__ = ["StoredExperiment"]


@dataclass(frozen=True, kw_only=True)
class StoredExperiment:
    """An experiment as it stands, for whoever shows it.

    Attributes:
        snapshot: What the store holds.
        config: The configuration that it was last run with.
        state: The snapshot's; `INTERRUPTED` where a killed process left `RUNNING` behind.
        last_activity: When something last happened in it, in seconds since the epoch.
        space: The genes of its policy as they were stored when it was created, or None where they were not.
        inputs: The folder with copies of the scenario's files, or None where another machine has it.
        reader_failures: Failures of the readers of its log in the process that runs it, such as the metrics.
    """

    snapshot: Snapshot
    config: ExperimentConfig
    state: ExperimentState
    last_activity: float
    space: GenomeSpace | None = None
    inputs: Path | None = None
    reader_failures: tuple[ReaderFailure, ...] = ()
