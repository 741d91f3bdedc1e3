"""How a genetic algorithm makes children of those that were played: by tournaments, crossover and mutation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clau_doom.config import GeneticConfig
from clau_doom.domain import AgentRef, Genome
from clau_doom.evolution.coordinates import Coordinates, Mask, Matrix, row_slices
from clau_doom.evolution.exact import power
from clau_doom.evolution.operators import blend, mutate
from clau_doom.evolution.strategy import Result

__all__ = ["Breeding", "EvaluatedGenome", "joined", "scored", "temperature"]

# Below 0.5 children lie closer together than their parents: measured on noisy functions, 0.3 finds more than 0.5.
_ALPHA = 0.3
_STRONGEST_RISE = 4.0
_LEAST_SIGNAL = 0.1

Made = tuple[tuple[AgentRef, ...], str]
"""The parents and the operator of a child."""


@dataclass(frozen=True, slots=True)
class EvaluatedGenome:
    """A genome that was played, and its results so far.

    Attributes:
        row: Its coordinates.
        genome: Its genes.
        ref: The agent that played it last.
        count: How many episodes were played with it.
        mean: The mean of its agents' fitness, weighted by their episodes.
    """

    row: Matrix
    genome: Genome
    ref: AgentRef
    count: int
    mean: float


def joined(new: EvaluatedGenome, before: EvaluatedGenome | None) -> EvaluatedGenome:
    """Return the contender with its earlier results added."""
    if before is None:
        return new
    count = before.count + new.count
    return replace(new, count=count, mean=before.mean + (new.mean - before.mean) / (count / new.count))


def temperature(config: GeneticConfig, generation: int) -> float:
    """Return the spread of mutation in a generation, in gene ranges, before diversity raises it."""
    cooled = power(0.5, generation / config.half_life)
    return config.sigma_end + (config.sigma - config.sigma_end) * cooled


def scored(pool: Sequence[EvaluatedGenome], results: Sequence[Result], config: GeneticConfig) -> Matrix:
    """Return what contenders are selected by.

    Args:
        pool: The contenders.
        results: Those from which the noise between episodes is estimated, where it counts.
        config: Whether it does.
    """
    return _shrunk(pool, results) if config.shrink else np.array([contender.mean for contender in pool])


@dataclass(frozen=True, slots=True)
class Breeding:
    """Makes children of a pool.

    Attributes:
        config: Tournaments' size, and the rates of crossover and mutation.
        space: The genes.
        pool: Who may be a parent; at least one.
        scores: What each of them is selected by.
    """

    config: GeneticConfig
    space: Coordinates
    pool: Sequence[EvaluatedGenome]
    scores: Matrix

    def children(
        self, rng: np.random.Generator, count: int, generation: int, spread: float
    ) -> tuple[Matrix, list[Made]]:
        """Return the coordinates of children, and the parents and operator of each.

        Args:
            rng: Where the numbers come from.
            count: How many children.
            generation: Which they are in: mutation cools with it.
            spread: How diverse the population is (see `Coordinates.spread`): mutation rises where it is too little.
        """
        pool, config = self.pool, self.config
        entrants = rng.integers(len(pool), size=(count, 2, config.tournament))
        best = np.argmax(self.scores[entrants], axis=2)
        chosen = np.take_along_axis(entrants, best[:, :, None], axis=2)[:, :, 0]
        first, second = chosen[:, 0], chosen[:, 1]
        crossed = (rng.random(count) < config.crossover) & (first != second)
        parents = np.array([contender.row for contender in pool])
        children = blend(self.space, parents, first, second, rng, alpha=_ALPHA)
        for child in np.flatnonzero(~crossed):
            children[child] = parents[first[child]]
        rise = self._rise(spread)
        genes = self._mutating(rng, crossed, min(1.0, config.mutation * rise))
        cooled = temperature(config, generation)
        sigma = min(cooled * rise, max(config.sigma, cooled))
        children = mutate(self.space, children, genes, rng, sigma=sigma)
        made: list[Made] = [
            (
                (pool[one].ref, pool[other].ref) if both else (pool[one].ref,),
                "+".join(["crossover"] * bool(both) + ["mutation"] * bool(changed)),
            )
            for one, other, both, changed in zip(first, second, crossed, np.any(genes, axis=1).tolist(), strict=True)
        ]
        return children, made

    def _mutating(self, rng: np.random.Generator, crossed: Mask, rate: float) -> Mask:
        """Draw which genes of which children mutate; at least one where the child has one parent only."""
        free = self.space.free
        genes = np.empty((len(crossed), len(free)), dtype=bool)
        forced = np.zeros(len(crossed), dtype=np.intp)
        for rows in row_slices(genes.shape):
            drawn = rng.random(genes[rows].shape)
            genes[rows] = (drawn < rate) & free
            if free.any():
                forced[rows] = np.argmin(np.where(free, drawn, 1.0), axis=1)
        if free.any():
            genes[np.flatnonzero(~crossed), forced[~crossed]] = True
        else:
            genes[~crossed] = True
        return genes

    def _rise(self, spread: float) -> float:
        """Return the factor by which mutation is raised: 1 while the population is diverse enough, 4 at most."""
        if spread >= self.config.diversity:
            return 1.0
        return min(_STRONGEST_RISE, self.config.diversity / spread) if spread > 0.0 else _STRONGEST_RISE


def _shrunk(pool: Sequence[EvaluatedGenome], results: Sequence[Result]) -> Matrix:
    """Return what each contender is probably worth: its mean, drawn towards that of all, the more the less is known.

    With noise of variance s² between episodes and genomes of variance t² among each other, the best linear predictor
    of a mean over n episodes is m + (mean - m) t² / (t² + s² / n) (Robinson, "That BLUP is a Good Thing", Statistical
    Science 6, 1991; as an empirical Bayes estimate: Efron and Morris, Journal of the American Statistical Association
    70, 1975). Both variances are estimated from the results of late.
    """
    means = np.array([contender.mean for contender in pool])
    freedom = sum(each.episodes - 1 for each in results if each.variance is not None)
    if freedom == 0 or len(pool) < 2:
        return means
    noise = math.fsum((each.episodes - 1) * each.variance for each in results if each.variance is not None) / freedom
    errors = noise / np.array([contender.count for contender in pool])
    spread = float(np.var(means, ddof=1))
    # Where noise alone explains the differences, what there is of a ranking is kept.
    signal = max(spread - float(errors.mean()), _LEAST_SIGNAL * spread)
    if signal == 0.0:
        return means
    middle = float(means.mean())
    return np.asarray(middle + (means - middle) * (signal / (signal + errors)))
