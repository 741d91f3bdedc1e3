"""Tests of the tables of generations and contestants."""

from collections.abc import Sequence

import pytest

from clau_doom.analysis.result_tables import ResultTable, generation_rows, result_table, telling_measures
from clau_doom.domain import Agent, AgentRef, AgentStatus, Evaluation, Genome, Measures
from clau_doom.domain.experiment import HoldoutResult
from clau_doom.domain.fitness import MEASURES
from clau_doom.game import SCENARIOS
from tests.support.stored_runs import REWARD, snapshot_of


def evaluation(generation: int, index: int, fitness: float | None) -> Evaluation:
    agent = Agent(experiment="x", ref=AgentRef(generation, index), genome=Genome((0.5,)), parents=(), operator="draw")
    status = AgentStatus.FAILED if fitness is None else AgentStatus.COMPLETED
    return Evaluation(agent=agent, status=status, fitness=fitness, outcomes=())


def standing(role: str, kills: Sequence[float], seeds: Sequence[int] | None = None) -> HoldoutResult:
    measures = tuple(Measures(kills=value, tics=10 * value) for value in kills)
    return HoldoutResult(
        role=role,
        agent=f"x-{role}",
        seeds=tuple(seeds if seeds is not None else range(len(kills))),
        fitnesses=tuple(kills),
        measures=measures,
    )


def table(*standings: HoldoutResult, training: float | None = None) -> ResultTable:
    return result_table(standings, measures=("kills", "tics"), training=training)


def test_failed_agents_are_counted_but_not_averaged() -> None:
    """The first of equally fit agents is the best."""
    (row,) = generation_rows([[evaluation(0, i, f) for i, f in enumerate((1.0, 4.0, None, 4.0))]])
    assert (row.best, row.best_fitness, row.worst_fitness) == (AgentRef(0, 1), 4.0, 1.0)
    assert (row.agents, row.failed) == (4, 1)
    assert row.mean is not None
    assert (row.mean.mean, row.mean.n) == (3.0, 3)


def test_mean_of_few_skewed_agents_has_students_interval() -> None:
    """R: t.test(c(0, 0, 0, 1, 1, 4))$conf.int is -0.6257787 to 2.6257787."""
    (row,) = generation_rows([[evaluation(0, i, f) for i, f in enumerate((0.0, 0.0, 0.0, 1.0, 1.0, 4.0))]])
    assert row.mean is not None
    assert (row.mean.low, row.mean.high) == pytest.approx((-0.625778702, 2.625778702))


def test_generation_without_fitness_has_no_best_and_no_mean() -> None:
    (row,) = generation_rows([[evaluation(0, 0, None), evaluation(0, 1, None)]])
    assert (row.best, row.mean, row.failed) == (None, None, 2)


def test_best_and_worst_agent_have_intervals_over_their_episodes() -> None:
    """Without the fitness of episodes there are none."""
    generations = snapshot_of("x", [[[0.0, 2.0, 4.0, 6.0, 8.0], [1.0, 3.0, 5.0, 7.0, 9.0]]], {}).generations
    (row,) = generation_rows(generations, REWARD)
    assert row.best_interval is not None
    assert row.worst_interval is not None
    assert (row.best_interval.mean, row.best_interval.n) == (5.0, 5)
    assert (row.worst_interval.mean, row.worst_interval.n) == (4.0, 5)
    (row,) = generation_rows(generations)
    assert (row.best_interval, row.worst_interval) == (None, None)


def test_selection_bias_is_training_minus_held_out_fitness() -> None:
    """A champion with 24 in training and 20 on held-out seeds has a bias of 4."""
    result = table(standing("champion", [19.0, 21.0]), training=24.0)
    assert result.bias is not None
    assert result.bias.value == 4.0


def test_rows_have_requested_measures_in_order() -> None:
    (row,) = table(standing("random", [1.0, 3.0])).rows
    assert [(name, interval.mean) for name, interval in row.measures] == [("kills", 2.0), ("tics", 20.0)]


@pytest.mark.parametrize("scenario", [*SCENARIOS, "my/own.cfg"])
def test_every_scenario_has_informative_measures(scenario: str) -> None:
    """Each scenario has two or more measures, and all of them exist."""
    names = telling_measures(scenario)
    assert len(names) >= 2
    assert set(names) <= set(MEASURES)
