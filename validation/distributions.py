"""Distributions of simulated values: symmetric, skewed, discrete, and at a limit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DISTRIBUTIONS", "Distribution"]

Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """A distribution with known moments.

    Attributes:
        name: Its name.
        draw: Draws values; called with a generator and a shape.
        mean: The mean.
        deviation: The standard deviation.
    """

    name: str
    draw: Callable[[np.random.Generator, int], Values]
    mean: float
    deviation: float

    def standardized(self, rng: np.random.Generator, count: int) -> Values:
        """Draw values with mean 0 and standard deviation 1."""
        return (self.draw(rng, count) - self.mean) / self.deviation


def _lognormal(sigma: float) -> Distribution:
    mean = float(np.exp(sigma**2 / 2))
    return Distribution(
        name=f"lognormal, sigma {sigma:g}",
        draw=lambda rng, count: rng.lognormal(0.0, sigma, count),
        mean=mean,
        deviation=mean * float(np.sqrt(np.expm1(sigma**2))),
    )


def _poisson(mean: float) -> Distribution:
    return Distribution(
        name=f"Poisson, mean {mean:g}",
        draw=lambda rng, count: rng.poisson(mean, count).astype(np.float64),
        mean=mean,
        deviation=float(np.sqrt(mean)),
    )


def _at_limit(share: float) -> Distribution:
    """Return scores from 5 to 25 with equal probabilities, except for a share that reaches the limit of 26."""
    below = np.arange(5, 26, dtype=np.float64)
    mean = share * 26.0 + (1.0 - share) * float(below.mean())
    square = share * 26.0**2 + (1.0 - share) * float((below**2).mean())

    def draw(rng: np.random.Generator, count: int) -> Values:
        return np.where(rng.random(count) < share, 26.0, rng.choice(below, count))

    return Distribution(
        name=f"{share:.0%} at the limit".replace("%", " %"),
        draw=draw,
        mean=mean,
        deviation=float(np.sqrt(square - mean**2)),
    )


DISTRIBUTIONS: Mapping[str, Distribution] = {
    each.name: each
    for each in (
        Distribution(name="normal", draw=lambda rng, count: rng.normal(size=count), mean=0.0, deviation=1.0),
        Distribution(name="uniform", draw=lambda rng, count: rng.random(count), mean=0.5, deviation=12**-0.5),
        Distribution(
            name="t, 5 degrees of freedom",
            draw=lambda rng, count: rng.standard_t(5.0, count),
            mean=0.0,
            deviation=(5.0 / 3.0) ** 0.5,
        ),
        Distribution(name="exponential", draw=lambda rng, count: rng.exponential(size=count), mean=1.0, deviation=1.0),
        _lognormal(0.5),
        _lognormal(1.0),
        _poisson(3.0),
        _poisson(0.5),
        _at_limit(0.5),
        _at_limit(0.8),
        _at_limit(0.95),
    )
}
"""All distributions by name."""
