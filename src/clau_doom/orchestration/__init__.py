"""Lifecycle of an experiment: generations of ask, evaluate and tell, then the held-out evaluation of the champion.

A run can be resumed after every commit. It reads its state from the store, and rebuilds its strategy by replaying the
stored results. This package does not depend on the backends or the store's format. It does not call readers of the
event log: they read the log from the store.
"""

from clau_doom.orchestration.agent_registry import AgentRegistry
from clau_doom.orchestration.experiment_repository_interface import ExperimentRepository, Planned
from clau_doom.orchestration.experiment_run import ExperimentRun
from clau_doom.orchestration.log_reader_supervision import EventReader, ReaderHealth
from clau_doom.orchestration.orchestrator import Orchestrator
from clau_doom.orchestration.shielded_tasks import ShieldedTasks
from clau_doom.orchestration.solo_orchestrator import SoloOrchestrator
from clau_doom.orchestration.stop_request import Shutdown
from clau_doom.orchestration.strategy_replay import replay

__all__ = [
    "AgentRegistry",
    "EventReader",
    "ExperimentRepository",
    "ExperimentRun",
    "Orchestrator",
    "Planned",
    "ReaderHealth",
    "ShieldedTasks",
    "Shutdown",
    "SoloOrchestrator",
    "replay",
]
