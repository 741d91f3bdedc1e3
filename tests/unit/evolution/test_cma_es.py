"""Tests of CMA-ES."""

import os
from pathlib import Path

import numpy as np
import pytest

from clau_doom.config import CmaEsConfig
from clau_doom.domain import AgentRef, Gene, GenomeSpace
from clau_doom.evolution import CmaEs, Result
from clau_doom.evolution.cma_es import DIAGONAL_ABOVE, PARENTS

SPACE = GenomeSpace(tuple(Gene.real(f"x{index}", 0, 1) for index in range(5)))


def test_parents_are_the_agents_with_the_largest_weights() -> None:
    """From generation 1 on, offspring name the best agents of the previous generation, best first."""
    strategy = CmaEs(CmaEsConfig(), SPACE, 10, 1)
    strategy.ask()
    strategy.tell([Result(float(index)) for index in range(10)])
    for offspring in strategy.ask():
        assert offspring.operator == "sample"
        assert offspring.parents == tuple(AgentRef(0, index) for index in (9, 8, 7, 6, 5))[:PARENTS]


def test_failed_agents_do_not_pull_the_mean() -> None:
    """If one of ten agents succeeds, the mean moves straight towards that agent."""
    strategy = CmaEs(CmaEsConfig(), SPACE, 10, 1)
    strategy.ask()
    strategy.tell([Result(float(index)) for index in range(10)])
    strategy.ask()
    assert strategy._search is not None
    before = strategy._search.mean.copy()
    towards = strategy._points[7] - before
    strategy.tell([Result(1.0) if index == 7 else Result(None) for index in range(10)])
    moved = strategy._search.mean - before
    share = moved @ towards / (towards @ towards)
    assert 0.2 < share < 1.0
    assert np.allclose(moved, share * towards)


def test_small_generations_are_gathered_into_a_batch() -> None:
    """With two agents a generation, three generations are drawn before the first is sampled."""
    strategy = CmaEs(CmaEsConfig(), SPACE, 2, 1)
    seen = []
    for _ in range(7):
        asked = strategy.ask()
        seen.append(asked[0].operator)
        strategy.tell([Result(-float(np.sum(offspring.genome.array() ** 2))) for offspring in asked])
    assert seen == ["draw"] * 3 + ["sample"] * 4


def test_optimum_on_the_bounds_is_reached() -> None:
    """Reflection at the bounds does not prevent it."""
    strategy = CmaEs(CmaEsConfig(), SPACE, 12, 1)
    for _ in range(80):
        asked = strategy.ask()
        values = [float(offspring.genome.array().sum()) for offspring in asked]
        strategy.tell([Result(value) for value in values])
    assert max(values) > 5.0 - 1e-3


def test_integer_genes_keep_a_minimum_step() -> None:
    """Even late in the search, the step can leave a plateau of an integer gene."""
    space = GenomeSpace((Gene.real("x", 0, 1), Gene.integer("n", 0, 9), Gene.choice("c", ["a", "b", "c"])))
    strategy = CmaEs(CmaEsConfig(), space, 12, 1)
    different = []
    for _ in range(300):
        asked = strategy.ask()
        strategy.tell([Result(-((offspring.genome.values[0] - 0.5) ** 2)) for offspring in asked])
        different.append(len({offspring.genome.values[1:] for offspring in asked}) > 1)
    assert sum(different[-50:]) >= 20


@pytest.mark.parametrize("space", [DIAGONAL_ABOVE, DIAGONAL_ABOVE + 1, 320])
def test_numpys_global_generator_is_unchanged(space: int) -> None:
    """This holds for the full and the diagonal covariance."""
    strategy = CmaEs(CmaEsConfig(), GenomeSpace(tuple(Gene.real(f"w{i}", -1, 1) for i in range(space))), 12, 1)
    np.random.seed(3)  # noqa: NPY002
    for _ in range(8):
        asked = strategy.ask()
        strategy.tell([Result(-float(np.sum(offspring.genome.array() ** 2))) for offspring in asked])
    drawn = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    assert drawn == np.random.random()  # noqa: NPY002


def test_search_does_not_print_or_write_files(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    strategy = CmaEs(CmaEsConfig(sigma=1.0), SPACE, 8, 1)
    for _ in range(20):
        strategy.ask()
        strategy.tell([Result(None)] * 6 + [Result(1.0)] * 2)
    assert capfd.readouterr() == ("", "")
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_samples_stay_finite_after_convergence() -> None:
    strategy = CmaEs(CmaEsConfig(), SPACE, 8, 1)
    for _ in range(1_500):
        asked = strategy.ask()
        strategy.tell([Result(-float(np.sum((offspring.genome.array() - 0.5) ** 2))) for offspring in asked])
    assert np.allclose([offspring.genome.values for offspring in asked], 0.5, atol=1e-9)
