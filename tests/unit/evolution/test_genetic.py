"""Tests of the genetic algorithm."""

import numpy as np
import pytest

from clau_doom.config import GeneticConfig
from clau_doom.domain import AgentRef, Gene, GenomeSpace
from clau_doom.evolution import Genetic, Offspring, Result

SPACE = GenomeSpace(tuple(Gene.real(f"x{index}", 0, 1) for index in range(6)))


def operators(asked: tuple[Offspring, ...]) -> list[str]:
    return [offspring.operator for offspring in asked]


def test_mutation_spread_decays_by_generation_number() -> None:
    """The spread above its end halves every half-life, for any number of generations."""
    genetic = Genetic(GeneticConfig(sigma=0.23, sigma_end=0.03, half_life=5.0), SPACE, 4, 1)
    assert [genetic.temperature(generation) for generation in (0, 5, 10)] == pytest.approx([0.23, 0.13, 0.08])
    assert genetic.temperature(10_000) == pytest.approx(0.03)


def test_elites_are_repeated_unchanged() -> None:
    """Elites come first, best first, each with itself as parent."""
    genetic = Genetic(GeneticConfig(elites=2), SPACE, 6, 1)
    first = genetic.ask()
    genetic.tell([Result(float(fitness)) for fitness in (0, 5, 1, 9, 2, 3)])
    second = genetic.ask()
    assert operators(second)[:2] == ["elite", "elite"]
    assert "elite" not in operators(second)[2:]
    assert [offspring.genome for offspring in second[:2]] == [first[3].genome, first[1].genome]
    assert [offspring.parents for offspring in second[:2]] == [(AgentRef(0, 3),), (AgentRef(0, 1),)]


def test_elite_is_ranked_by_the_mean_of_its_results() -> None:
    """One lucky result is not enough."""
    genetic = Genetic(GeneticConfig(elites=2), SPACE, 5, 1)
    genetic.ask()
    genetic.tell([Result(100.0), Result(10.0), Result(0.0), Result(0.0), Result(0.0)])
    lucky, steady = genetic.ask()[:2]
    genetic.tell([Result(-90.0), Result(10.0), Result(8.0), Result(0.0), Result(0.0)])
    assert steady.genome == genetic.ask()[0].genome
    genetic.tell([Result(9.0), Result(8.5), Result(0.0), Result(9.2), Result(0.0)])
    third = genetic.ask()
    assert third[0].genome == steady.genome
    assert lucky.genome not in [offspring.genome for offspring in third[:2]]


def test_failed_elite_is_removed() -> None:
    """A failed agent ranks last, with any earlier fitness."""
    genetic = Genetic(GeneticConfig(elites=1), SPACE, 4, 1)
    genetic.ask()
    genetic.tell([Result(9.0), Result(1.0), Result(1.0), Result(1.0)])
    elite = genetic.ask()[0]
    genetic.tell([Result(None), Result(1.0), Result(2.0), Result(1.0)])
    third = genetic.ask()
    assert third[0].parents == (AgentRef(1, 2),)
    assert elite.genome not in [offspring.genome for offspring in third]


@pytest.mark.parametrize("population", [1, 4])
def test_each_generation_has_a_new_agent(population: int) -> None:
    """This holds with more elites than agents, and the best is kept."""
    genetic = Genetic(GeneticConfig(elites=50), SPACE, population, 1)
    bests = []
    for generation in range(60):
        asked = genetic.ask()
        if generation:
            assert operators(asked).count("elite") == population - 1
            assert operators(asked)[-1] != "elite"
        values = [-float(np.sum((offspring.genome.array() - 0.3) ** 2)) for offspring in asked]
        genetic.tell([Result(value) for value in values])
        bests.append(max(values))
    assert max(bests[1:]) > bests[0] / 5.0
    assert population == 1 or bests == sorted(bests)


def test_mutation_rises_when_diversity_falls() -> None:
    """If nearly all genomes are alike, more genes of each child are mutated."""

    def changed(diversity: float) -> float:
        genetic = Genetic(GeneticConfig(diversity=diversity, crossover=0.0, mutation=0.2), SPACE, 60, 1)
        genetic.ask()
        genetic.tell([Result(1.0)] + [Result(None)] * 59)
        genetic.ask()
        genetic.tell([Result(1.0)] + [Result(None)] * 59)
        asked = genetic.ask()
        return float(np.mean(np.array([o.genome.values for o in asked[1:]]) != np.array(asked[0].genome.values)))

    assert changed(1.0) > 1.5 * changed(0.0)


def test_child_of_one_parent_is_mutated() -> None:
    """Without crossover and with mutation probability 0, one gene still mutates."""
    genetic = Genetic(GeneticConfig(elites=0, crossover=0.0, mutation=0.0, diversity=0.0), SPACE, 20, 1)
    first = genetic.ask()
    genetic.tell([Result(float(index)) for index in range(20)])
    for offspring in genetic.ask():
        (parent,) = offspring.parents
        assert offspring.operator == "mutation"
        assert np.sum(offspring.genome.array() != first[parent.index].genome.array()) == 1


def test_zero_elites_repeat_no_agent() -> None:
    """With zero elites, every agent is new."""
    genetic = Genetic(GeneticConfig(elites=0), SPACE, 5, 1)
    for _ in range(4):
        assert "elite" not in operators(genetic.ask())
        genetic.tell([Result(1.0)] * 5)


def test_shrinkage_prefers_many_episodes_to_a_lucky_one() -> None:
    """The agents have fitness 10 from one episode, and 9, 4 and 3 from eight.

    By hand: pooled noise 4, means with spread 37/3 and mean 6.5; errors 4, 0.5, 0.5 and 0.5.
    So the signal is 37/3 - 1.375 = 10.958. The first value is 6.5 + 3.5 * 0.7326 = 9.064, the second one 8.891.
    With a pooled noise of 9 the signal is 9.24, and the values are 8.273 and 8.728.
    """
    for variance, lucky in ((4.0, True), (9.0, False)):
        results = [
            Result(10.0, episodes=1),
            *(Result(fitness, episodes=8, variance=variance) for fitness in (9.0, 4.0, 3.0)),
        ]
        for shrink, expected in ((True, lucky), (False, True)):
            strategy = Genetic(GeneticConfig(elites=1, shrink=shrink), SPACE, 4, 1)
            strategy.ask()
            strategy.tell(results)
            elite = strategy.ask()[0]
            assert (elite.operator, elite.parents) == ("elite", (AgentRef(0, 0 if expected else 1),))
