"""Normal distribution that CMA-ES samples from, and its update.

Hansen, The CMA evolution strategy: a tutorial (arXiv:1604.00772, version of 2023), with its default parameters and its
negative recombination weights. Differences:

- A = chol(C) replaces the symmetric root of C, in sampling and in the path of the step size (Krause, Arbonès and Igel,
  CMA-ES with optimal covariance update and storage complexity, NIPS 2016). A symmetric root needs an
  eigendecomposition, which differs between processors in all libraries.
- `diagonal` keeps the variances only and learns (n + 2) / 3 times as fast (Ros and Hansen, A simple modification in
  CMA-ES achieving linear time and space complexity, PPSN 2008).
- The standard deviation of each coordinate is limited to the range from `smallest` to `largest`. A separate factor
  for each coordinate does this, so that the learned distribution is unchanged.
- The step of a foreign point is limited in length (Hansen, Injecting external solutions into CMA-ES, arXiv:1110.4181).

All arithmetic is that of `reproducible_math`, so that state and samples have the same bits on every processor.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clau_doom.evolution.coordinates import Matrix
from clau_doom.evolution.reproducible_math import cholesky, exp, log, norm, solve_lower, times_lower, weighted_sum

__all__ = ["SearchDistribution", "recombination_weights"]

# Maximum ratio of the largest to the smallest variance in C; beyond it a Cholesky factor loses precision.
_CONDITION = 1e14
# Ridges to add to a covariance until it has a root, each four times the previous one.
_MOST_RIDGES = 40
# The largest change of log(sigma) in one update.
_FASTEST_CHANGE = 1.0


@dataclass(frozen=True, slots=True)
class _Rates:
    """The tutorial's Table 1, for `n` dimensions and `batch` samples.

    Attributes:
        weights: Positive ones sum to 1, the others are negative, best first, shape (batch,).
        parents: Number of positive weights.
        effective: The variance effective selection mass of the positive ones.
        sigma_path: Rate of the step size's path.
        damping: Damping of the step size.
        path: Rate of the covariance's path.
        rank_one: Rate of the path's outer product.
        rank_mu: Rate of the samples' outer products.
        length: The expected length of a standard normal vector.
    """

    weights: Matrix
    parents: int
    effective: float
    sigma_path: float
    damping: float
    path: float
    rank_one: float
    rank_mu: float
    length: float


class SearchDistribution:
    """State of CMA-ES: mean, step size, covariance and two paths.

    Attributes:
        mean: Shape (n,).
        sigma: The step size, above 0.
    """

    def __init__(
        self, mean: Matrix, sigma: float, batch: int, *, diagonal: bool, smallest: Matrix, largest: float
    ) -> None:
        """Start at a mean, with the identity as covariance.

        Args:
            mean: Shape (n,).
            sigma: The first step, above 0.
            batch: Samples in each update, at least 2.
            diagonal: Whether the covariance is diagonal.
            smallest: Minimum standard deviation of each coordinate, shape (n,).
            largest: Maximum standard deviation of any coordinate.
        """
        self.mean = mean.copy()
        self.sigma = sigma
        self._diagonal = diagonal
        self._smallest, self._largest = smallest, largest
        n = len(mean)
        self._rates = _rates(n, batch, diagonal=diagonal)
        self._sigma_path, self._path = np.zeros(n), np.zeros(n)
        # (1 - sigma_path)^(2 g) is the share of the path's start that remains after g updates.
        self._forgotten = 1.0
        # C and its root: vectors of variances and deviations if diagonal, else matrices.
        self._covariance = np.ones(n) if diagonal else np.eye(n)
        self._root = self._covariance.copy()
        self._scale = self._limits()

    def sample(self, normals: Matrix) -> Matrix:
        """Return points for standard normal numbers, both of shape (count, n)."""
        steps = normals * self._root if self._diagonal else times_lower(self._root, normals)
        return self.mean + self._scale * steps

    def update(self, points: Matrix, foreign: Sequence[int] = ()) -> None:
        """Learn from a batch of points.

        Args:
            points: Ranked, best first, shape (batch, n).
            foreign: Ranks of the points that were not created by `sample`.
        """
        rates = self._rates
        steps = (points - self.mean) / self._scale
        whitened = steps / self._root if self._diagonal else solve_lower(self._root, steps)
        for rank in foreign:
            factor = self._shortening(whitened[rank])
            steps[rank] *= factor
            whitened[rank] *= factor
        positive = rates.weights[: rates.parents]
        step = weighted_sum(positive, steps[: rates.parents])
        self.mean = self.mean + self._scale * step
        learns = self._move_sigma(weighted_sum(positive, whitened[: rates.parents]))
        self._move_path(step, learns=learns)
        self._move_covariance(steps, whitened, learns=learns)
        self._factorise()
        self._scale = self._limits()

    def _shortening(self, whitened: Matrix) -> float:
        """Return the factor that shortens a foreign step to the maximum length."""
        n = len(whitened)
        length = norm(whitened)
        longest = math.sqrt(n) + 2.0 * n / (n + 2.0)
        return longest / length if length > longest else 1.0

    def _move_sigma(self, whitened: Matrix) -> bool:
        """Adapt the step size; return whether the path of the covariance is updated."""
        rates, n = self._rates, len(whitened)
        keep = 1.0 - rates.sigma_path
        gain = math.sqrt(rates.sigma_path * (2.0 - rates.sigma_path) * rates.effective)
        self._sigma_path = keep * self._sigma_path + gain * whitened
        self._forgotten *= keep * keep
        length = norm(self._sigma_path)
        change = rates.sigma_path / rates.damping * (length / rates.length - 1.0)
        self.sigma *= exp(min(max(change, -_FASTEST_CHANGE), _FASTEST_CHANGE))
        return length < (1.4 + 2.0 / (n + 1.0)) * rates.length * math.sqrt(1.0 - self._forgotten)

    def _move_path(self, step: Matrix, *, learns: bool) -> None:
        rates = self._rates
        gain = math.sqrt(rates.path * (2.0 - rates.path) * rates.effective) if learns else 0.0
        self._path = (1.0 - rates.path) * self._path + gain * step

    def _move_covariance(self, steps: Matrix, whitened: Matrix, *, learns: bool) -> None:
        rates, n = self._rates, len(self.mean)
        lost = 0.0 if learns else rates.path * (2.0 - rates.path)
        total = math.fsum(rates.weights.tolist())
        kept = 1.0 + rates.rank_one * lost - rates.rank_one - rates.rank_mu * total
        found = kept * self._covariance + rates.rank_one * self._square(self._path)
        for weight, step, white in zip(rates.weights.tolist(), steps, whitened, strict=True):
            if weight < 0.0:
                length = norm(white)
                # A negative weight uses the direction of a step and not its length, so that C stays positive definite.
                weight *= n / (length * length + 1e-9)  # noqa: PLW2901 the weight of this step
            found += rates.rank_mu * weight * self._square(step)
        self._covariance = found

    def _square(self, step: Matrix) -> Matrix:
        return step * step if self._diagonal else step[:, None] * step[None, :]

    def _factorise(self) -> None:
        """Compute the root of the covariance; too small variances are raised."""
        variances = self._covariance if self._diagonal else np.diagonal(self._covariance)
        least = float(np.max(variances)) / _CONDITION
        if self._diagonal:
            self._covariance = np.maximum(self._covariance, least)
            self._root = np.sqrt(self._covariance)
            return
        for _ in range(_MOST_RIDGES):
            try:
                self._root = cholesky(self._covariance)
            except ArithmeticError:
                self._covariance[np.diag_indices_from(self._covariance)] += least
                least *= 4.0
            else:
                return
        raise ArithmeticError("the covariance matrix of CMA-ES cannot be factorised: a point or a step is not finite")

    def _limits(self) -> Matrix:
        """Return the step of each coordinate in units of the learned distribution, shape (n,), within the limits."""
        variances = self._covariance if self._diagonal else np.diagonal(self._covariance)
        deviations = np.sqrt(variances)
        # If all coordinates are at a limit, sigma itself is limited, so that it neither vanishes nor overflows.
        highest, lowest = float(np.max(deviations)), float(np.min(deviations))
        self.sigma = min(max(self.sigma, float(np.min(self._smallest)) / highest), self._largest / lowest)
        wanted = self.sigma * deviations
        return np.clip(wanted, self._smallest, self._largest) / deviations


def recombination_weights(batch: int) -> Matrix:
    """Return log((batch + 1) / 2) - log(rank) for ranks 1 to `batch`, shape (batch,)."""
    middle = log((batch + 1) / 2.0)
    return np.array([middle - log(float(rank)) for rank in range(1, batch + 1)])


def _rates(n: int, batch: int, *, diagonal: bool) -> _Rates:
    raw = recombination_weights(batch)
    parents = int(np.count_nonzero(raw > 0.0))
    effective, opposite = _mass(raw[:parents]), _mass(raw[parents:])
    sigma_path = (effective + 2.0) / (n + effective + 5.0)
    rank_one = 2.0 / ((n + 1.3) * (n + 1.3) + effective)
    rank_mu = 2.0 * (0.25 + effective + 1.0 / effective - 2.0) / ((n + 2.0) * (n + 2.0) + effective)
    faster = (n + 2.0) / 3.0 if diagonal else 1.0
    rank_one = min(1.0, rank_one * faster)
    rank_mu = min(1.0 - rank_one, rank_mu * faster)
    negative = 0.0
    if rank_mu > 0.0:
        negative = min(
            1.0 + rank_one / rank_mu,
            1.0 + 2.0 * opposite / (effective + 2.0),
            (1.0 - rank_one - rank_mu) / (n * rank_mu),
        )
    scales = np.where(raw > 0.0, 1.0 / _total(raw[:parents]), negative / -_total(raw[parents:]))
    return _Rates(
        weights=raw * scales,
        parents=parents,
        effective=effective,
        sigma_path=sigma_path,
        damping=1.0 + 2.0 * max(0.0, math.sqrt(max(0.0, (effective - 1.0) / (n + 1.0))) - 1.0) + sigma_path,
        path=(4.0 + effective / n) / (n + 4.0 + 2.0 * effective / n),
        rank_one=rank_one,
        rank_mu=rank_mu,
        length=math.sqrt(n) * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
    )


def _total(weights: Matrix) -> float:
    return math.fsum(weights.tolist())


def _mass(weights: Matrix) -> float:
    """Return the variance effective selection mass: the square of the sum divided by the sum of squares."""
    total = _total(weights)
    return total * total / _total(weights * weights)
