"""Contract tests of every bundled strategy and of the examples, and of the contract suite itself."""

import random
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from clau_doom.config import CmaEsConfig, EvolutionConfig, GeneticConfig, MapElitesConfig, RandomSearchConfig
from clau_doom.domain import Genome, GenomeSpace
from clau_doom.evolution import Offspring, Result, SteadyState, Strategy, make_steady_state, make_strategy
from clau_doom.testing import check_strategy

CONFIGS: tuple[EvolutionConfig, ...] = (
    GeneticConfig(),
    GeneticConfig(elites=0, shrink=True),
    CmaEsConfig(),
    MapElitesConfig(),
    RandomSearchConfig(),
)
STEADY: tuple[EvolutionConfig, ...] = (
    GeneticConfig(mode="steady_state", lookahead=4),
    RandomSearchConfig(mode="steady_state", lookahead=1),
    GeneticConfig(mode="steady_state", lookahead=9),
)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.kind)
def test_generational_strategies(config: EvolutionConfig) -> None:
    check_strategy(partial(make_strategy, config))


@pytest.mark.parametrize("config", STEADY, ids=lambda config: f"{config.kind}-{config.lookahead}")
def test_steady_state_strategies(config: EvolutionConfig) -> None:
    check_strategy(partial(make_steady_state, config))


class Good(Strategy):
    """Draws around the best genome."""

    count = 0

    def __init__(self, space: GenomeSpace, population: int, seed: int) -> None:
        super().__init__(space, population, seed)
        self.genomes: list[Genome] = []
        self.best = self._coordinates.genome(self._coordinates.draw(self._stream("first"), 1)[0])

    def rng(self) -> np.random.Generator:
        return self._stream(self.generation)

    def _ask(self) -> Sequence[Offspring]:
        drawn = self._coordinates.draw(self.rng(), self.population - 1)
        self.genomes = [self.best, *(self._coordinates.genome(row) for row in drawn)]
        return [Offspring(genome, (), "draw") for genome in self.genomes]

    def _tell(self, results: Sequence[Result]) -> None:
        ranked = [(result.fitness, index) for index, result in enumerate(results) if result.fitness is not None]
        if ranked:
            self.best = self.genomes[max(ranked)[1]]

    def _immigrate(self, index: int, genome: Genome) -> None:
        self.genomes[index] = genome


class GlobalNumpy(Good):
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(np.random.randint(1 << 30))  # noqa: NPY002


class GlobalRandom(Good):
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(random.randrange(1 << 30))


class Unseeded(Good):
    def rng(self) -> np.random.Generator:
        return np.random.default_rng()


class Shared(Good):
    def rng(self) -> np.random.Generator:
        Shared.count += 1
        return self._stream(Shared.count)


class Fragile(Good):
    def _tell(self, results: Sequence[Result]) -> None:
        self.best = self.genomes[int(np.argmax([result.fitness for result in results]))]  # type: ignore[arg-type]


class Standardising(Good):
    def _tell(self, results: Sequence[Result]) -> None:
        known = [result.fitness for result in results if result.fitness is not None]
        self.scores = [fitness / (max(known) - min(known)) for fitness in known]


class Unbounded(Good):
    def _ask(self) -> Sequence[Offspring]:
        return [Offspring(Genome(self.space.high + 1.0), (), "draw")] * self.population


class Sorting(Good):
    def _tell(self, results: Sequence[Result]) -> None:
        assert isinstance(results, list)
        results.sort(key=lambda result: result.fitness or 0.0)


class Impatient(Good):
    def ask(self) -> tuple[Offspring, ...]:
        self._asked = False
        return super().ask()


class Deaf(Good):
    def immigrate(self, index: int, genome: Genome) -> Offspring:
        return Offspring(self.genomes[index], (), "draw")


class EagerSteady(SteadyState):
    @property
    def waits(self) -> bool:
        return False

    def _ask(self) -> Offspring:
        return Offspring(self._coordinates.genome(self._coordinates.draw(self._stream(self.asked), 1)[0]), (), "draw")

    def _tell(self, result: Result) -> None:
        pass


def test_a_correct_strategy_passes() -> None:
    check_strategy(Good)
    check_strategy(Good, population=3, generations=7)


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (GlobalNumpy, "a global random generator is used with a smooth fitness"),
        (GlobalRandom, "a global random generator is used"),
        (Unseeded, "two objects with the same seed and results ask for different offspring"),
        (Shared, "two objects with the same seed and results ask for different offspring"),
        (Fragile, "TypeError"),
        (Standardising, "ZeroDivisionError"),
        (Unbounded, "keep each gene within its bounds"),
        (Sorting, "tell changes the list of results"),
        (Impatient, "a second ask before tell is not refused"),
        (Deaf, "an injected genome is missing"),
        (partial(EagerSteady, lookahead=2), "does not wait for results after lookahead offspring"),
    ],
)
def test_the_suite_names_the_violated_rule(strategy: type[Good], message: str) -> None:
    with pytest.raises(Exception, match=message):
        check_strategy(strategy)
