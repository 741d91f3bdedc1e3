"""Tests of runs with a strategy of a user: populations that differ by generation, injected genomes, and errors."""

import re
from pathlib import Path

import pytest

from clau_doom.config import CustomStrategyConfig, ExperimentConfig, HoldoutConfig
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.domain.events import ExperimentFailed as ExperimentFailedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.history_hash import history_sha256
from clau_doom.errors import ExperimentFailed, StrategyFailed
from clau_doom.orchestration import Shutdown
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_run import run_scripted, scripted_store
from tests.support.importable_modules import unused_module_name

SPACE = GenomeSpace((Gene.real("x", -1.0, 1.0),))
SOURCE = """
from clau_doom.domain import Genome
from clau_doom.evolution import Offspring, Strategy


class Growing(Strategy):
    '''Asks for one more agent in each generation, up to twice the population.'''

    def __init__(self, space, population, seed, *, fail_at=-1):
        super().__init__(space, population, seed)
        self.fail_at = fail_at
        self.best = 0.0

    @property
    def largest_population(self):
        return 2 * self.population

    def _ask(self):
        count = min(self.population + self.generation, self.largest_population)
        values = self._stream(self.generation).uniform(-1.0, 1.0, count)
        self.genomes = [Genome([0.5 * value + 0.5 * self.best]) for value in values]
        return [Offspring(genome, (), "draw") for genome in self.genomes]

    def _tell(self, results):
        if self.generation == self.fail_at:
            raise RuntimeError("no covariance")
        ranked = [(r.fitness, genome) for r, genome in zip(results, self.genomes) if r.fitness is not None]
        self.best = max(ranked, key=lambda pair: pair[0])[1].values[0]

    def _immigrate(self, index, genome):
        self.genomes[index] = genome


class Wrong(Growing):
    def _ask(self):
        return super()._ask() if self.generation < 1 else [Offspring(Genome([7.0]), (), "draw")]
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = unused_module_name()
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return name


def experiment(target: str, **options: int) -> ExperimentConfig:
    return ExperimentConfig(
        name="x",
        generations=4,
        population=2,
        episodes=2,
        evolution=CustomStrategyConfig(target=target, options=dict(options)),
        holdout=HoldoutConfig(validation=1, episodes=2),
    )


async def stored_sizes(store: MemoryStore) -> list[int]:
    return [len(row) for row in (await store.snapshot()).generations]


async def test_generations_may_have_different_numbers_of_agents(module: str) -> None:
    """An interrupted run resumes to the same history as a run without interruption, for any number of slots."""
    config = experiment(f"{module}:Growing")
    whole = scripted_store(config)
    assert await run_scripted(whole, config, space=SPACE, slots=1) is ExperimentState.COMPLETED
    assert await stored_sizes(whole) == [2, 3, 4, 4]
    interrupted, shutdown, played = scripted_store(config), Shutdown(), []

    async def stop(_: object) -> None:
        played.append(1)
        if len(played) == 13:
            shutdown.request("a test", grace=0.0)

    await run_scripted(interrupted, config, space=SPACE, disturb=stop, shutdown=shutdown)
    assert await stored_sizes(interrupted) == [2, 3, 4]
    assert await run_scripted(interrupted, config, space=SPACE) is ExperimentState.COMPLETED
    first, second = await whole.snapshot(), await interrupted.snapshot()
    assert history_sha256(first.generations) == history_sha256(second.generations)


@pytest.mark.parametrize(
    ("name", "fail_at", "message"),
    [
        ("Growing", 2, r"strategy .*:Growing, tell of generation 2: RuntimeError \(.*\.py, line 26\): no covariance"),
        ("Wrong", -1, r"strategy .*:Wrong, ask of generation 1: gene x is 7\.0: real from -1 to 1: keep"),
    ],
)
async def test_an_error_of_the_strategy_fails_the_experiment(
    module: str, name: str, fail_at: int, message: str
) -> None:
    """The log has one reason and, for an exception, the traceback."""
    config = experiment(f"{module}:{name}", fail_at=fail_at)
    store = scripted_store(config)
    with pytest.raises(ExperimentFailed) as caught:
        await run_scripted(store, config, space=SPACE)
    snapshot = await store.snapshot()
    assert snapshot.state is ExperimentState.FAILED
    events = [recorded.event async for recorded in store.events()]
    (failed,) = [event for event in events if isinstance(event, ExperimentFailedEvent)]
    assert re.search(message, failed.reason)
    assert isinstance(_root(caught.value), StrategyFailed)
    assert (failed.traceback is not None) == (fail_at >= 0)
    if failed.traceback:
        assert 'raise RuntimeError("no covariance")' in str(failed.traceback.text)


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None and not isinstance(error, StrategyFailed):
        error = error.__cause__
    return error
