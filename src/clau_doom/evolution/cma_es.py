"""CMA-ES (Hansen, The CMA evolution strategy: a tutorial, arXiv:1604.00772) on genes of any kind.

`search_distribution` holds the algorithm. This module adapts it to genomes:

- Generation 0 is drawn uniformly over the full range of every gene, or is that of a warm start. The search then starts
  at the weighted mean of its better half, as CMA-ES would update it, with `sigma` gene ranges as the initial step.
- The search has no bounds. It works on one number for each free gene. Samples are folded into the unit interval by
  reflection. The search learns from the numbers that it sampled, not from the folded ones.
- An integer or choice gene's values share the unit interval equally. Its step is kept at a fifth of a share or more,
  so that it does not freeze on a plateau (Hansen, A CMA-ES for mixed-integer nonlinear optimization, 2011).
- With more than `DIAGONAL_ABOVE` free genes the covariance matrix is diagonal: the full one costs the genes squared for
  each sample, and must learn more numbers than a run has evaluations.
- A failed agent ranks last. If more than half fail, failed agents with a weight in the new mean are set to the old
  mean, so that they do not shift it. If all fail, the search does not update and samples again.
- A genome of another origin contributes to updates with a limited step.
- Fewer than `SMALLEST_BATCH` agents are too few to learn from: then the results of several generations make one batch.
"""

import math
from collections.abc import Sequence

import numpy as np

from clau_doom.config import CmaEsConfig
from clau_doom.domain import AgentRef, Genome, GenomeSpace
from clau_doom.evolution.coordinates import Matrix, reflect
from clau_doom.evolution.offspring import Offspring, Result
from clau_doom.evolution.reproducible_math import standard_normal, weighted_sum
from clau_doom.evolution.search_distribution import SearchDistribution, recombination_weights
from clau_doom.evolution.strategy import Strategy

__all__ = ["DIAGONAL_ABOVE", "PARENTS", "SMALLEST_BATCH", "CmaEs"]

DIAGONAL_ABOVE = 200
"""Free genes above which the covariance matrix is diagonal."""
SMALLEST_BATCH = 6
"""Minimum results of one update."""
PARENTS = 5
"""Number of parents of an offspring: the agents with the largest weights in the mean of its distribution."""

# Steps below this (in gene ranges) are lost by rounding.
_SMALLEST_STEP = 1e-13
_LARGEST_STEP = 1.0 / 3.0


class CmaEs(Strategy):
    """CMA-ES, suited to up to some hundred real genes."""

    name = "cma-es"

    def __init__(self, config: CmaEsConfig, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0; see `Strategy`."""
        super().__init__(space, population, seed)
        self.config = config
        self._free = np.flatnonzero(self._coordinates.free)
        # Without free genes, one dimension without effect is searched.
        self._dimensions = max(1, len(self._free))
        self._batch = population * math.ceil(SMALLEST_BATCH / population)
        self._draws = self._stream("draw")
        self._normals = self._stream("normal")
        self._search: SearchDistribution | None = None
        self._foreign: set[int] = set()
        self._parents: tuple[AgentRef, ...] = ()
        self._told: list[tuple[AgentRef, float]] = []
        self._points = self._sample()

    @property
    def start_size(self) -> int:
        """Number of agents before the first update."""
        return self._batch

    def _ask(self) -> Sequence[Offspring]:
        start = len(self._told)
        points = self._points[start : start + self.population]
        units = np.zeros((len(points), len(self.space)))
        units[:, self._free] = reflect(points[:, : len(self._free)], 1.0)
        rows = self._coordinates.from_units(units)
        operator = "draw" if self._search is None else "sample"
        return [Offspring(self._coordinates.genome(row), self._parents, operator) for row in rows]

    def _immigrate(self, index: int, genome: Genome) -> None:
        units = self._coordinates.to_units(self._coordinates.row(genome))
        place = len(self._told) + index
        self._points[place, : len(self._free)] = units[self._free]
        self._foreign.add(place)

    def _tell(self, results: Sequence[Result]) -> None:
        self._told += [
            (AgentRef(self.generation, index), math.inf if result.fitness is None else -result.fitness)
            for index, result in enumerate(results)
        ]
        if len(self._told) == self._batch:
            self._learn()
            self._told = []
            self._foreign = set()
            self._points = self._sample()

    def _learn(self) -> None:
        losses = np.array([loss for _, loss in self._told])
        order = np.argsort(losses, kind="stable")
        finished = int(np.count_nonzero(np.isfinite(losses)))
        if finished == 0:
            return
        self._parents = tuple(self._told[index][0] for index in order[: min(PARENTS, finished)])
        if self._search is None:
            self._search = self._start(self._points[order[:finished]])
            return
        points = self._points.copy()
        points[order[finished : self._batch // 2]] = self._search.mean
        foreign = [rank for rank, index in enumerate(order.tolist()) if index in self._foreign]
        self._search.update(points[order], foreign)

    def _sample(self) -> Matrix:
        """Return the next batch, shape (batch, dimensions): numbers that `reflect` folds into the unit interval."""
        shape = (self._batch, self._dimensions)
        if self._search is None:
            return self._draws.random(shape)
        return self._search.sample(standard_normal(self._normals, shape))

    def _start(self, ranked: Matrix) -> SearchDistribution:
        """Return a search that starts at the weighted mean of the better half of `ranked`, best first."""
        half = max(1, len(ranked) // 2)
        weights = recombination_weights(2 * half)[:half]
        mean = weighted_sum(weights, ranked[:half]) / math.fsum(weights.tolist())
        smallest = np.full(self._dimensions, _SMALLEST_STEP)
        steps = self._coordinates.steps[self._free]
        whole = ~self._coordinates.real[self._free]
        smallest[: len(self._free)][whole] = 0.2 / (steps[whole] + 1.0)
        return SearchDistribution(
            mean,
            self.config.sigma,
            self._batch,
            diagonal=len(self._free) > DIAGONAL_ABOVE,
            smallest=smallest,
            largest=max(_LARGEST_STEP, self.config.sigma),
        )
