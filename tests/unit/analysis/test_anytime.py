"""Tests of runtimes to targets and of areas under learning curves, over the runs of conditions."""

import pytest

from clau_doom.analysis.anytime import (
    TARGETS,
    AreaComparison,
    Targets,
    compare_areas,
    compare_runtimes,
    condition_runtimes,
    standard_error,
    targets_between,
)
from clau_doom.analysis.evolution_axis import EvolutionAxis
from clau_doom.analysis.run_curves import ConditionCurve, RunCurve, condition_curve
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain.budget import BudgetUnit
from clau_doom.statistics.anytime_performance import Runtime


def _run(name: str, *values: float | None, seed: int = 1, step: int = 10) -> RunCurve:
    """Return a run that plays `step` episodes in each generation, with 100 tics each."""
    n = len(values)
    episodes = tuple(step * (at + 1) for at in range(n))
    return RunCurve(
        experiment=name,
        seed=seed,
        episodes=episodes,
        tics=tuple(100 * each for each in episodes),
        training=(0.0,) * n,
        champion=values,
        champion_error=(0.5,) * n,
        validation=values,
    )


def _condition(*runs: RunCurve, number: int = 0, x: BudgetUnit = BudgetUnit.EPISODES) -> ConditionCurve:
    return condition_curve(number, runs, EvolutionAxis(x))


def test_targets_are_spread_from_generation_0_to_the_best_champion() -> None:
    """The start is the mean over all runs, here (1 + 3 + 5) / 3 = 3, and the steps are a fiftieth of the range."""
    curves = [_condition(_run("a", 1.0, 9.0), _run("b", 3.0, 9.0)), _condition(_run("c", 5.0, 2.0), number=1)]
    found = targets_between(curves, [4.0, 13.0, 12.0])
    assert isinstance(found, Targets)
    assert len(found.values) == TARGETS == 51
    assert (found.values[0], found.values[-1], found.given) == (3.0, 13.0, False)
    assert found.values[10] == pytest.approx(5.0)


def test_targets_need_progress() -> None:
    """Without a champion above the start, the user must give targets."""
    found = targets_between([_condition(_run("a", 4.0, 9.0))], [4.0])
    assert isinstance(found, Unavailable)
    assert "targets=..." in found.missing
    unknown = targets_between([_condition(_run("a", None, 9.0))], [4.0])
    assert isinstance(unknown, Unavailable)


def test_runtimes_of_a_condition_by_hand() -> None:
    """Three runs of 10 episodes in each generation, and the targets 2 and 5.

    Run a (1, 3, 5) reaches 2 after 20 and 5 after 30 episodes. Run b (2, 1) reaches 2 after 10 and ends at 20. Run c
    (1, 1, 1, 6) reaches both after 40. ERT to 2: (20 + 10 + 40) / 3 = 23.33. ERT to 5: (30 + 20 + 40) / 2 = 45. After
    20 episodes, 1 of a's 2 targets is reached, 1 of b's and 0 of c's, on average 1/3. The distribution ends at 20, the
    budget of b.
    """
    curve = _condition(_run("a", 1.0, 3.0, 5.0), _run("b", 2.0, 1.0, seed=2), _run("c", 1.0, 1.0, 1.0, 6.0, seed=3))
    found = condition_runtimes(curve, (2.0, 5.0), {"a": 5.0, "b": 2.0, "c": 4.5})
    assert found.runtimes[1] == (Runtime(evaluations=10, reached=True), Runtime(evaluations=20, reached=False))
    assert [each.ert for each in found.expected] == [pytest.approx(70 / 3), 45.0]
    assert [(each.successes, each.runs) for each in found.expected] == [(3, 3), (2, 3)]
    assert found.champions == (3, 1)
    assert found.budget == 20
    assert [point.spent for point in found.distribution] == [10, 20]
    assert [point.share.mean for point in found.distribution] == pytest.approx([1 / 6, 1 / 3])
    assert found.distribution[0].share.low is None


@pytest.mark.parametrize(
    ("x", "hit", "ert", "budget"), [(BudgetUnit.TICS, 2000, 7000 / 3, 2000), (BudgetUnit.GENERATIONS, 2, 7 / 3, 2)]
)
def test_runtimes_have_the_unit_of_the_axis(x: BudgetUnit, hit: int, ert: float, budget: int) -> None:
    """The runs of the test above reach 2 after 2, 1 and 4 generations of 10 episodes of 100 tics."""
    runs = [_run("a", 1.0, 3.0, 5.0), _run("b", 2.0, 1.0, seed=2), _run("c", 1.0, 1.0, 1.0, 6.0, seed=3)]
    found = condition_runtimes(_condition(*runs, x=x), (2.0,), {"a": 5.0, "b": 2.0, "c": 4.5})
    assert found.runtimes[0] == (Runtime(evaluations=hit, reached=True),)
    assert found.expected[0].ert == pytest.approx(ert)
    assert found.budget == budget


