"""Stored experiment with its latest configuration."""

from dataclasses import dataclass
from pathlib import Path

from clau_doom.config import ExperimentConfig
from clau_doom.domain import GenomeSpace
from clau_doom.domain.event_consumer_failure import LogReaderFailure
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.snapshot import Snapshot

__all__ = ["StoredExperiment"]


@dataclass(frozen=True, kw_only=True)
class StoredExperiment:
    """Current state of a stored experiment, for display and analysis.

    Attributes:
        snapshot: Content of the store.
        config: Configuration of the latest run.
        state: State of the snapshot, but `INTERRUPTED` if a killed process left `RUNNING`.
        last_activity: Time of the latest event, in seconds since the epoch.
        space: Genes of the policy, stored at creation; None for experiments of older versions.
        inputs: Folder with copies of the scenario's files, or None for an experiment on another machine.
        reader_failures: Failures of log readers, such as the metrics, in the process of the experiment.
    """

    snapshot: Snapshot
    config: ExperimentConfig
    state: ExperimentState
    last_activity: float
    space: GenomeSpace | None = None
    inputs: Path | None = None
    reader_failures: tuple[LogReaderFailure, ...] = ()
