"""Interfaces of engines, policies, backends, stores, event buses, trackers and orchestrators.

Other layers depend on these interfaces, not on an implementation. `tests/contract` has one suite for each port, which
every adapter passes.
"""

from clau_doom.ports.bus import Answer, BusMessage, EventBus
from clau_doom.ports.clock import Clock
from clau_doom.ports.evaluation import EpisodeTask, EvaluationBackend, Glimpse
from clau_doom.ports.gameplay import (
    Action,
    Decide,
    Engine,
    Frame,
    FrameSource,
    Needs,
    Observation,
    Policy,
    Repeating,
    ScenarioFacts,
    SeenObject,
)
from clau_doom.ports.orchestrator import Orchestrator
from clau_doom.ports.store import ExperimentStore
from clau_doom.ports.stored_experiment import StoredExperiment
from clau_doom.ports.tracker import (
    FinalResults,
    GenerationCurves,
    TrackedExperiment,
    TrackedTable,
    Tracker,
    TrackerUpdate,
)

__all__ = [
    "Action",
    "Answer",
    "BusMessage",
    "Clock",
    "Decide",
    "Engine",
    "EpisodeTask",
    "EvaluationBackend",
    "EventBus",
    "ExperimentStore",
    "FinalResults",
    "Frame",
    "FrameSource",
    "GenerationCurves",
    "Glimpse",
    "Needs",
    "Observation",
    "Orchestrator",
    "Policy",
    "Repeating",
    "ScenarioFacts",
    "SeenObject",
    "StoredExperiment",
    "TrackedExperiment",
    "TrackedTable",
    "Tracker",
    "TrackerUpdate",
]
