"""A genetic algorithm for noisy fitness.

A fitness is a mean over few episodes, and its noise is often as large as the differences between agents: the best of
many noisy numbers is mostly the luckiest. Therefore elites are played again with every generation, and a genome counts
with the mean of all its results: one that was lucky once falls back to what it is worth (Stagge, Averaging efficiently
in the presence of noise, PPSN V, 1998). Tournaments, which look at ranks alone, do the rest (Jin and Branke,
Evolutionary optimization in uncertain environments: a survey, IEEE Transactions on Evolutionary Computation 9, 2005).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clau_doom.config import GeneticConfig
from clau_doom.domain import AgentRef, Genome, GenomeSpace
from clau_doom.evolution.coordinates import Mask, Matrix
from clau_doom.evolution.operators import blend, mutate
from clau_doom.evolution.strategy import Offspring, Result, Strategy

__all__ = ["Genetic"]

# Below 0.5 children lie closer together than their parents: measured on noisy functions, 0.3 finds more than 0.5.
_ALPHA = 0.3
_STRONGEST_RISE = 4.0
_LEAST_SIGNAL = 0.1


@dataclass(frozen=True, slots=True)
class _Contender:
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


class Genetic(Strategy):
    """Tournaments, crossover by gene type, mutation that cools, elites that play again.

    Mutation's spread in generation g is sigma_end + (sigma - sigma_end) * 0.5 ** (g / half_life): it depends on the
    generation alone, never on how many there will be, so that a run can be prolonged.
    """

    name = "genetic"

    def __init__(self, config: GeneticConfig, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0; see `Strategy`.

        At least one agent of every generation is new, however many elites are configured; a population of 1 remembers
        its elite as a parent without playing it again.
        """
        super().__init__(space, population, seed)
        self.config = config
        self._rows: Matrix = np.zeros((0, len(space)))
        self._genomes: list[Genome] = []
        self._pool: list[_Contender] = []
        self._elites: list[_Contender] = []
        self._scores = np.zeros(0)

    def temperature(self, generation: int) -> float:
        """Return the spread of mutation in a generation, in gene ranges, before diversity raises it."""
        config = self.config
        cooled = 0.5 ** (generation / config.half_life)
        return float(config.sigma_end + (config.sigma - config.sigma_end) * cooled)

    def _ask(self) -> Sequence[Offspring]:
        rng = self._stream(self.generation)
        if not self._pool:
            self._rows = self._coordinates.draw(rng, self.population)
            self._genomes = [self._coordinates.genome(row) for row in self._rows]
            return [Offspring(genome, (), "draw") for genome in self._genomes]
        elites = self._elites[: self.population - 1]
        rows, made = self._breed(rng, self.population - len(elites))
        self._rows = np.array([elite.row for elite in elites] + list(rows))
        kept = [Offspring(elite.genome, (elite.ref,), "elite") for elite in elites]
        offspring = kept + [
            Offspring(self._coordinates.genome(row), parents, operator)
            for row, (parents, operator) in zip(rows, made, strict=True)
        ]
        self._genomes = [each.genome for each in offspring]
        return offspring

    def _breed(self, rng: np.random.Generator, count: int) -> tuple[Matrix, list[tuple[tuple[AgentRef, ...], str]]]:
        """Return the coordinates of `count` children, and the parents and operator of each."""
        space, pool = self._coordinates, self._pool
        entrants = rng.integers(len(pool), size=(count, 2, self.config.tournament))
        best = np.argmax(self._scores[entrants], axis=2)
        chosen = np.take_along_axis(entrants, best[:, :, None], axis=2)[:, :, 0]
        first, second = chosen[:, 0], chosen[:, 1]
        crossed = (rng.random(count) < self.config.crossover) & (first != second)
        parents = np.array([contender.row for contender in pool])
        children = blend(space, parents[first], parents[second], rng, alpha=_ALPHA)
        children = np.where(crossed[:, None], children, parents[first])
        rise = self._rise()
        genes = self._mutating(rng, crossed, min(1.0, self.config.mutation * rise))
        cooled = self.temperature(self.generation)
        sigma = min(cooled * rise, max(self.config.sigma, cooled))
        children = mutate(space, children, genes, rng, sigma=sigma)
        made: list[tuple[tuple[AgentRef, ...], str]] = [
            (
                (pool[one].ref, pool[other].ref) if both else (pool[one].ref,),
                "+".join(["crossover"] * bool(both) + ["mutation"] * bool(changed)),
            )
            for one, other, both, changed in zip(first, second, crossed, np.any(genes, axis=1).tolist(), strict=True)
        ]
        return children, made

    def _mutating(self, rng: np.random.Generator, crossed: Mask, rate: float) -> Mask:
        """Draw which genes of which children mutate; at least one where the child has one parent only."""
        drawn = rng.random((len(crossed), len(self.space)))
        genes = (drawn < rate) & self._coordinates.free
        free = np.flatnonzero(self._coordinates.free)
        if len(free):
            forced = free[np.argmin(drawn[:, free], axis=1)]
            genes[np.flatnonzero(~crossed), forced[~crossed]] = True
        else:
            genes[~crossed] = True
        return genes

    def _rise(self) -> float:
        """Return the factor by which mutation is raised: 1 while the last generation was diverse enough, 4 at most."""
        spread = self._coordinates.spread(self._rows)
        if spread >= self.config.diversity:
            return 1.0
        return min(_STRONGEST_RISE, self.config.diversity / spread) if spread > 0.0 else _STRONGEST_RISE

    def _immigrate(self, index: int, genome: Genome) -> None:
        self._rows[index] = self._coordinates.row(genome)
        self._genomes[index] = genome

    def _tell(self, results: Sequence[Result]) -> None:
        known = {elite.genome: elite for elite in self._elites}
        failed = {genome for genome, result in zip(self._genomes, results, strict=True) if result.fitness is None}
        played: dict[Genome, _Contender] = {}
        for index, result in enumerate(results):
            if result.fitness is None:
                continue
            genome = self._genomes[index]
            before = played.get(genome) or known.get(genome)
            ref = AgentRef(self.generation, index)
            new = _Contender(self._rows[index], genome, ref, result.episodes, result.fitness)
            played[genome] = _joined(new, before)
        if not played:
            return
        remembered = [elite for elite in self._elites if elite.genome not in played and elite.genome not in failed]
        self._pool = [*played.values(), *remembered]
        self._scores = np.array([contender.mean for contender in self._pool])
        if self.config.shrink:
            self._scores = _shrunk(self._pool, results)
        order = np.argsort(-self._scores, kind="stable")
        kept = min(self.config.elites, max(1, self.population - 1))
        self._elites = [self._pool[index] for index in order[:kept]]


def _joined(new: _Contender, before: _Contender | None) -> _Contender:
    """Return the contender with its earlier results added."""
    if before is None:
        return new
    count = before.count + new.count
    return replace(new, count=count, mean=before.mean + (new.mean - before.mean) / (count / new.count))


def _shrunk(pool: Sequence[_Contender], results: Sequence[Result]) -> Matrix:
    """Return what each contender is probably worth: its mean, drawn towards that of all, the more the less is known.

    With noise of variance s² between episodes and genomes of variance t² among each other, the best linear predictor
    of a mean over n episodes is m + (mean - m) t² / (t² + s² / n) (Robinson, "That BLUP is a Good Thing", Statistical
    Science 6, 1991; as an empirical Bayes estimate: Efron and Morris, Journal of the American Statistical Association
    70, 1975). Both variances are estimated from this generation.
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
