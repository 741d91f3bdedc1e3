"""Tests of a remote agent with real workers: failures, delays and changed descriptions."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clau_doom.app.catalog import stored_experiments
from clau_doom.app.run import open_run
from clau_doom.app.run_plan import Plan
from clau_doom.app.run_planning import plan_resume, plan_run
from clau_doom.backends.local.backend import LocalBackend
from clau_doom.backends.local.configuration import LocalConfig
from clau_doom.config import (
    ExecutionConfig,
    ExperimentConfig,
    HoldoutConfig,
    PolicyConfig,
    RemotePolicyConfig,
    RulesPolicyConfig,
    ScenarioConfig,
    to_yaml,
)
from clau_doom.domain import Episode, Genome, Purpose
from clau_doom.errors import (
    AgentUnreachable,
    EpisodeTimedOut,
    PolicyFailed,
    ResumeRefused,
    WorkerRefused,
    WorkerUnavailable,
)
from clau_doom.game import resolve
from clau_doom.orchestration import Shutdown
from clau_doom.policies import RulesPolicy, make_policy
from clau_doom.ports import EpisodeTask
from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb
from clau_doom.testing.scripted_agent_server import TURNING, ScriptedAgent, description_of, script_of, turning
from clau_doom.worker import collect_facts

pytestmark = pytest.mark.engine

SCENARIO = ScenarioConfig(name="defend_the_center", timeout=300)
FACTS = resolve(SCENARIO).facts


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[ScriptedAgent]:
    with ScriptedAgent(f"unix:{tmp_path}/agent") as agent:
        yield agent


def backend(policy: PolicyConfig, *, timeout: float = 60.0, stall: float = 10.0) -> LocalBackend:
    scenario = resolve(SCENARIO)
    return LocalBackend(
        scenario=SCENARIO,
        policy=policy,
        execution=ExecutionConfig(workers=1, episode_timeout=timeout),
        local=LocalConfig(stall_timeout=stall),
        facts=collect_facts(scenario, policy, make_policy(policy, scenario.facts)),
    )


def remote(agent: ScriptedAgent, deadline: float = 5.0, on_missed: str = "retry") -> RemotePolicyConfig:
    return RemotePolicyConfig.model_validate({"address": agent.address, "deadline": deadline, "on_missed": on_missed})


def task(genome: Genome = Genome((1.0,)), seed: int = 11) -> EpisodeTask:  # noqa: B008
    return EpisodeTask(purpose=Purpose.TRAINING, agent="x-g000-a000", genome=genome, number=0, seed=seed)


@pytest.mark.parametrize("streams", [False, True], ids=["GetAction", "Play"])
async def test_remote_and_local_policy_play_the_same_episode(agent: ScriptedAgent, streams: bool) -> None:
    """The rule policy runs in the worker and behind a socket."""
    rules = RulesPolicy(FACTS)
    agent.play, agent.script, agent.description = streams, script_of(rules, FACTS), description_of(rules, "1")
    genome = Genome(tuple((gene.low + gene.high) // 2 for gene in rules.space.genes))
    episodes: list[Episode] = []
    for policy in (RulesPolicyConfig(), remote(agent)):
        async with backend(policy) as local:
            episodes.append(await local.play(task(genome)))
    assert episodes[0].outcome == episodes[1].outcome
    assert {*agent.methods()} == {"Play" if streams else "GetAction"}


@pytest.mark.parametrize("streams", [False, True], ids=["GetAction", "Play"])
async def test_killed_agent_loses_the_episode_and_keeps_the_engine(agent: ScriptedAgent, streams: bool) -> None:
    """The same episode is played after the agent's restart."""
    lost = threading.Event()

    def die(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        if request.decision == 20:
            agent.die_soon()
            lost.wait(30.0)
        return turning(begin, request)

    agent.play = streams
    async with backend(remote(agent)) as local:
        wanted = (await local.play(task())).outcome
        pids, agent.script = local.worker_pids, die
        with pytest.raises(AgentUnreachable, match=agent.address):
            await local.play(task())
        lost.set()
        agent.script = turning
        again = asyncio.create_task(local.play(task()))
        await asyncio.sleep(0.5)  # the worker's failed attempts to connect have no event
        with agent:
            assert (await again).outcome == wanted
        assert local.worker_pids == pids


async def test_waiting_for_the_agent_is_not_a_stall(agent: ScriptedAgent) -> None:
    """At the timeout of the episode, the episode is lost and the agent is not charged."""

    def slow(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        if request.decision == 3:
            time.sleep(1.5)
        return turning(begin, request)

    agent.script = slow
    async with backend(remote(agent), stall=0.5) as local:
        await local.play(task())
    async with backend(remote(agent), timeout=1.0) as local:
        with pytest.raises(EpisodeTimedOut, match="did not end within 1 s"):
            await local.play(task())


@pytest.mark.parametrize("streams", [False, True], ids=["GetAction", "Play"])
async def test_missed_deadline_repeats_the_last_action_and_is_counted(agent: ScriptedAgent, streams: bool) -> None:
    def slow(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        if request.decision in {3, 5}:
            time.sleep(0.6)
        return turning(begin, request)

    agent.play, agent.script = streams, slow
    async with backend(remote(agent, deadline=0.4, on_missed="repeat")) as local:
        assert (await local.play(task())).timing.repeated == 2


async def test_invalid_answer_fails_the_agent_and_keeps_the_worker(agent: ScriptedAgent) -> None:
    """The agent is charged for each episode. The engine continues."""
    agent.script = lambda begin, request: pb.ActionProto(action_id=9)
    async with backend(remote(agent)) as local:
        pids = local.worker_pids
        with pytest.raises(PolicyFailed, match="pressed button 9 of 3"):
            await local.play(task())
        with pytest.raises(PolicyFailed, match="the policy raised InvalidGenome as it began: a genome of 2 genes"):
            await local.play(task(Genome((1.0, 2.0))))
        assert local.worker_pids == pids


async def test_worker_is_refused_if_the_agent_has_changed(agent: ScriptedAgent) -> None:
    """The agent changes or ends between the plan and the start of workers."""
    made = backend(remote(agent)), backend(remote(agent))
    agent.description = pb.DescribeResponse(genes=TURNING.genes, version="turning 2")

    async def start(local: LocalBackend) -> None:
        async with local:
            pass

    with pytest.raises(WorkerRefused, match=r"has agent\.version turning 2, but this process has turning 1"):
        await start(made[0])
    agent.die()
    with pytest.raises(WorkerUnavailable, match=r"did not start: policy\.address .*: no agent answered"):
        await start(made[1])


def experiment(agent: ScriptedAgent, folder: Path, **policy: object) -> Path:
    """Write a tiny experiment's configuration, and return its path."""
    config = ExperimentConfig(
        name="tiny",
        generations=1,
        population=3,
        episodes=2,
        scenario=SCENARIO,
        policy=remote(agent).model_copy(update=policy),
        execution=ExecutionConfig(workers=2, record="none"),
        holdout=HoldoutConfig(validation=1, episodes=2),
    )
    (folder / "config.yaml").write_text(to_yaml(config))
    return folder / "config.yaml"


async def evolve(plan: Plan) -> None:
    shutdown = Shutdown()
    async with open_run(plan, shutdown) as (_, evolution):
        await evolution.run()


async def test_repeated_actions_are_deviations_and_another_agent_cannot_resume(
    agent: ScriptedAgent, tmp_path: Path
) -> None:
    """A changed version is refused. A changed address is accepted."""

    def slow_once(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        if begin.episode_id == next(iter(agent.begun)) and request.decision == 3:
            time.sleep(0.6)
        return turning(begin, request)

    agent.script = slow_once
    file, runs = experiment(agent, tmp_path, deadline=0.4, on_missed="repeat"), tmp_path / "runs"

    async def resumed(**overrides: object) -> None:
        await evolve(await plan_resume("tiny", runs, environ={}, overrides={"generations": 2, **overrides}))

    await evolve(plan_run(file, runs, environ={}, overrides={}))
    assert (await stored_experiments.read_experiment(runs, "tiny")).snapshot.deviations.repeated_actions == 1
    agent.description = pb.DescribeResponse(genes=TURNING.genes, version="turning 2")
    with pytest.raises(ResumeRefused, match=r"started with agent\.version turning 1, but now it is turning 2"):
        await resumed()
    agent.description = pb.DescribeResponse(genes=[*TURNING.genes, *TURNING.genes], version="turning 1")
    agent.description.genes[1].name = "second"
    with pytest.raises(ResumeRefused, match=r"agent\.description"):
        await resumed()
    with ScriptedAgent(f"unix:{tmp_path}/moved") as moved:
        await resumed(**{"policy.address": moved.address})
        assert moved.begun
