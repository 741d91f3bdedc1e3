"""Ask/tell evolution strategies.

They can be used as a library on any function, without a game, a store or an event loop:

    strategy = make_strategy(GeneticConfig(), space, population=20, seed=1)
    for _ in range(100):
        asked = strategy.ask()
        strategy.tell([Result(fitness=f(offspring.genome.array())) for offspring in asked])

Fitness is maximised; None is the fitness of a failed agent. The order of `ask` and `tell` is enforced. Between them a
genome of another origin may replace an offspring (`immigrate`). A strategy has its own random generator and is rebuilt
by replaying all results. A `SteadyState` returns one agent for each `ask`.
"""

from clau_doom.evolution.cma_es import CmaEs
from clau_doom.evolution.custom import strategy_source
from clau_doom.evolution.descriptors import DESCRIPTORS, describe_behaviour
from clau_doom.evolution.factory import make_race, make_steady_state, make_strategy
from clau_doom.evolution.genetic import Genetic
from clau_doom.evolution.map_elites import Elite, MapElites
from clau_doom.evolution.offspring import INJECTED, Offspring, Result, mean_measures
from clau_doom.evolution.racing import Race, comparable
from clau_doom.evolution.random_search import RandomSearch
from clau_doom.evolution.steady_state import SteadyState
from clau_doom.evolution.strategy import Strategy

__all__ = [
    "DESCRIPTORS",
    "INJECTED",
    "CmaEs",
    "Elite",
    "Genetic",
    "MapElites",
    "Offspring",
    "Race",
    "RandomSearch",
    "Result",
    "SteadyState",
    "Strategy",
    "comparable",
    "describe_behaviour",
    "make_race",
    "make_steady_state",
    "make_strategy",
    "mean_measures",
    "strategy_source",
]
