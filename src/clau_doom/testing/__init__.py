"""Public fakes and contract suites: what a test or a benchmark uses in place of engines, workers and time.

Everything here passes the same contract suites as the real thing, and users may build tests of their own policies and
strategies on it. Nothing outside tests and benchmarks imports this package.
"""

from clau_doom.testing.policy_contract import check_policy, drawn_genome, synthetic_observations
from clau_doom.testing.scripted_backend import ScriptedBackend, scripted_outcome
from clau_doom.testing.scripted_engine import SCRIPTED_FACTS, ScriptedEngine

__all__ = [
    "SCRIPTED_FACTS",
    "ScriptedBackend",
    "ScriptedEngine",
    "check_policy",
    "drawn_genome",
    "scripted_outcome",
    "synthetic_observations",
]
