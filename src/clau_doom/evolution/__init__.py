"""Ask/tell strategies: how the next generation is made from all that came before it.

They serve as a library on any function, without a game, a store or an event loop:

    strategy = make_strategy(GeneticConfig(), space, population=20, seed=1)
    for _ in range(100):
        asked = strategy.ask()
        strategy.tell([Result(fitness=f(offspring.genome.array())) for offspring in asked])

Fitness is maximised; None says that an agent failed. The order of `ask` and `tell` is enforced; between the two a
genome of another origin may take an offspring's place (`immigrate`). A strategy owns its random numbers, touches no
global generator, and is rebuilt by replaying what it was told. A `SteadyState` is asked for one agent at a time.
"""

from clau_doom.evolution.cma_es import CmaEs
from clau_doom.evolution.descriptors import DESCRIPTORS, describe_behaviour
from clau_doom.evolution.factory import make_race, make_steady_state, make_strategy
from clau_doom.evolution.genetic import Genetic
from clau_doom.evolution.map_elites import Elite, MapElites
from clau_doom.evolution.racing import Race, comparable
from clau_doom.evolution.random_search import RandomSearch
from clau_doom.evolution.steady_state import SteadyState
from clau_doom.evolution.strategy import INJECTED, Offspring, Result, Strategy, mean_measures

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
]
