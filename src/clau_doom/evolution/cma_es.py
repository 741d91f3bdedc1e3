"""CMA-ES on the `cma` package (Hansen, The CMA evolution strategy: a tutorial, arXiv:1604.00772).

What is ours:

- Generation 0 is drawn uniformly over the full range of every gene. The search then starts at the weighted mean of its
  better half, which is what CMA-ES would make of them, with `sigma` gene ranges as its first step.
- The package works without bounds, on one number for each free gene, and we fold what it asks into the unit interval
  by reflection. It is told the numbers that it asked, not the folded ones, so that its model of the step stays true.
  An integer or choice gene's values share the unit interval equally; its step is kept at a fifth of a share or more,
  so that it does not freeze on a plateau (Hansen, A CMA-ES for mixed-integer nonlinear optimization, 2011).
- With more than `DIAGONAL_ABOVE` free genes the covariance matrix is diagonal (Ros and Hansen, A simple modification
  in CMA-ES achieving linear time and space complexity, PPSN 2008): the full one costs the genes squared for each
  sample, and must learn more numbers than a run has evaluations.
- A failed agent is told as +inf. Where more than half fail, the failed ones that would count in the new mean are told
  as lying on the old one, so that they do not pull it. When all fail nothing is told, and it samples anew.
- A genome that it did not ask for is told like the others; the package shortens its step where it lies far away
  (Hansen, Injecting external solutions into CMA-ES, arXiv:1110.4181).
- Fewer than `SMALLEST_BATCH` agents are too few to learn from: then the results of several generations make one batch.
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from clau_doom.config import CmaEsConfig
from clau_doom.domain import AgentRef, Genome, GenomeSpace
from clau_doom.evolution.coordinates import Matrix, reflect
from clau_doom.evolution.strategy import Offspring, Result, Strategy

__all__ = ["DIAGONAL_ABOVE", "PARENTS", "SMALLEST_BATCH", "CmaEs"]

DIAGONAL_ABOVE = 200
"""Free genes above which the covariance matrix is diagonal."""
SMALLEST_BATCH = 6
"""Results that one update takes at least."""
PARENTS = 5
"""How many agents an offspring names as its parents: those that weigh most in the mean that it was sampled around."""

# Steps below this (in gene ranges) are lost in a double's rounding; the package divides by them.
_SMALLEST_STEP = 1e-13
_LARGEST_STEP = 1.0 / 3.0


class CmaEs(Strategy):
    """Samples around a mean with a covariance that it learns; strong on up to some hundred real genes."""

    name = "cma-es"

    def __init__(self, config: CmaEsConfig, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0; see `Strategy`."""
        super().__init__(space, population, seed)
        self.config = config
        self._free = np.flatnonzero(self._coordinates.free)
        # The package cannot search one dimension: a second one, which decodes to nothing, costs little.
        self._dimensions = max(2, len(self._free))
        self._batch = population * math.ceil(SMALLEST_BATCH / population)
        self._draws = self._stream("draw")
        self._normals = self._stream("normal")
        self._search: Any = None
        self._parents: tuple[AgentRef, ...] = ()
        self._told: list[tuple[AgentRef, float]] = []
        self._points = self._sample()

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
        self._points[len(self._told) + index, : len(self._free)] = units[self._free]

    def _tell(self, results: Sequence[Result]) -> None:
        self._told += [
            (AgentRef(self.generation, index), math.inf if result.fitness is None else -result.fitness)
            for index, result in enumerate(results)
        ]
        if len(self._told) == self._batch:
            self._learn()
            self._told = []
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._search.tell(list(points), losses.tolist())

    def _sample(self) -> Matrix:
        """Return the next batch, shape (batch, dimensions): numbers that `reflect` folds into the unit interval."""
        if self._search is None:
            return self._draws.random((self._batch, self._dimensions))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.array(self._search.ask(), dtype=np.float64)

    def _start(self, ranked: Matrix) -> Any:
        """Return a search that starts at the weighted mean of the better half of `ranked`, best first."""
        half = max(1, len(ranked) // 2)
        weights = math.log(half + 0.5) - np.log(np.arange(1, half + 1))
        mean = weights @ ranked[:half] / weights.sum()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Imported here because it brings scipy and matplotlib with it: a second that no other strategy needs.
            import cma  # noqa: PLC0415

            # The package's choice above 300 genes, TPA, draws from NumPy's global generator.
            options = self._options() | {"AdaptSigma": cma.sigma_adaptation.CMAAdaptSigmaCSA}
            return cma.CMAEvolutionStrategy(mean, self.config.sigma, options)

    def _options(self) -> dict[str, object]:
        smallest = np.full(self._dimensions, _SMALLEST_STEP)
        steps = self._coordinates.steps[self._free]
        whole = ~self._coordinates.real[self._free]
        smallest[: len(self._free)][whole] = 0.2 / (steps[whole] + 1.0)
        return {
            "popsize": self._batch,
            "CMA_diagonal": len(self._free) > DIAGONAL_ABOVE,
            "minstd": smallest.tolist(),
            "maxstd": max(_LARGEST_STEP, self.config.sigma),
            "randn": lambda *shape: self._normals.standard_normal(shape),
            "seed": math.nan,  # leaves NumPy's global generator alone
            "verbose": -10,
            "verb_log": 0,
            "signals_filename": "",
        }
