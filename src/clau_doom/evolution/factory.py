"""Construction of strategies from configurations."""

from collections.abc import Sequence
from typing import TypeVar, assert_never

from clau_doom.config import (
    CmaEsConfig,
    CustomStrategyConfig,
    EvolutionConfig,
    GeneticConfig,
    MapElitesConfig,
    RandomSearchConfig,
)
from clau_doom.domain import Genome, GenomeSpace
from clau_doom.evolution.cma_es import CmaEs
from clau_doom.evolution.custom import load_steady_state, load_strategy
from clau_doom.evolution.genetic import Genetic
from clau_doom.evolution.map_elites import MapElites
from clau_doom.evolution.racing import Race
from clau_doom.evolution.random_search import RandomSearch, SteadyStateRandom
from clau_doom.evolution.steady_state import SteadyState
from clau_doom.evolution.steady_state_genetic import SteadyStateGenetic
from clau_doom.evolution.strategy import Evolver, Strategy
from clau_doom.evolution.warm_start import start_offspring

__all__ = ["make_race", "make_steady_state", "make_strategy"]

_Evolver = TypeVar("_Evolver", bound=Evolver)


def make_strategy(
    config: EvolutionConfig, space: GenomeSpace, population: int, seed: int, *, start: Sequence[Genome] = ()
) -> Strategy:
    """Return the strategy that `config` describes, before generation 0.

    Args:
        config: Settings of the strategy.
        space: The genes.
        population: Agents in each generation, at least 1.
        seed: Random seed.
        start: Genomes of a warm start; see `warm_start.start_offspring`.

    Raises:
        ValueError: The population is smaller than 1, or than the number of start genomes.
        InvalidGenome: A gene of the space has an empty range, or a start genome is not in the space.
        ConfigError: A custom class cannot be imported or instantiated, or is not a strategy.
    """
    return _started(_generational(config, space, population, seed), config, start, seed)


def _generational(config: EvolutionConfig, space: GenomeSpace, population: int, seed: int) -> Strategy:
    match config:
        case GeneticConfig():
            return Genetic(config, space, population, seed)
        case CmaEsConfig():
            return CmaEs(config, space, population, seed)
        case MapElitesConfig():
            return MapElites(config, space, population, seed)
        case RandomSearchConfig():
            return RandomSearch(config, space, population, seed)
        case CustomStrategyConfig():
            return load_strategy(config, space, population, seed)
        case _:
            assert_never(config)


def _started(strategy: _Evolver, config: EvolutionConfig, start: Sequence[Genome], seed: int) -> _Evolver:
    if start:
        spread = config.start.spread
        strategy.start_from(start_offspring(strategy.space, start, strategy.start_size, spread, seed))
    return strategy


def make_steady_state(
    config: EvolutionConfig, space: GenomeSpace, population: int, seed: int, *, start: Sequence[Genome] = ()
) -> SteadyState:
    """Return the steady-state strategy that `config` describes, before agent 0; see `make_strategy`.

    Raises:
        ValueError: The strategy has no steady state, or the population is smaller than 1.
        InvalidGenome: A gene of the space has an empty range.
        ConfigError: See `make_strategy`.
    """
    match config:
        case GeneticConfig():
            genetic = SteadyStateGenetic(config, space, population, seed, lookahead=config.lookahead)
            return _started(genetic, config, start, seed)
        case RandomSearchConfig():
            return SteadyStateRandom(space, population, seed, lookahead=config.lookahead)
        case CustomStrategyConfig():
            return load_steady_state(config, space, population, seed)
        case _:
            raise ValueError(f"{config.kind} does not support steady_state: use genetic, random or class")


def make_race(config: EvolutionConfig, population: int, episodes: int, seed: int, generation: int) -> Race | None:
    """Return the race of a generation, or None if all agents play all episodes.

    Args:
        config: The strategy's settings.
        population: Agents in each generation.
        episodes: Episodes of each agent.
        seed: The experiment's seed.
        generation: Index of the generation.
    """
    if isinstance(config, MapElitesConfig) or config.racing.rule == "none":
        return None
    return Race(config.racing, population=population, episodes=episodes, seed=seed, generation=generation)
