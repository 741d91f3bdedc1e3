"""The seams of the house: what an engine, a policy, a backend, a store, a bus and an orchestrator must do.

The rooms below and above need not know which one it is. `tests/contract` holds one suite a port, and every adapter
passes it.
"""

from clau_doom.ports.bus import Answer, BusMessage, EventBus
from clau_doom.ports.clock import Clock
from clau_doom.ports.evaluation import EpisodeTask, EvaluationBackend, Glimpse
from clau_doom.ports.orchestrator import Orchestrator
from clau_doom.ports.play import (
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
from clau_doom.ports.store import ExperimentStore

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
    "Frame",
    "FrameSource",
    "Glimpse",
    "Needs",
    "Observation",
    "Orchestrator",
    "Policy",
    "Repeating",
    "ScenarioFacts",
    "SeenObject",
]
