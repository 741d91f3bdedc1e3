"""Tests of the example strategies: contract of the strategy port, learning, and their experiments in ViZDoom."""

import importlib
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from clau_doom.app.run import open_run
from clau_doom.app.run_planning import plan_run
from clau_doom.domain import Gene, GenomeSpace, Measures
from clau_doom.domain.experiment import ExperimentState
from clau_doom.evolution import Result, Strategy
from clau_doom.orchestration import Shutdown
from clau_doom.testing import check_strategy

HERE = Path(__file__).parent
SPACE = GenomeSpace([Gene.real(f"x{index}", -5.0, 5.0) for index in range(8)])


@pytest.fixture
def openai_es(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module, imported by its name as clau-doom does."""
    monkeypatch.syspath_prepend(str(HERE))
    return importlib.import_module("openai_es")


@pytest.fixture
def cma_me(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module, imported by its name as clau-doom does. Compiling the functions of pyribs takes seconds."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    monkeypatch.syspath_prepend(str(HERE))
    return importlib.import_module("cma_me")


def test_openai_es_keeps_the_promises_of_a_strategy(openai_es: ModuleType) -> None:
    """Run the contract tests of the bundled strategies."""
    check_strategy(openai_es.OpenAIES)
    check_strategy(partial(openai_es.OpenAIES, sigma=0.5, learning_rate=0.5), population=2)


def test_cma_me_keeps_the_promises_of_a_strategy(cma_me: ModuleType) -> None:
    """Run the contract tests of the bundled strategies."""
    check_strategy(cma_me.CmaMe, spaces=[SPACE])


def test_agents_of_openai_es_are_mirrored_pairs(openai_es: ModuleType) -> None:
    """The second half of a generation mirrors the first half."""
    values = np.array([child.genome.values for child in openai_es.OpenAIES(SPACE, 6, 1, sigma=0.01).ask()])
    assert np.allclose(values[:3], -values[3:], atol=1e-12)
    assert 0.01 * 10 * 0.3 < values.std() < 0.01 * 10 * 3


def test_openai_es_moves_to_the_optimum(openai_es: ModuleType) -> None:
    """The distance of the mean agent to the optimum falls to a tenth in 150 generations."""
    strategy: Strategy = openai_es.OpenAIES(SPACE, 20, 1, learning_rate=0.02)
    distances = []
    for _ in range(150):
        values = np.array([child.genome.values for child in strategy.ask()])
        distances.append(float(np.linalg.norm(values.mean(axis=0) - 2.0)))
        strategy.tell([Result(-float(np.sum((row - 2.0) ** 2))) for row in values])
    assert distances[-1] < 0.1 * distances[0]


def test_openai_es_refuses_an_odd_population(openai_es: ModuleType) -> None:
    """Agents are pairs."""
    with pytest.raises(ValueError, match="population is 5: use an even number"):
        openai_es.OpenAIES(SPACE, 5, 1)


def test_a_failed_agent_is_not_in_the_archive_of_cma_me(cma_me: ModuleType) -> None:
    """A generation without results, and one with a single result."""
    strategy = cma_me.CmaMe(SPACE, 4, 1)
    strategy.ask()
    strategy.tell([Result(None)] * 4)
    assert len(strategy.archive) == 0
    strategy.ask()
    measures = Measures(kills=1.0, tics=100.0, decisions=25.0)
    strategy.tell([Result(None), Result(None), Result(None), Result(7.0, measures)])
    assert (len(strategy.archive), float(strategy.archive.stats.obj_max)) == (1, 7.0)


@pytest.mark.engine
@pytest.mark.parametrize("name", ["openai_es", "cma_me"])
async def test_experiment_runs_to_its_end(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Play a shortened experiment of the example."""
    monkeypatch.chdir(HERE)
    overrides = {"generations": 2, "scenario.timeout": 100, "execution.workers": 1, "holdout.episodes": 2}
    plan = plan_run(HERE / f"{name}.yaml", tmp_path, environ={}, overrides=overrides)
    async with open_run(plan, Shutdown()) as (_, run):
        assert await run.run() is ExperimentState.COMPLETED
