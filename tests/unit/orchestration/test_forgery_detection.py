"""Tests of the verification of results from untrusted workers."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from clau_doom.config import ExecutionConfig, ExperimentConfig, GeneticConfig, HoldoutConfig
from clau_doom.domain import AgentRef, AgentStatus, EpisodeOutcome, Gene, Genome, GenomeSpace, Measures
from clau_doom.domain.events import AgentFailed, FailureKind
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.snapshot import Snapshot
from clau_doom.error_description import describe
from clau_doom.errors import ExperimentFailed
from clau_doom.orchestration import ExperimentRun, Shutdown
from clau_doom.ports import EpisodeTask
from clau_doom.testing import ScriptedBackend, scripted_outcome
from clau_doom.testing.memory_store import MemoryStore
from clau_doom.testing.scripted_run import scripted_run, scripted_store

SPACE = GenomeSpace((Gene.real("courage", 0.0, 1.0), Gene.choice("honesty", ("honest", "boasts"))))


def claim_high_reward(genome: Genome, seed: int) -> EpisodeOutcome:
    """Claim a reward that is 1,000 too high for genomes with a certain gene."""
    outcome = scripted_outcome(genome, seed)
    if genome.values[1:] != (1.0,):  # random play has no genes
        return outcome
    return replace(outcome, measures=replace(outcome.measures, reward=1000.0))


def claim_high_reward_always(genome: Genome, seed: int) -> EpisodeOutcome:
    return claim_high_reward(Genome((genome.values[0], 1.0)), seed)


def configuration(verify: str, **changes: object) -> ExperimentConfig:
    plain = ExperimentConfig.model_validate(
        {
            "name": "x",
            "generations": 4,
            "population": 8,
            "episodes": 2,
            "fitness": "reward",
            "evolution": GeneticConfig(elites=1),
            "execution": ExecutionConfig(backend="docker"),
            "docker": {"verify": verify},
            "holdout": HoldoutConfig(validation=2, episodes=2),
        }
    )
    return plain.model_copy(update=changes)


def made(
    config: ExperimentConfig, store: MemoryStore, backend: ScriptedBackend, shutdown: Shutdown | None = None
) -> ExperimentRun:
    return scripted_run(config, store, backend, space=SPACE, shutdown=shutdown)


async def finished(verify: str, backend: ScriptedBackend | None = None) -> Snapshot:
    config = configuration(verify)
    store = scripted_store(config)
    played = backend or ScriptedBackend(claimed=claim_high_reward)
    assert await made(config, store, played).run() is ExperimentState.COMPLETED
    return await store.snapshot()


def false_claimants(snapshot: Snapshot) -> set[AgentRef]:
    agents = [evaluation.agent for generation in snapshot.generations for evaluation in generation]
    return {agent.ref for agent in agents if agent.genome.values[1] == 1.0}


async def test_false_claim_wins_without_verification() -> None:
    """A claim cannot be verified without recorded actions."""
    snapshot = await finished("none", ScriptedBackend(outcome=claim_high_reward))
    assert {summary.best for summary in snapshot.summaries} & false_claimants(snapshot)


@pytest.mark.parametrize("verify", ["champions", "parents"])
async def test_false_claim_fails_the_agent_as_forged(verify: str) -> None:
    """The failure has claimed and verified values. The best honest agent is the best of its generation."""
    snapshot = await finished(verify)
    claimants = false_claimants(snapshot)
    assert claimants
    assert not {summary.best for summary in snapshot.summaries} & claimants
    assert all(summary.best_fitness < 100.0 for summary in snapshot.summaries)
    failed = [each for generation in snapshot.generations for each in generation if each.status is AgentStatus.FAILED]
    assert failed
    for evaluation in failed:
        assert evaluation.agent.ref in claimants
        assert "forged: it reports reward 1000, but its actions give" in str(evaluation.failure)


def claim_moderate_reward(genome: Genome, seed: int) -> EpisodeOutcome:
    """Claim a false reward for genomes with a certain gene, too low to be the best."""
    outcome = scripted_outcome(genome, seed)
    if genome.values[1:] != (1.0,):
        return outcome
    return replace(outcome, measures=replace(outcome.measures, reward=15.0))


def parents(snapshot: Snapshot) -> set[AgentRef]:
    return {parent for generation in snapshot.generations for each in generation for parent in each.agent.parents}


@pytest.mark.parametrize("claimed", [claim_high_reward, claim_moderate_reward])
async def test_verified_parents_have_no_false_claims(claimed: Callable[[Genome, int], EpisodeOutcome]) -> None:
    """Each parent is verified before the strategy chooses it, even if its claim is only slightly false."""
    snapshot = await finished("parents", ScriptedBackend(claimed=claimed))
    assert parents(snapshot)
    assert not parents(snapshot) & false_claimants(snapshot)


async def test_champion_verification_does_not_verify_parents() -> None:
    """With `champions`, an agent with a false claim can be a parent. The setting `parents` prevents it."""
    snapshot = await finished("champions", ScriptedBackend(claimed=claim_moderate_reward))
    assert parents(snapshot) & false_claimants(snapshot)


async def test_forged_result_is_an_event() -> None:
    """The event log has the failure with its kind."""
    config = configuration("champions")
    store = scripted_store(config)

    async def kinds() -> list[FailureKind]:
        await made(config, store, ScriptedBackend(claimed=claim_high_reward)).run()
        return [each.event.kind async for each in store.events() if isinstance(each.event, AgentFailed)]

    assert set(await kinds()) == {FailureKind.FORGED}


async def test_generation_of_false_claims_fails() -> None:
    """A generation without a verified agent fails, and the error has the reasons."""
    config = configuration("champions")

    async def run() -> None:
        await made(config, scripted_store(config), ScriptedBackend(claimed=claim_high_reward_always)).run()

    with pytest.raises(ExperimentFailed) as caught:
        await run()
    assert "all 8 agents failed" in describe(caught.value)


async def test_episodes_without_actions_are_not_verified() -> None:
    """Episodes of trusted workers are not replayed."""
    backend, config = ScriptedBackend(), configuration("parents")
    await made(config, scripted_store(config), backend).run()
    assert not [task for task in backend.played if task.actions is not None]


async def test_each_claim_is_verified_once() -> None:
    """An agent that is both the best and a parent is verified once."""
    backend, config = ScriptedBackend(claimed=claim_high_reward), configuration("parents")
    await made(config, scripted_store(config), backend).run()
    proved = [(task.agent, task.number) for task in backend.played if task.actions is not None]
    assert len(proved) == len(set(proved)) > 0


@pytest.mark.parametrize("verify", ["champions", "parents"])
@pytest.mark.parametrize("stop", [3, 17, 19, 21, 40])
async def test_run_interrupted_during_verification_has_the_same_history(verify: str, stop: int) -> None:
    """Actions are stored until their verification, so that a resume can finish it."""
    config = configuration(verify)

    async def run() -> Snapshot:
        store, shutdown, begun = scripted_store(config), Shutdown(), 0

        async def count(task: EpisodeTask) -> None:
            nonlocal begun
            begun += 1
            if begun == stop:
                shutdown.request("enough", grace=0.0)

        backend = ScriptedBackend(claimed=claim_high_reward, disturb=count)
        assert await made(config, store, backend, shutdown).run() is ExperimentState.INTERRUPTED
        assert await made(config, store, ScriptedBackend(claimed=claim_high_reward)).run() is ExperimentState.COMPLETED
        return await store.snapshot()

    resumed, undisturbed = await run(), await finished(verify)
    assert history_sha256(resumed.generations) == history_sha256(undisturbed.generations)
    assert resumed.champion == undisturbed.champion


async def test_backend_receives_the_end_of_each_generation() -> None:
    """The backend gets each end of a generation, so that it can free its agents' resources."""
    backend, config = ScriptedBackend(), configuration("none")
    await made(config, scripted_store(config), backend).run()
    assert backend.ended == [0, 1, 2, 3]


def test_mismatch_names_the_difference() -> None:
    """Differences list the measures first, then the trajectory hash."""
    claimed = EpisodeOutcome(seed=1, measures=Measures(kills=9.0), trajectory_sha256="aa")
    assert claimed.mismatch(claimed) is None
    fewer = replace(claimed, measures=Measures(kills=2.0))
    assert claimed.mismatch(fewer) == "it reports kills 9, but its actions give 2"
    assert "trajectory" in str(claimed.mismatch(replace(claimed, trajectory_sha256="bb")))
