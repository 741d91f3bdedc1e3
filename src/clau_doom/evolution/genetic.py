"""Genetic algorithm for noisy fitness.

A fitness is a mean over few episodes. Its noise is often as large as the differences between agents, so that the best
observed agent may only be lucky. Therefore elites are re-evaluated in each generation. A genome is ranked by the mean
of all its results, which converges to its expected fitness (Stagge, Averaging efficiently in the presence of noise,
PPSN V, 1998). Tournaments depend on ranks only (Jin and Branke, Evolutionary optimization in uncertain environments: a
survey, IEEE Transactions on Evolutionary Computation 9, 2005).
"""

from collections.abc import Sequence

import numpy as np

from clau_doom.config import GeneticConfig
from clau_doom.domain import AgentRef, Genome, GenomeSpace
from clau_doom.evolution.breeding import Breeding, EvaluatedGenome, joined, scored, temperature
from clau_doom.evolution.coordinates import Matrix
from clau_doom.evolution.offspring import Offspring, Result
from clau_doom.evolution.strategy import Strategy

__all__ = ["Genetic"]


class Genetic(Strategy):
    """Genetic algorithm: tournaments, crossover by gene type, cooling mutation, re-evaluated elites.

    Mutation's spread in generation g is sigma_end + (sigma - sigma_end) * 0.5 ** (g / half_life): it does not
    depend on the total number of generations, so that a run can be extended.
    """

    name = "genetic"

    def __init__(self, config: GeneticConfig, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0; see `Strategy`.

        At least one agent of each generation is new, for any number of elites. A population of 1 keeps its elite as a
        parent without re-evaluation.
        """
        super().__init__(space, population, seed)
        self.config = config
        self._rows: Matrix = np.zeros((0, len(space)))
        self._genomes: list[Genome] = []
        self._pool: list[EvaluatedGenome] = []
        self._elites: list[EvaluatedGenome] = []
        self._scores = np.zeros(0)

    def temperature(self, generation: int) -> float:
        """Return mutation's standard deviation in a generation, in gene ranges, without the rise at low diversity."""
        return temperature(self.config, generation)

    def _ask(self) -> Sequence[Offspring]:
        rng = self._stream(self.generation)
        if not self._pool:
            self._rows = self._coordinates.draw(rng, self.population)
            self._genomes = [self._coordinates.genome(row) for row in self._rows]
            return [Offspring(genome, (), "draw") for genome in self._genomes]
        elites = self._elites[: self.population - 1]
        breeding = Breeding(self.config, self._coordinates, self._pool, self._scores)
        spread = self._coordinates.spread(self._rows)
        rows, made = breeding.children(rng, self.population - len(elites), self.generation, spread)
        self._rows = np.array([elite.row for elite in elites] + list(rows))
        kept = [Offspring(elite.genome, (elite.ref,), "elite") for elite in elites]
        offspring = kept + [
            Offspring(self._coordinates.genome(row), parents, operator)
            for row, (parents, operator) in zip(rows, made, strict=True)
        ]
        self._genomes = [each.genome for each in offspring]
        return offspring

    def _immigrate(self, index: int, genome: Genome) -> None:
        self._rows[index] = self._coordinates.row(genome)
        self._genomes[index] = genome

    def _tell(self, results: Sequence[Result]) -> None:
        known = {elite.genome: elite for elite in self._elites}
        failed = {genome for genome, result in zip(self._genomes, results, strict=True) if result.fitness is None}
        played: dict[Genome, EvaluatedGenome] = {}
        for index, result in enumerate(results):
            if result.fitness is None:
                continue
            genome = self._genomes[index]
            before = played.get(genome) or known.get(genome)
            ref = AgentRef(self.generation, index)
            new = EvaluatedGenome(self._rows[index], genome, ref, result.episodes, result.fitness)
            played[genome] = joined(new, before)
        if not played:
            return
        remembered = [elite for elite in self._elites if elite.genome not in played and elite.genome not in failed]
        self._pool = [*played.values(), *remembered]
        self._scores = scored(self._pool, results, self.config)
        order = np.argsort(-self._scores, kind="stable")
        kept = min(self.config.elites, max(1, self.population - 1))
        self._elites = [self._pool[index] for index in order[:kept]]
