"""CMA-ME of pyribs as a strategy: a wrapper of another library (Fontaine et al., arXiv:1912.02400).

An archive of pyribs keeps the best agent of each kind of behaviour: aggression and movement. An emitter of pyribs
samples genomes with CMA-ES and learns which of them improve the archive. Install pyribs with `pip install ribs`.

- pyribs works on numbers from 0 to 1, one for each gene. `_coordinates` converts them to genes of any kind.
- A failed agent is not added to the archive. It ranks last for the emitter. After a generation without results, the
  emitter samples again.
- A genome of a user is added to the archive. The emitter ranks it last, because pyribs can only learn from its own
  samples.
- pyribs uses BLAS, so that histories may differ between processors.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from ribs.archives import GridArchive
from ribs.emitters import EvolutionStrategyEmitter

from clau_doom.domain import Genome, GenomeSpace
from clau_doom.evolution import Offspring, Result, Strategy, describe_behaviour

__all__ = ["CmaMe"]

Matrix = NDArray[np.float64]

_MEASURES = ("aggression", "movement")


class CmaMe(Strategy):
    """CMA-ME with one emitter."""

    name = "cma-me"

    def __init__(self, space: GenomeSpace, population: int, seed: int, *, sigma: float = 0.2, cells: int = 10) -> None:
        """Start in the middle of the gene space.

        Args:
            space: Gene space.
            population: Agents in each generation, at least 2.
            seed: The experiment's seed.
            sigma: First step size, in gene ranges.
            cells: Cells of the archive on each axis.
        """
        super().__init__(space, population, seed)
        rng, genes = self._stream("pyribs"), len(space)
        seeds = [int(rng.integers(2**31)) for _ in range(2)]
        self.archive = GridArchive(
            solution_dim=genes, dims=(cells, cells), ranges=[(0.0, 1.0)] * len(_MEASURES), seed=seeds[0]
        )
        self._emitter = EvolutionStrategyEmitter(
            self.archive,
            x0=np.full(genes, 0.5),
            sigma0=sigma,
            bounds=[(0.0, 1.0)] * genes,
            batch_size=population,
            seed=seeds[1],
        )
        self._units: Matrix = np.zeros((population, genes))
        self._foreign: set[int] = set()

    def _ask(self) -> Sequence[Offspring]:
        self._units, self._foreign = np.array(self._emitter.ask(), dtype=np.float64), set()
        rows = self._coordinates.from_units(self._units)
        return [Offspring(self._coordinates.genome(row), (), "sample") for row in rows]

    def _immigrate(self, index: int, genome: Genome) -> None:
        self._units[index] = self._coordinates.to_units(self._coordinates.row(genome))
        self._foreign.add(index)

    def _tell(self, results: Sequence[Result]) -> None:
        done = np.array([result.fitness is not None for result in results])
        if not done.any():
            return
        fitness = np.array([-np.inf if result.fitness is None else result.fitness for result in results])
        behaviour = np.array([_behaviour(result) for result in results])
        added = self.archive.add(self._units[done], fitness[done], behaviour[done])
        status, value = np.zeros(len(results), dtype=np.int32), np.full(len(results), np.min(added["value"]))
        status[done], value[done] = added["status"], added["value"]
        status[[*self._foreign]] = 0
        fitness[~done] = np.min(fitness[done])  # pyribs accepts finite numbers only, and ranks by status and value
        self._emitter.tell(self._units, fitness, behaviour, {"status": status, "value": value})


def _behaviour(result: Result) -> list[float]:
    """Return the behaviour of an agent; zeros for a failed one, which is not added to the archive."""
    if result.fitness is None:
        return [0.0] * len(_MEASURES)
    if result.measures is None:
        raise ValueError("CMA-ME needs measures of episodes: use it in an experiment")
    return [describe_behaviour(name, result.measures) for name in _MEASURES]
