"""Further episodes of an agent, played by local workers as in a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clau_doom.backends.local.backend import LocalBackend
from clau_doom.backends.local.configuration import LocalConfig
from clau_doom.backends.scenario_files import placed_scenario
from clau_doom.config import ExecutionConfig, PolicyConfig, ScenarioConfig, importing_from
from clau_doom.domain import Episode, Genome, Purpose, generator
from clau_doom.game import SCENARIOS, Scenario, try_scenario
from clau_doom.orchestration import Shutdown
from clau_doom.orchestration.episode_scheduler import AgentFailure, EpisodeScheduler, Report
from clau_doom.orchestration.task_queue import TaskQueue
from clau_doom.ports import EpisodeTask, Policy
from clau_doom.worker import collect_facts, load_measures

__all__ = ["Player", "fresh_seeds", "play_episodes"]

_SEEDS = 1 << 31


@dataclass(frozen=True, kw_only=True)
class Player:
    """An agent with everything that decides its episodes.

    Attributes:
        id: Id of the agent.
        genome: Genes of the agent.
        config: Configuration of the policy.
        policy: The policy of the configuration.
        settings: Configuration of the scenario.
        scenario: The scenario.
        measures: Functions of the user's measures, by name.
        import_paths: Folders that modules of the user are imported from; empty: the working folder.
    """

    id: str
    genome: Genome
    config: PolicyConfig
    policy: Policy
    settings: ScenarioConfig
    scenario: Scenario
    measures: Mapping[str, str] = field(default_factory=dict)
    import_paths: tuple[str, ...] = ()


def fresh_seeds(seed: int, count: int) -> tuple[int, ...]:
    """Return different seeds of episodes. More seeds begin with the same ones.

    Args:
        seed: Seed of the draws.
        count: Number of seeds.
    """
    draws = generator(seed, "play")
    found: dict[int, None] = {}
    while len(found) < count:
        found.setdefault(int(draws.integers(_SEEDS)))
    return tuple(found)


async def play_episodes(player: Player, seeds: Sequence[int], *, workers: int) -> list[Episode]:
    """Play one episode on each seed, and return the episodes in the order of the seeds.

    Lost episodes are repeated as in a run. The scenario is tried first if it is not a bundled one.

    Args:
        player: The agent.
        seeds: Seeds of the episodes.
        workers: Number of worker processes; 0: one for each core.

    Raises:
        PolicyFailed: The policy failed.
        InfrastructureFailed: The workers do not start, or an episode was lost in all attempts.
    """
    if player.scenario.facts.name not in SCENARIOS:
        try_scenario(player.scenario)
    execution = ExecutionConfig(workers=min(workers, len(seeds)), record="none")
    scenario, files = placed_scenario(player.settings, player.scenario)
    with importing_from(player.import_paths):
        backend = LocalBackend(
            scenario=scenario,
            policy=player.config,
            execution=execution,
            local=LocalConfig(),
            measures=player.measures,
            facts=collect_facts(player.scenario, player.config, player.policy, load_measures(player.measures)),
            files=files,
        )
    tasks = [
        EpisodeTask(purpose=Purpose.HELD_OUT, agent=player.id, genome=player.genome, number=number, seed=seed)
        for number, seed in enumerate(seeds)
    ]
    played: dict[int, Episode] = {}

    async def receive(reports: Sequence[Report]) -> None:
        for report in reports:
            if isinstance(report, AgentFailure):
                raise report.error
            if isinstance(report, Episode):
                played[report.number] = report

    async with backend:
        scheduler = EpisodeScheduler(backend, Shutdown(), attempts=execution.attempts, on_exhausted="fail_agent")
        await scheduler.play(TaskQueue(tasks), receive)
    return [played[number] for number in range(len(tasks))]
