"""Tests that a run's memory does not grow with its generations."""

import gc
from pathlib import Path

from clau_doom.config import ExperimentConfig, HoldoutConfig, to_yaml
from clau_doom.domain import Agent, Fitness, Gene, GenomeSpace
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.storage import ExperimentFolders
from clau_doom.testing import ScriptedBackend
from clau_doom.testing.scripted_run import StoppedClock

SPACE = GenomeSpace((Gene.real("courage", 0.0, 1.0),))


class CountingBackend(ScriptedBackend):
    """Backend that counts the agents in memory at each generation's end."""

    def __init__(self) -> None:
        super().__init__()
        self.agents: list[int] = []

    async def end_generation(self, generation: int) -> None:
        await super().end_generation(generation)
        gc.collect()
        self.agents.append(sum(isinstance(each, Agent) for each in gc.get_objects()))


async def test_memory_does_not_grow_with_finished_agents(tmp_path: Path) -> None:
    """Agents of finished generations do not add up in memory."""
    generations, population = 9, 20
    config = ExperimentConfig(
        name="x",
        generations=generations,
        population=population,
        episodes=1,
        holdout=HoldoutConfig(validation=1, episodes=2),
    )
    text, backend = to_yaml(config), CountingBackend()
    experiment = Experiment(id="x", uuid="4f8", seed=1, config_yaml=text, provenance=Provenance(facts=()))
    async with ExperimentFolders(tmp_path).create(experiment).write() as store, backend:
        run = ExperimentRun(
            config,
            text,
            space=SPACE,
            fitness=Fitness.named("reward"),
            store=store,
            backend=backend,
            shutdown=Shutdown(),
            clock=StoppedClock(),
        )
        assert await run.run() is ExperimentState.COMPLETED
    second, *_, last = backend.agents[1:]
    assert last - second < 2 * generations
