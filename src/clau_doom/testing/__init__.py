"""Public fakes and contract suites for tests and benchmarks, in place of engines, workers and time.

All fakes pass the same contract suites as the real implementations. Users may base tests of their own policies and
strategies on this package. Only tests and benchmarks import it.
"""

from clau_doom.testing.policy_contract import check_policy, drawn_genome, synthetic_observations
from clau_doom.testing.scripted_backend import ScriptedBackend, scripted_outcome
from clau_doom.testing.scripted_engine import SCRIPTED_FACTS, ScriptedEngine
from clau_doom.testing.strategy_contract import check_strategy
from clau_doom.testing.tracker_contract import check_tracker

__all__ = [
    "SCRIPTED_FACTS",
    "ScriptedBackend",
    "ScriptedEngine",
    "check_policy",
    "check_strategy",
    "check_tracker",
    "drawn_genome",
    "scripted_outcome",
    "synthetic_observations",
]
