"""OpenAI's evolution strategy in one file (Salimans et al., arXiv:1703.03864).

The search keeps one point, the centre, in units of gene ranges. Each generation consists of pairs of agents at mirrored
steps from the centre (antithetic sampling). The centre moves along the sum of the steps, each weighted by the rank of
its agent's fitness (rank shaping), with the step sizes of Adam.

Steps are multiples of 2^-16 and rank weights are whole numbers, so that sums are exact on every processor.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import Genome, GenomeSpace
from clau_doom.evolution import Offspring, Result, Strategy

__all__ = ["OpenAIES"]

Matrix = NDArray[np.float64]

_GRID = 2.0**16
_DECAY_1, _DECAY_2, _EPSILON = 0.9, 0.999, 1e-8
"""Constants of Adam (Kingma and Ba, arXiv:1412.6980)."""


class OpenAIES(Strategy):
    """OpenAI-ES with antithetic sampling, rank shaping and Adam."""

    name = "openai-es"

    def __init__(
        self, space: GenomeSpace, population: int, seed: int, *, sigma: float = 0.1, learning_rate: float = 0.05
    ) -> None:
        """Start in the middle of the gene space.

        Args:
            space: Gene space.
            population: Agents in each generation; an even number.
            seed: The experiment's seed.
            sigma: Standard deviation of a step, in gene ranges.
            learning_rate: Largest movement of the centre in a generation, in gene ranges.
        """
        super().__init__(space, population, seed)
        if population % 2:
            raise ValueError(f"population is {population}: use an even number, because agents are pairs")
        if sigma <= 0.0 or learning_rate <= 0.0:
            raise ValueError(f"sigma is {sigma} and learning_rate {learning_rate}: use numbers above 0")
        self.sigma = sigma
        self.learning_rate = learning_rate
        self._center = np.full(len(space), 0.5)
        self._steps: Matrix = np.zeros((population, len(space)))
        self._first = np.zeros(len(space))
        self._second = np.zeros(len(space))
        self._powers = (1.0, 1.0)

    def _ask(self) -> Sequence[Offspring]:
        rng = self._stream("steps", self.generation)
        half = _on_grid(rng.standard_normal((self.population // 2, len(self.space))))
        self._steps = np.concatenate([half, -half])
        units = np.clip(self._center + self.sigma * self._steps, 0.0, 1.0)
        rows = self._coordinates.from_units(units)
        return [Offspring(self._coordinates.genome(row), (), "step") for row in rows]

    def _immigrate(self, index: int, genome: Genome) -> None:
        units = self._coordinates.to_units(self._coordinates.row(genome))
        self._steps[index] = _on_grid((units - self._center) / self.sigma)

    def _tell(self, results: Sequence[Result]) -> None:
        fitness = np.array([-np.inf if result.fitness is None else result.fitness for result in results])
        # The number of worse agents less the number of better ones: equal fitnesses have equal weights.
        weights = np.sum(fitness[:, None] > fitness, axis=1) - np.sum(fitness[:, None] < fitness, axis=1)
        total = np.sum(weights[:, None] * self._steps, axis=0)
        self._move(total / (self.population * max(self.population - 1, 1) * self.sigma))

    def _move(self, gradient: Matrix) -> None:
        """Move the centre along an estimated gradient with Adam."""
        self._powers = (self._powers[0] * _DECAY_1, self._powers[1] * _DECAY_2)
        self._first = _DECAY_1 * self._first + (1.0 - _DECAY_1) * gradient
        self._second = _DECAY_2 * self._second + (1.0 - _DECAY_2) * gradient * gradient
        first, second = self._first / (1.0 - self._powers[0]), self._second / (1.0 - self._powers[1])
        step = self.learning_rate * first / (np.sqrt(second) + _EPSILON)
        self._center = np.clip(self._center + step, 0.0, 1.0)


def _on_grid(values: Matrix) -> Matrix:
    """Round values to multiples of 2^-16, at most 2^16."""
    return np.rint(np.clip(values, -_GRID, _GRID) * _GRID) / _GRID
