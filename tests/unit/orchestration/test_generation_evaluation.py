"""Tests that the evaluation of a generation takes time in proportion to its episodes."""

from collections.abc import Iterator

from clau_doom.config import ExperimentConfig, to_yaml
from clau_doom.domain import Agent, AgentRef, Episode, Fitness, Genome
from clau_doom.domain.events import ExperimentStarted, GenerationStarted
from clau_doom.orchestration import Shutdown
from clau_doom.orchestration.agent_registry import AgentRegistry
from clau_doom.orchestration.episode_scheduler import EpisodeScheduler
from clau_doom.orchestration.generation_evaluation import GenerationEvaluation
from clau_doom.orchestration.run_log import RunLog
from clau_doom.testing import ScriptedBackend
from clau_doom.testing.scripted_run import StoppedClock, scripted_store


class CountedEpisodes(dict[int, Episode]):
    """An agent's episodes, with a count of reads."""

    looks = 0

    def __iter__(self) -> Iterator[int]:
        for number in super().__iter__():
            self.looks += 1
            yield number


async def test_agent_is_evaluated_once_after_its_last_episode() -> None:
    config = ExperimentConfig(name="x", episodes=100)
    agent = Agent(experiment="x", ref=AgentRef(0, 0), genome=Genome((0.5,)), parents=(), operator="draw")
    registry = AgentRegistry(1, [agent])
    episodes = registry.get(agent.id).episodes = CountedEpisodes()
    log = RunLog(scripted_store(config), StoppedClock(), ran_before=0.0)
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
