"""The life of an experiment: generations of ask, evaluate, tell; then the champion's judgement.

Runs are resumable at every commit: whatever is needed to go on is read back from the store, and strategies
are rebuilt by telling them again what they were told. Nothing here knows how episodes are played or how events are
kept, and nothing here is called by what shows them: all of that reads the store's event log.
"""

from clau_doom.orchestration.experiment_repository import ExperimentRepository, Planned
from clau_doom.orchestration.experiment_run import ExperimentRun
from clau_doom.orchestration.log_readers import EventReader, ReaderHealth
from clau_doom.orchestration.orchestrator import Orchestrator
from clau_doom.orchestration.registry import Registry
from clau_doom.orchestration.resume import replay
from clau_doom.orchestration.shielded_tasks import Finishing
from clau_doom.orchestration.shutdown import Shutdown
from clau_doom.orchestration.single_run import SoloRun

__all__ = [
    "EventReader",
    "ExperimentRepository",
    "ExperimentRun",
    "Finishing",
    "Orchestrator",
    "Planned",
    "ReaderHealth",
    "Registry",
    "Shutdown",
    "SoloRun",
    "replay",
]
