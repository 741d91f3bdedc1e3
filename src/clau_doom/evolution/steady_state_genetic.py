"""Steady-state genetic algorithm.

A child is bred by the operators of `Genetic`. It replaces the oldest member of the population, independent of its
fitness (Real, Aggarwal, Huang and Le, Regularized Evolution for Image Classifier Architecture Search, AAAI 2019). A
fitness is a mean over few noisy episodes. If the worst member were replaced, lucky agents would stay permanently. Good
genes survive in offspring and in elites, which are re-evaluated and ranked by the mean of all their results, as in
`Genetic`.
"""

from collections import deque

import numpy as np

from clau_doom.config import GeneticConfig
from clau_doom.domain import Genome, GenomeSpace
from clau_doom.evolution.breeding import Breeding, EvaluatedGenome, joined, scored
from clau_doom.evolution.coordinates import Matrix
from clau_doom.evolution.offspring import Offspring, Result
from clau_doom.evolution.steady_state import SteadyState

__all__ = ["SteadyStateGenetic"]


class SteadyStateGenetic(SteadyState):
    """Tournaments among the latest `population` evaluated genomes and the elites.

    The first `population` agents are drawn, or those of a warm start. Later, each block re-evaluates as many elites as
    are configured, starting with the elite with the oldest evaluation.
    """

    name = "genetic"

    def __init__(
        self, config: GeneticConfig, space: GenomeSpace, population: int, seed: int, *, lookahead: int
    ) -> None:
        """Start before agent 0; see `SteadyState`."""
        super().__init__(space, population, seed, lookahead=lookahead)
        self.config = config
        self._waiting: deque[tuple[Matrix, Genome]] = deque()
        """Agents in flight, in order."""
        self._members: dict[Genome, EvaluatedGenome] = {}
        """Population, oldest first."""
        self._elites: list[EvaluatedGenome] = []
        self._results: deque[Result] = deque(maxlen=population)
        self._pool: list[EvaluatedGenome] = []
        self._scores = np.zeros(0)

    def _ask(self) -> Offspring:
        row, offspring = self._made(self._stream("steady", self.asked))
        self._waiting.append((row, offspring.genome))
        return offspring

    def _made(self, rng: np.random.Generator) -> tuple[Matrix, Offspring]:
        space = self._coordinates
        if self.asked < len(self._given):
            offspring = self._given[self.asked]
            return space.row(offspring.genome), offspring
        if self.asked < self.population or not self._pool:
            row = space.draw(rng, 1)[0]
            return row, Offspring(space.genome(row), (), "draw")
        if elite := self._due():
            return elite.row, Offspring(elite.genome, (elite.ref,), "elite")
        spread = space.spread(np.array([member.row for member in self._members.values()]))
        breeding = Breeding(self.config, space, self._pool, self._scores)
        rows, [(parents, operator)] = breeding.children(rng, 1, self.asked // self.population, spread)
        return rows[0], Offspring(space.genome(rows[0]), parents, operator)

    def _due(self) -> EvaluatedGenome | None:
        """Return the elite to re-evaluate now, or None."""
        often = min(self.config.elites, self.population - 1)
        at = self.asked % self.population
        if (at + 1) * often // self.population == at * often // self.population:  # spread evenly over the block
            return None
        played = {genome for _, genome in self._waiting}
        resting = [elite for elite in self._elites if elite.genome not in played]
        return min(resting, key=lambda elite: elite.ref, default=None)

    def _tell(self, result: Result) -> None:
        row, genome = self._waiting.popleft()
        self._results.append(result)
        known = {elite.genome: elite for elite in self._elites}
        if result.fitness is None:
            self._members.pop(genome, None)
            known.pop(genome, None)
        else:
            new = EvaluatedGenome(row, genome, self.place(self.received), result.episodes, result.fitness)
            # A re-evaluated genome becomes the youngest.
            self._members[genome] = joined(new, self._members.pop(genome, None) or known.get(genome))
            if len(self._members) > self.population:
                del self._members[next(iter(self._members))]
        self._rank([elite for genome, elite in known.items() if genome not in self._members])

    def _rank(self, remembered: list[EvaluatedGenome]) -> None:
        self._pool = [*self._members.values(), *remembered]
        self._scores = scored(self._pool, [*self._results], self.config)
        order = np.argsort(-self._scores, kind="stable")
        kept = min(self.config.elites, max(1, self.population - 1))
        self._elites = [self._pool[index] for index in order[:kept]]
