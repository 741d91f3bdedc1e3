"""Tests of coverage and QD score over runs."""

import pytest

from clau_doom.analysis.elite_map import Cell, elite_map
from clau_doom.analysis.quality_diversity import QualityDiversity, RunMap, compare_maps, run_map
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.config import DescriptorConfig
from clau_doom.domain import AgentRef, Fitness
from tests.support.stored_runs import snapshot_of

KILLS, REWARD = Fitness.named("kills"), Fitness.named("reward")


def _run(name: str, *fitnesses: float, seed: int = 1, lowest: float = 0.0, cells: int = 10) -> RunMap:
    """Return a run whose archive has its first cells filled."""
    axes = [DescriptorConfig(measure="movement", cells=cells)]
    filled = [Cell(place=(at,), agent=AgentRef(0, at), fitness=fitness) for at, fitness in enumerate(fitnesses)]
    return RunMap(
        experiment=name, seed=seed, archive=elite_map(axes, filled, smallest=None, lowest=lowest), lowest=lowest
    )


def _compared(*conditions: list[RunMap], fitness: Fitness = REWARD) -> QualityDiversity:
    found = compare_maps([*enumerate(conditions)], fitness)
    assert isinstance(found, QualityDiversity)
    return found


def test_offset_is_equal_for_all_runs() -> None:
    """The lowest fitness of all compared runs is -2, so that the scores are 3 + 5 and 6."""
    found = _compared([_run("a", 1.0, 3.0, lowest=0.5)], [_run("b", 4.0, lowest=-2.0)])
    assert (found.offset, found.fixed, found.size) == (-2.0, False, 10)
    assert [each.runs[0].qd_score for each in found.conditions] == [8.0, 6.0]
    assert [each.runs[0].coverage for each in found.conditions] == [0.2, 0.1]
    assert found.qd_score_differences[0].difference.mean == -2.0


def test_smallest_possible_fitness_is_a_fixed_offset() -> None:
    """Kills cannot be negative. The scores do not depend on the compared runs."""
    found = _compared([_run("a", 1.0, 3.0, lowest=0.5)], [_run("b", 4.0, lowest=2.0)], fitness=KILLS)
    assert (found.offset, found.fixed) == (0.0, True)
    assert [each.runs[0].qd_score for each in found.conditions] == [4.0, 4.0]


def test_means_and_differences_are_over_runs() -> None:
    """Scores 1 to 5, 3 on average, against 2, 4, 6, 8, 10: the pairs of equal seeds differ by 1 to 5.

    The interval is 3 -+ 3.297630 · 1.581139 / sqrt(5) for the mean, and with 2.776445 for the difference.
    """
    ours = [_run(f"a{seed}", float(seed), seed=seed) for seed in range(1, 6)]
    theirs = [_run(f"b{seed}", float(2 * seed), seed=seed) for seed in range(1, 6)]
    found = _compared(ours, theirs, fitness=KILLS)
    mean, difference = found.conditions[0].qd_score, found.qd_score_differences[0]
    assert mean.mean == 3.0
    assert mean.low == pytest.approx(0.109365, abs=1e-6)
    assert (difference.condition, difference.paired, difference.n) == (1, True, 5)
    assert difference.difference.mean == 3.0
    assert difference.difference.low == pytest.approx(1.036757, abs=1e-6)
    assert found.conditions[0].coverage.reason == "all 5 values are equal"


def test_maps_with_other_cells_are_not_comparable() -> None:
    """The number of cells determines coverage and score."""
    found = compare_maps([(0, [_run("a", 1.0), _run("b", 1.0, cells=20)])], KILLS)
    assert found == Unavailable(missing="the archives of a and b have different axes or cells")


def test_lowest_fitness_is_over_all_agents_of_the_run() -> None:
    """Agents that left the archive count. Failed agents do not."""
    snapshot = snapshot_of("a", [[[1.0, 3.0], [-4.0], []], [[5.0], [6.0], [7.0]]], {}, seed=3)
    archive = _run("a", 5.0).archive
    assert run_map(snapshot, archive) == RunMap(experiment="a", seed=3, archive=archive, lowest=-4.0)
