"""Random search: the baseline of other strategies."""

from collections.abc import Sequence

from clau_doom.config import RandomSearchConfig
from clau_doom.domain import Genome, GenomeSpace
from clau_doom.evolution.offspring import Offspring, Result
from clau_doom.evolution.steady_state import SteadyState
from clau_doom.evolution.strategy import Strategy

__all__ = ["RandomSearch", "SteadyStateRandom"]


class RandomSearch(Strategy):
    """Draws all agents uniformly over the full range of each gene, without learning."""

    name = "random"

    def __init__(self, config: RandomSearchConfig, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0; see `Strategy`."""
        super().__init__(space, population, seed)
        self.config = config

    def _ask(self) -> Sequence[Offspring]:
        rows = self._coordinates.draw(self._stream(self.generation), self.population)
        return [Offspring(self._coordinates.genome(row), (), "draw") for row in rows]

    def _immigrate(self, index: int, genome: Genome) -> None:
        pass

    def _tell(self, results: Sequence[Result]) -> None:
        pass


class SteadyStateRandom(SteadyState):
    """Random search, one agent after another."""

    name = "random"

    def _ask(self) -> Offspring:
        row = self._coordinates.draw(self._stream("steady", self.asked), 1)[0]
        return Offspring(self._coordinates.genome(row), (), "draw")

    def _tell(self, result: Result) -> None:
        pass