def test_distribution_is_within_0_and_1() -> None:
    """The interval over runs of a share is on the logit scale."""
    champions = {str(seed): 9.0 for seed in range(1, 7)}
    runs = [_run(str(seed), float(seed), 9.0, seed=seed) for seed in range(1, 7)]
    shares = [point.share for point in condition_runtimes(_condition(*runs), (2.0, 9.0), champions).distribution]
    assert [share.mean for share in shares] == pytest.approx([5 / 12, 1.0])
    wide = condition_runtimes(_condition(*runs), (2.0, 3.0, 4.0, 5.0, 6.0), champions).distribution[0].share
    assert wide.low is not None
    assert wide.high is not None
    assert 0.0 <= wide.low < wide.mean < wide.high <= 1.0


def test_repeated_runtimes_are_identical() -> None:
    """Simulated restarts use the seed of the condition's first run."""
    curve, champions = _condition(_run("a", 1.0, 3.0), _run("b", 1.0, 1.0, seed=2)), {"a": 3.0, "b": 1.0}
    assert condition_runtimes(curve, (2.0,), champions) == condition_runtimes(curve, (2.0,), champions)


def _areas(*curves: ConditionCurve) -> AreaComparison:
    found = compare_areas(curves)
    assert isinstance(found, AreaComparison)
    return found


def test_areas_cover_the_common_episodes() -> None:
    """Steps of 10 and 20 episodes have 20 to 30 in common: the curves have the mean heights 4 and 1 + 1/8 · 2."""
    found = _areas(_condition(_run("a", 1.0, 3.0, 5.0)), _condition(_run("b", 1.0, 2.0, step=20), number=1))
    assert (found.start, found.end) == (20, 30)
    assert [each.areas for each in found.conditions] == [(4.0,), (pytest.approx(1.25),)]
    (difference,) = found.differences
    assert (difference.condition, difference.paired, difference.n, difference.n_theirs) == (1, False, 1, 1)
    assert difference.difference.mean == pytest.approx(-2.75)
    assert difference.difference.reason == "a sample of 1 value"


def test_areas_have_the_unit_of_the_axis() -> None:
    """By generations, the runs of the test above have 1 to 2 in common: the heights 2 and 1.5."""
    curves = [
        _condition(_run("a", 1.0, 3.0, 5.0), x=BudgetUnit.GENERATIONS),
        _condition(_run("b", 1.0, 2.0, step=20), number=1, x=BudgetUnit.GENERATIONS),
    ]
    found = _areas(*curves)
    assert (found.start, found.end, [each.areas for each in found.conditions]) == (1, 2, [(2.0,), (1.5,)])


def test_equal_seeds_are_pairs() -> None:
    """The differences 1, 2 and 3 of the pairs give 2 -+ 4.302653 / sqrt(3), in any order of the runs."""
    base = _condition(*(_run(f"a{seed}", 10.0 * seed, 10.0 * seed, seed=seed) for seed in (1, 2, 3)))
    other = _condition(*(_run(f"b{seed}", 11.0 * seed, 11.0 * seed, seed=seed) for seed in (3, 1, 2)), number=1)
    (found,) = _areas(base, other).differences
    assert (found.paired, found.n) == (True, 3)
    assert found.difference.mean == pytest.approx(2.0)
    assert found.difference.low == pytest.approx(2.0 - 4.3026527297 / 3**0.5)
    elsewhere = _condition(*(_run(f"b{seed}", 11.0 * seed, 11.0 * seed, seed=seed) for seed in (3, 1, 4)), number=1)
    assert not _areas(base, elsewhere).differences[0].paired


def test_areas_need_common_episodes_and_validated_agents() -> None:
    """The reason is stated."""
    apart = compare_areas([_condition(_run("a", 1.0, 2.0)), _condition(_run("b", 1.0, step=20), number=1)])
    assert apart == Unavailable(missing="the runs have no interval of training episodes in common")
    curves, targets = [_condition(_run("a", None, None, 3.0, 4.0))], Targets(values=(3.0,), given=True)
    reason = Unavailable(missing="generation 0's best agent of a has fewer than two validation episodes")
    assert compare_areas(curves) == reason
    assert compare_runtimes(curves, targets, {"a": 4.0}) == reason
    assert compare_runtimes(curves, apart, {}) == apart


def test_noise_of_the_measured_fitness() -> None:
    """The root of the mean of the squared standard errors."""
    assert standard_error([_condition(_run("a", 1.0), _run("b", 2.0))]) == 0.5
