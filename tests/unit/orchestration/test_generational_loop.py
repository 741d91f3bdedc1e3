"""Tests that the cost of a run grows linearly with its length."""

import gc
from collections.abc import Iterator
from pathlib import Path

from clau_doom.config import ExperimentConfig, HoldoutConfig, to_yaml
from clau_doom.domain import Agent, AgentRef, Episode, Fitness, Gene, Genome, GenomeSpace
from clau_doom.domain.events import ExperimentStarted, GenerationStarted
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.orchestration.agent_registry import AgentRegistry
from clau_doom.orchestration.episode_scheduler import EpisodeScheduler
from clau_doom.orchestration.generation_evaluation import GenerationEvaluation
from clau_doom.orchestration.run_log import RunLog
from clau_doom.storage import ExperimentFolders
from clau_doom.testing import ScriptedBackend
from clau_doom.testing.scripted_run import StandingClock, scripted_store

SPACE = GenomeSpace((Gene.real("courage", 0.0, 1.0),))


class CountedEpisodes(dict[int, Episode]):
    """An agent's episodes, with a count of reads."""

    looks = 0

    def __iter__(self) -> Iterator[int]:
        for number in super().__iter__():
            self.looks += 1
            yield number


class CountingBackend(ScriptedBackend):
    """Backend that counts the agents in memory at each generation's end."""

    def __init__(self) -> None:
        super().__init__()
        self.agents: list[int] = []

    async def end_generation(self, generation: int) -> None:
        await super().end_generation(generation)
        gc.collect()
        self.agents.append(sum(isinstance(each, Agent) for each in gc.get_objects()))


async def test_an_agents_episodes_are_looked_at_when_all_are_played_and_not_after_each() -> None:
    """An agent is evaluated once, after all its episodes."""
    config = ExperimentConfig(name="x", episodes=100)
    agent = Agent(experiment="x", ref=AgentRef(0, 0), genome=Genome((0.5,)), parents=(), operator="draw")
    registry = AgentRegistry(1, [agent])
    episodes = registry.get(agent.id).episodes = CountedEpisodes()
    log = RunLog(scripted_store(config), StandingClock(), ran_before=0.0)
    await log.append(
        ExperimentStarted(resumed=False, generations=1, config_yaml=to_yaml(config)),
        GenerationStarted(generation=0, agents=(agent,)),
    )
    generation = GenerationEvaluation(registry, range(100), Fitness.named("reward"), log)
    await generation.evaluate(
        EpisodeScheduler(ScriptedBackend(), Shutdown(), attempts=1, on_exhausted="stop"), expected=lambda _: 1.0
    )
    assert len(episodes) == 100
    assert episodes.looks <= 300


async def test_a_run_keeps_of_each_generation_the_best_agent_and_no_other(tmp_path: Path) -> None:
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
            clock=StandingClock(),
        )
        assert await run.run() is ExperimentState.COMPLETED
    second, *_, last = backend.agents[1:]
    assert last - second < 2 * generations
