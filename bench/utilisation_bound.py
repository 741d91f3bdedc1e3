"""Upper bound of utilisation: the cost of generation ends and ordered results, on workers without failures.

The orchestrator takes no time and the clock is virtual, so that the results are the same on any machine.
"""

import asyncio
import tempfile
from pathlib import Path

from bench.scale_simulation import experiment
from bench.simulated_backend import Fleet, SimulatedBackend
from bench.virtual_time import VirtualLoop
from clau_doom.config import EvolutionConfig, GeneticConfig

__all__ = ["utilisation_bounds"]

_WORKERS = (2, 8, 16)
_GENERATIONS, _POPULATION, _EPISODES = 10, 40, 4
_IN_FLIGHT = 8
"""Episodes in flight for each worker, in a steady state."""


def utilisation_bounds() -> dict[str, float]:
    """Return the workers' share of time in which they play, by name of the simulation."""
    found = {}
    for workers in _WORKERS:
        lookahead = _IN_FLIGHT * workers // _EPISODES
        name = f"simulated, {workers} workers"
        found[f"{name}, by generations"] = _share(workers, GeneticConfig())
        steady = GeneticConfig(mode="steady_state", lookahead=lookahead)
        found[f"{name}, steady state, lookahead {lookahead}"] = _share(workers, steady)
    return found


def _share(workers: int, evolution: EvolutionConfig) -> float:
    backend = SimulatedBackend(Fleet(workers=workers, crashes=0.0, hangs=0.0, stragglers=0.0))
    with (
        tempfile.TemporaryDirectory(prefix="clau-doom-bench-") as folder,
        asyncio.Runner(loop_factory=lambda: VirtualLoop(charged=False)) as runner,
    ):
        runner.run(
            experiment(
                backend,
                Path(folder) / "runs",
                generations=_GENERATIONS,
                population=_POPULATION,
                episodes=_EPISODES,
                evolution=evolution,
            )
        )
    assert backend.span is not None
    return backend.span.busy / (backend.span.seconds * workers)
