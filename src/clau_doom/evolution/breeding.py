"""Breeding of a genetic algorithm: tournaments, crossover and mutation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clau_doom.config import GeneticConfig
from clau_doom.domain import AgentRef, Genome
from clau_doom.evolution.coordinates import Coordinates, Mask, Matrix, row_slices
from clau_doom.evolution.offspring import Result
from clau_doom.evolution.operators import blend, mutate
from clau_doom.evolution.reproducible_math import power

__all__ = ["Breeding", "EvaluatedGenome", "joined", "scored", "temperature"]

# Below 0.5, children lie closer together than their parents. On noisy functions, 0.3 performed better than 0.5.
_ALPHA = 0.3
_STRONGEST_RISE = 4.0
_LEAST_SIGNAL = 0.1

Made = tuple[tuple[AgentRef, ...], str]
"""Parents and operator of a child."""


@dataclass(frozen=True, slots=True)
class EvaluatedGenome:
    """Evaluated genome with its results so far.

    Attributes:
        row: Coordinates of the genome.
        genome: Genes.
        ref: Latest agent with this genome.
        count: Number of episodes of all its agents.
        mean: Mean fitness of its agents, weighted by episodes.
    """

    row: Matrix
    genome: Genome
    ref: AgentRef
    count: int
    mean: float


def joined(new: EvaluatedGenome, before: EvaluatedGenome | None) -> EvaluatedGenome:
    """Return the genome with its earlier results added."""
    if before is None:
        return new
    count = before.count + new.count
    return replace(new, count=count, mean=before.mean + (new.mean - before.mean) / (count / new.count))


def temperature(config: GeneticConfig, generation: int) -> float:
    """Return mutation's standard deviation in a generation, in gene ranges, without the rise at low diversity."""
    cooled = power(0.5, generation / config.half_life)
    return config.sigma_end + (config.sigma - config.sigma_end) * cooled


def scored(pool: Sequence[EvaluatedGenome], results: Sequence[Result], config: GeneticConfig) -> Matrix:
    """Return the selection scores of genomes.

    Args:
        pool: Genomes to score.
        results: Results for the estimate of noise between episodes, used with `shrink`.
        config: Settings of the algorithm.
    """
    return _shrunk(pool, results) if config.shrink else np.array([contender.mean for contender in pool])


@dataclass(frozen=True, slots=True)
class Breeding:
    """Breeds children from a pool of parents.

    Attributes:
        config: Tournament size, and rates of crossover and mutation.
        space: Gene space.
        pool: Possible parents, at least one.
        scores: Selection score of each.
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
            rng: Random generator.
            count: Number of children.
            generation: Generation of the children, on which the cooling of mutation depends.
            spread: Diversity of the population (see `Coordinates.spread`); mutation rises at low diversity.
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
                "+".join(["crossover"] * bool(both) + ["mutation"] * bool(changed or not both)),
            )
            for one, other, both, changed in zip(first, second, crossed, np.any(genes, axis=1).tolist(), strict=True)
        ]
        return children, made

    def _mutating(self, rng: np.random.Generator, crossed: Mask, rate: float) -> Mask:
        """Draw a mask of mutating genes; a child with one parent has at least one if a gene is free."""
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
        return genes

    def _rise(self, spread: float) -> float:
        """Return the factor of mutation: 1 for a diverse population, 4 at most."""
        if spread >= self.config.diversity:
            return 1.0
        return min(_STRONGEST_RISE, self.config.diversity / spread) if spread > 0.0 else _STRONGEST_RISE


def _shrunk(pool: Sequence[EvaluatedGenome], results: Sequence[Result]) -> Matrix:
    """Return the means shrunk towards the overall mean, more strongly for fewer episodes.

    With noise of variance s² between episodes and genomes of variance t² among each other, the best linear predictor
    of a mean over n episodes is m + (mean - m) t² / (t² + s² / n) (Robinson, "That BLUP is a Good Thing", Statistical
    Science 6, 1991; as an empirical Bayes estimate: Efron and Morris, Journal of the American Statistical Association
    70, 1975). Both variances are estimated from recent results.
    """
    means = np.array([contender.mean for contender in pool])
    freedom = sum(each.episodes - 1 for each in results if each.variance is not None)
    if freedom == 0 or len(pool) < 2:
        return means
    noise = math.fsum((each.episodes - 1) * each.variance for each in results if each.variance is not None) / freedom
    errors = noise / np.array([contender.count for contender in pool])
    spread = float(np.var(means, ddof=1))
    # If noise alone explains the differences, the ranking is kept.
    signal = max(spread - float(errors.mean()), _LEAST_SIGNAL * spread)
    if signal == 0.0:
        return means
    middle = float(means.mean())
    return np.asarray(middle + (means - middle) * (signal / (signal + errors)))
