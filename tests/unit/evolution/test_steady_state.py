"""Tests of the steady-state strategy: dependencies between agents and results."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.config import CmaEsConfig, EvolutionConfig, GeneticConfig, MapElitesConfig, RandomSearchConfig
from clau_doom.domain import AgentRef, Gene, GenomeSpace
from clau_doom.errors import OutOfOrder
from clau_doom.evolution import Offspring, Result, SteadyState, make_steady_state, make_strategy

SPACE = GenomeSpace((Gene.real("x", -5, 5), Gene.real("y", -5, 5), Gene.integer("n", -3, 9), Gene.choice("c", "abc")))
CONFIGS: tuple[EvolutionConfig, ...] = (
    GeneticConfig(mode="steady_state", lookahead=5),
    GeneticConfig(mode="steady_state", lookahead=5, shrink=True, elites=3),
    RandomSearchConfig(mode="steady_state", lookahead=5),
)
each_strategy = pytest.mark.parametrize("config", CONFIGS, ids=["genetic", "genetic that shrinks", "random"])


def made(config: EvolutionConfig, *, population: int = 6, seed: int = 1) -> SteadyState:
    return make_steady_state(config, SPACE, population, seed)


def result(offspring: Offspring, number: int) -> Result:
    """Return a noisy fitness. One agent of eleven fails."""
    if number % 11 == 7:
        return Result(fitness=None)
    values = offspring.genome.array()
    noise = random.Random(number).gauss(0.0, 3.0)
    return Result(fitness=-float(values @ values) + noise, episodes=3, variance=float(number % 4))


def evolved(strategy: SteadyState, count: int, changed: int | None = None) -> list[Offspring]:
    """Return a number of asked agents. The result of one agent can be replaced."""
    asked = list[Offspring]()
    while len(asked) < count:
        if strategy.waits:
            received = strategy.received
            strategy.tell(Result(fitness=1000.0) if received == changed else result(asked[received], received))
        asked.append(strategy.ask())
    return asked


@each_strategy
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_order_of_results_does_not_change_the_agents(config: EvolutionConfig, data: st.DataObject) -> None:
    strategy, arrived, asked = made(config), dict[int, Result](), list[Offspring]()
    while len(asked) < 40:
        if not strategy.waits:
            asked.append(strategy.ask())
        elif strategy.received in arrived:
            strategy.tell(arrived.pop(strategy.received))
        else:
            playing = [number for number in range(strategy.received, len(asked)) if number not in arrived]
            number = data.draw(st.sampled_from(playing))
            arrived[number] = result(asked[number], number)
    assert asked == evolved(made(config), 40)


@pytest.mark.parametrize("lookahead", [1, 3, 6, 17])
def test_result_affects_agents_beyond_the_lookahead(lookahead: int) -> None:
    """The result of agent 20 can change agents from 20 + lookahead on, and no earlier ones."""
    config = GeneticConfig(mode="steady_state", lookahead=lookahead, tournament=5)
    plain, other = (evolved(made(config), 60, changed) for changed in (None, 20))
    first = next(number for number in range(60) if plain[number] != other[number])
    assert 20 + lookahead <= first < 20 + lookahead + 5


@each_strategy
def test_as_many_agents_as_the_lookahead_are_in_flight(config: EvolutionConfig) -> None:
    strategy, asked = made(config), list[Offspring]()
    for _ in range(50):
        while strategy.asked - strategy.received < config.lookahead:
            assert not strategy.waits
            asked.append(strategy.ask())
        strategy.tell(result(asked[strategy.received], strategy.received))


@each_strategy
def test_early_ask_or_tell_is_refused(config: EvolutionConfig) -> None:
    """The strategy is unchanged after the error."""
    strategy = made(config)
    with pytest.raises(OutOfOrder, match="agent 0 is independent of the result of agent 0: call ask first"):
        strategy.tell(Result(fitness=1.0))
    asked = [strategy.ask() for _ in range(5)]
    with pytest.raises(OutOfOrder, match="agent 5 needs the result of agent 0: call tell first"):
        strategy.ask()
    with pytest.raises(OutOfOrder, match="the fitness of agent 0 is nan"):
        strategy.tell(Result(fitness=float("nan")))
    strategy.tell(result(asked[0], 0))
    with pytest.raises(OutOfOrder, match="agent 5 is independent of the result of agent 1: call ask first"):
        strategy.tell(result(asked[1], 1))
    assert [*asked, strategy.ask()] == evolved(made(config), 6)


@pytest.mark.parametrize("lookahead", [1, 4, 10])
def test_parents_have_a_fitness_before_their_children(lookahead: int) -> None:
    """A parent is at least the lookahead ahead of its child."""
    strategy = made(GeneticConfig(mode="steady_state", lookahead=lookahead))
    for number, offspring in enumerate(evolved(strategy, 80)):
        for parent in offspring.parents:
            place = parent.generation * 6 + parent.index
            assert place <= number - lookahead
            assert place % 11 != 7, "a failed agent has no children"


def test_first_population_is_drawn() -> None:
    """Breeding starts after one generation of agents."""
    asked = evolved(made(GeneticConfig(mode="steady_state", lookahead=2)), 20)
    assert [offspring.operator == "draw" for offspring in asked] == [True] * 6 + [False] * 14


def test_each_block_replays_elites() -> None:
    """Each block replays as many agents as there are elites. The longest waiting ones come first."""
    strategy = make_steady_state(GeneticConfig(mode="steady_state", lookahead=3, elites=2), SPACE, 10, 1)
    asked = list[Offspring]()
    while len(asked) < 50:
        if strategy.waits:
            received = strategy.received
            strategy.tell(Result(fitness={2: 50.0, 5: 40.0}.get(received, 0.0)))
        asked.append(strategy.ask())
    again = [number for number, offspring in enumerate(asked) if offspring.operator == "elite"]
    assert [sum(number // 10 == block for number in again) for block in range(5)] == [0, 2, 2, 2, 2]
    assert {asked[number].genome for number in again[:2]} == {asked[2].genome, asked[5].genome}
    assert asked[again[0]].parents == (AgentRef(0, 2),)


def test_each_block_has_a_new_agent() -> None:
    """In a population of three, a block replays two different elites and breeds one agent."""
    strategy = make_steady_state(GeneticConfig(mode="steady_state", lookahead=1, elites=9), SPACE, 3, 1)
    for block in range(4):
        asked = []
        for number in range(3):
            asked.append(strategy.ask())
            strategy.tell(Result(fitness=float(number)))
        elites = [offspring.genome for offspring in asked if offspring.operator == "elite"]
        assert len(set(elites)) == len(elites) == (2 if block else 0)


def test_lucky_elite_leaves_the_population() -> None:
    """Age removes an agent from the population, and replays lower the mean of a lucky elite."""
    strategy = made(GeneticConfig(mode="steady_state", lookahead=1, elites=1))
    asked = [strategy.ask()]
    lucky = asked[0].genome
    while len(asked) < 60:
        plays = asked[strategy.received].genome
        first = strategy.received == 0
        strategy.tell(Result(fitness=100.0 if first else -100.0 if plays == lucky else float(strategy.received)))
        asked.append(strategy.ask())
    assert any(offspring.genome == lucky and offspring.operator == "elite" for offspring in asked)
    assert all(AgentRef(0, 0) not in offspring.parents for offspring in asked[30:])
    assert lucky not in [offspring.genome for offspring in asked[30:]]


def test_agents_are_drawn_if_all_fail() -> None:
    strategy = made(GeneticConfig(mode="steady_state", lookahead=3))
    for _ in range(30):
        if strategy.waits:
            strategy.tell(Result(fitness=None))
        assert strategy.ask().operator == "draw"


def test_random_search_draws_each_agent_anew() -> None:
    """No two agents have the same genome, because each has a random stream of its own."""
    asked = evolved(made(RandomSearchConfig(mode="steady_state", lookahead=5)), 20)
    assert len({offspring.genome.values for offspring in asked}) == 20


def test_population_of_one_evolves() -> None:
    """One member is mutated, and replaced by its child."""
    strategy = make_steady_state(GeneticConfig(mode="steady_state", lookahead=1), SPACE, 1, 1)
    asked = evolved(strategy, 10)
    assert [offspring.operator for offspring in asked[1:]] == ["mutation"] * 9


@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_steady_state_converges_like_the_generational_loop(noise: float) -> None:
    """Over ten seeds, the steady state is as near to an optimum, and nearer than random search."""
    space = GenomeSpace(tuple(Gene.real(f"x{index}", -5, 5) for index in range(6)))
    steady, generational, drawn = list[float](), list[float](), list[float]()
    for seed in range(10):
        config = GeneticConfig(mode="steady_state", lookahead=8)
        asked = sphere(make_steady_state(config, space, 20, seed), 600, noise)
        steady.append(float(np.mean(asked[-100:])))
        strategy, values = make_strategy(GeneticConfig(), space, 20, seed), list[float]()
        luck = random.Random(seed)
        for _ in range(30):
            found = [-float(np.sum((each.genome.array() - 1.0) ** 2)) for each in strategy.ask()]
            strategy.tell([Result(value + luck.gauss(0.0, noise)) for value in found])
            values += found
        generational.append(float(np.mean(values[-100:])))
        search = make_steady_state(RandomSearchConfig(mode="steady_state"), space, 20, seed)
        drawn.append(float(np.max(sphere(search, 600, 0.0))))
    assert np.mean(steady) > 1.5 * np.mean(generational)
    assert np.mean(steady) > np.mean(drawn)


def sphere(strategy: SteadyState, count: int, noise: float) -> list[float]:
    values, luck = list[float](), random.Random(1)
    while len(values) < count:
        if strategy.waits:
            strategy.tell(Result(values[strategy.received] + luck.gauss(0.0, noise)))
        values.append(-float(np.sum((strategy.ask().genome.array() - 1.0) ** 2)))
    return values


@pytest.mark.parametrize("config", [CmaEsConfig(), MapElitesConfig()], ids=lambda config: config.kind)
def test_strategies_without_steady_state_are_refused(config: EvolutionConfig) -> None:
    """The error names the strategies that have a steady state."""
    with pytest.raises(ValueError, match=f"{config.kind} does not support steady_state: use genetic, random or class"):
        made(config)


def test_lookahead_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="lookahead is 0"):
        made(GeneticConfig.model_construct(lookahead=0))
