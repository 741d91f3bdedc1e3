"""A genetic algorithm in which agents replace each other one by one.

A child is bred by the operators of `Genetic`, and enters the population in the place of its oldest member, however
good that one is (Real, Aggarwal, Huang and Le, Regularized Evolution for Image Classifier Architecture Search, AAAI
2019). To replace the worst instead would keep whoever was lucky once for good, because a fitness is a mean over few
noisy episodes. What is good stays by what it leaves, and the elites by being played again: they count with the mean of
all their results, as in `Genetic`.
"""

from collections import deque

import numpy as np

from clau_doom.config import GeneticConfig
from clau_doom.domain import Genome, GenomeSpace
from clau_doom.evolution.breeding import Breeding, EvaluatedGenome, joined, scored
from clau_doom.evolution.coordinates import Matrix
from clau_doom.evolution.steady_state import SteadyState
from clau_doom.evolution.strategy import Offspring, Result

__all__ = ["SteadyGenetic"]


class SteadyGenetic(SteadyState):
    """Tournaments among the last `population` genomes that were told, and the elites.

    Agents are drawn until there was a first `population` of them. From then on as many agents of each block as there
    are elites play an elite again: the one that has waited longest.
    """

    name = "genetic"

    def __init__(
        self, config: GeneticConfig, space: GenomeSpace, population: int, seed: int, *, lookahead: int
    ) -> None:
        """Start before agent 0; see `SteadyState`."""
        super().__init__(space, population, seed, lookahead=lookahead)
        self.config = config
        self._waiting: deque[tuple[Matrix, Genome]] = deque()
        """Those that are asked and not told, in order."""
        self._members: dict[Genome, EvaluatedGenome] = {}
        """The population, the oldest first."""
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
        """Return the elite that is to be played again now, or None."""
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
            new = EvaluatedGenome(row, genome, self.place(self.told), result.episodes, result.fitness)
            # A genome that plays again is the youngest.
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
