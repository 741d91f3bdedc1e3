"""Tests of the remote policy: same decisions as in this process, and attribution of failures."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from clau_doom.config import RemotePolicyConfig
from clau_doom.domain import Genome, generator
from clau_doom.errors import AgentUnreachable, ConfigError, PolicyFailed
from clau_doom.policies import RulesPolicy
from clau_doom.policies.remote import RemotePolicy
from clau_doom.ports import Observation
from clau_doom.protos.claudoom.agent.v1 import agent_pb2 as pb
from clau_doom.testing import SCRIPTED_FACTS, ScriptedEngine, check_policy
from clau_doom.testing.policy_contract import synthetic_observations
from clau_doom.testing.scripted_agent_server import (
    TURNING,
    AgentRefuses,
    ScriptedAgent,
    description_of,
    script_of,
    turning,
)
from clau_doom.worker import ProgressPage, Rollout, play

GENOME = Genome((1.0,))
SEEN = Observation(np.zeros(len(SCRIPTED_FACTS.variables)), 0)
PRESSED = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
Connect = Callable[..., RemotePolicy]


@pytest.fixture(params=["unix", "tcp"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an address without a listener."""
    if request.param == "unix":
        return f"unix:{tmp_path}/agent"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def agent(address: str) -> Iterator[ScriptedAgent]:
    """Return an agent that serves."""
    with ScriptedAgent(address) as agent:
        yield agent


@pytest.fixture
def connect(address: str) -> Iterator[Connect]:
    """Return a factory of policies for the agent."""
    made: list[RemotePolicy] = []

    def connect(deadline: float = 5.0, on_missed: str = "retry") -> RemotePolicy:
        config = RemotePolicyConfig.model_validate({"address": address, "deadline": deadline, "on_missed": on_missed})
        made.append(RemotePolicy(SCRIPTED_FACTS, config))
        return made[-1]

    yield connect
    for policy in made:
        policy.close()


@pytest.fixture
def page(tmp_path: Path) -> Iterator[ProgressPage]:
    with ProgressPage(tmp_path / "phase", create=True) as page:
        yield page


def rollout(policy: RemotePolicy | RulesPolicy, page: ProgressPage, *, decisions: int = 3, seed: int = 5) -> Rollout:
    engine = ScriptedEngine(decisions=decisions)
    engine.start(policy.needs, record=False)
    genome = GENOME if len(policy.space) == 1 else Genome(tuple(gene.low for gene in policy.space.genes))
    return play(engine, policy, genome, seed, page)


BOTH = pytest.mark.parametrize("streams", [False, True], ids=["GetAction", "Play"])


@BOTH
def test_three_decisions_are_three_requests(
    agent: ScriptedAgent, connect: Connect, page: ProgressPage, streams: bool
) -> None:
    """Each decision is one request, numbered from 0, after the start of its episode."""
    agent.play = streams
    assert rollout(connect(), page).outcome.measures.decisions == 3
    assert agent.methods() == ["Play" if streams else "GetAction"] * 3
    assert [request.decision for _, request in agent.asked] == [0, 1, 2]
    ((episode, begin),) = agent.begun.items()
    assert {request.episode_id for _, request in agent.asked} == {episode}
    assert ([*begin.genome], [*begin.buttons]) == ([1.0], [*SCRIPTED_FACTS.buttons])


@BOTH
def test_remote_and_local_policy_play_the_same_episode(
    agent: ScriptedAgent, connect: Connect, page: ProgressPage, streams: bool
) -> None:
    """The same decisions give the same trajectory in a remote and a local policy."""
    here = RulesPolicy(SCRIPTED_FACTS)
    agent.play, agent.script, agent.description = streams, script_of(here, SCRIPTED_FACTS), description_of(here, "1")
    there = connect()
    assert there.needs == here.needs
    for seed in (5, 6):
        ours, theirs = (rollout(policy, page, decisions=60, seed=seed) for policy in (here, there))
        assert theirs.outcome == ours.outcome
        assert theirs.repeated == 0


@BOTH
def test_passes_the_contract_of_policies(agent: ScriptedAgent, connect: Connect, streams: bool) -> None:
    """Bundled policies pass the same tests. Two episodes run concurrently."""
    here = RulesPolicy(SCRIPTED_FACTS)
    agent.play, agent.script, agent.description = streams, script_of(here, SCRIPTED_FACTS), description_of(here, "1")
    check_policy(connect(), connect(), SCRIPTED_FACTS, count=20)


@BOTH
def test_late_answer_loses_the_episode_with_retry(
    agent: ScriptedAgent, connect: Connect, page: ProgressPage, streams: bool
) -> None:
    """The agent is not charged, and the late answer neither answers nor delays the next episode."""
    release = threading.Event()

    def slow_once(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        if len(agent.begun) == 1 and request.decision == 1:
            release.wait(10.0)
            return pb.ActionProto(tics=3)
        return turning(begin, request)

    agent.play, agent.script = streams, slow_once
    policy = connect(deadline=0.3)
    began = time.monotonic()
    with pytest.raises(AgentUnreachable, match="missed its deadline"):
        rollout(policy, page)
    assert 0.3 <= time.monotonic() - began < 2.0
    again = rollout(policy, page)
    release.set()
    agent.script = turning
    assert again.outcome == rollout(policy, page).outcome


@BOTH
def test_late_answer_is_replaced_by_the_last_action_with_repeat(
    agent: ScriptedAgent, connect: Connect, streams: bool
) -> None:
    """The last action is repeated and counted. The late answer never answers a later decision."""

    def slow_at_two(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        if request.decision == 2:
            time.sleep(0.5)
        return turning(begin, request)

    agent.play, agent.script = streams, slow_at_two
    decide = connect(deadline=0.3, on_missed="repeat").begin(GENOME, generator(1))
    buttons = [decide(SEEN).buttons for _ in range(6)]
    assert decide.repeated == 1  # type: ignore[attr-defined]
    assert buttons == [PRESSED[1], PRESSED[2], PRESSED[2], PRESSED[1], PRESSED[2], PRESSED[0]]


@BOTH
def test_late_first_answer_is_replaced_by_no_action(
    agent: ScriptedAgent, connect: Connect, page: ProgressPage, streams: bool
) -> None:
    """An agent that never answers does not move. The episode counts its missing answers."""
    gone = threading.Event()

    def never(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        gone.wait(20.0)
        return pb.ActionProto()

    agent.play, agent.script = streams, never
    policy = connect(deadline=0.1, on_missed="repeat")
    decide = policy.begin(GENOME, generator(1))
    assert (decide(SEEN).buttons, decide.repeated) == ([0.0, 0.0, 0.0], 1)  # type: ignore[attr-defined]
    assert rollout(policy, page, decisions=4).repeated == 4
    gone.set()


def test_agent_that_does_not_read_is_late(agent: ScriptedAgent, connect: Connect) -> None:
    """Observations that exceed the window are not sent, and later decisions are not queued."""
    gone = threading.Event()

    def never(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        gone.wait(20.0)
        return turning(begin, request)

    agent.script = never
    big = Observation(SEEN.variables, 0, (), np.zeros((1900, 1900), np.uint8))
    decide = connect(deadline=0.2, on_missed="repeat").begin(GENOME, generator(1))
    assert [decide(big).buttons for _ in range(15)] == [[0.0] * 3] * 15
    assert decide.repeated == 15  # type: ignore[attr-defined]
    gone.set()
    while agent.asked[-1][1].observation.screen:  # what was sent is answered late, and then what is seen now
        decide(SEEN)
    assert sum(bool(request.observation.screen) for _, request in agent.asked) < 10


def test_screen_larger_than_the_window_arrives(agent: ScriptedAgent, connect: Connect) -> None:
    """Flow control delays a large observation without loss."""
    screen = np.arange(640 * 480, dtype=np.uint32).astype(np.uint8).reshape(480, 640)
    decide = connect().begin(GENOME, generator(1))
    for _ in range(30):
        decide(Observation(SEEN.variables, 0, (), screen))
    assert all(request.observation.screen == screen.tobytes() for _, request in agent.asked)


@BOTH
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (pb.ActionProto(action_id=3), "pressed button 3 of 3"),
        (pb.ActionProto(buttons=pb.Buttons(values=[1.0])), "1 values for 3 buttons"),
        (pb.ActionProto(buttons=pb.Buttons(values=[1.0, 0.0, float("nan")])), "not finite"),
        (pb.ActionProto(tics=5), "for 5 tics; use at most 4"),
    ],
)
def test_malformed_action_fails_the_agent(
    agent: ScriptedAgent, connect: Connect, answer: pb.ActionProto, message: str, streams: bool
) -> None:
    """An action that the scenario does not have fails the agent."""
    agent.play, agent.script = streams, lambda begin, request: answer
    decide = connect().begin(GENOME, generator(1))
    with pytest.raises(PolicyFailed, match=message):
        decide(SEEN)


@BOTH
def test_agent_that_raises_has_failed(
    agent: ScriptedAgent, connect: Connect, page: ProgressPage, streams: bool
) -> None:
    """The error has the status and text with any characters. The next episode is played."""

    def refuse(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        if request.decision == 1:
            raise AgentRefuses(grpc.StatusCode.INTERNAL, "no weights für 'x' [~] {2} \\ 100 %")
        return turning(begin, request)

    agent.play, agent.script = streams, refuse
    policy = connect()
    with pytest.raises(PolicyFailed, match=r"raised INTERNAL: no weights für 'x' \[~\] \{2\} \\ 100 %$"):
        rollout(policy, page)
    agent.script = turning
    assert rollout(policy, page).outcome.measures.decisions == 3


@BOTH
@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED])
def test_unavailable_agent_is_not_charged(
    agent: ScriptedAgent, connect: Connect, page: ProgressPage, code: grpc.StatusCode, streams: bool
) -> None:
    """An agent that reports itself as unavailable is not charged."""

    def refuse(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        raise AgentRefuses(code, "busy")

    agent.play, agent.script = streams, refuse
    with pytest.raises(AgentUnreachable, match="busy"):
        rollout(connect(), page)


@BOTH
@pytest.mark.parametrize("on_missed", ["retry", "repeat"])
def test_killed_agent_loses_the_episode_and_may_restart(
    agent: ScriptedAgent, connect: Connect, page: ProgressPage, on_missed: str, streams: bool
) -> None:
    """No action replaces those of a dead agent. The policy continues after the agent's restart."""
    lost = threading.Event()

    def die(begin: pb.BeginRequest, request: pb.GetActionRequest) -> pb.ActionProto:
        if request.decision == 1:
            agent.die_soon()
            lost.wait(30.0)
        return turning(begin, request)

    agent.play, agent.script = streams, die
    policy = connect(on_missed=on_missed)
    with pytest.raises(AgentUnreachable, match="ended or is unreachable"):
        rollout(policy, page)
    lost.set()
    agent.script = turning
    threading.Timer(0.5, agent.__enter__).start()
    assert rollout(policy, page).outcome.measures.decisions == 3


def test_broken_stream_between_episodes_is_reopened(agent: ScriptedAgent, connect: Connect, page: ProgressPage) -> None:
    """A restart of the agent loses no episode."""
    policy = connect()
    first = rollout(policy, page)
    agent.die()
    with agent:
        assert rollout(policy, page).outcome == first.outcome
    assert len(agent.begun) == 2


def test_unrequested_answer_fails_the_agent(agent: ScriptedAgent, connect: Connect) -> None:
    """A second answer fails the agent, because it would answer the next decision too early."""
    agent.answers = 2
    decide = connect().begin(GENOME, generator(1))

    def decide_often() -> None:
        for _ in range(50):
            decide(SEEN)
            time.sleep(0.01)

    with pytest.raises(PolicyFailed, match="an answer without a request"):
        decide_often()


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (pb.DescribeResponse(), "version is ''"),
        (pb.DescribeResponse(version="1", genes=[pb.Gene(high=1.0)]), "gene of the agent has the name ''"),
        (pb.DescribeResponse(version="1", genes=[pb.Gene(name="a", high=1.0)] * 2), "have the name 'a'"),
        (pb.DescribeResponse(version="1", genes=[pb.Gene(name="a", low=2.0, high=1.0)]), "bounds 2 and 1"),
        (pb.DescribeResponse(version="1", genes=[pb.Gene(name="a", high=float("inf"))]), "bounds 0 and inf"),
        (pb.DescribeResponse(version="1", genes=[pb.Gene(name="a", kind=pb.Gene.KIND_INTEGER, high=1.5)]), "whole"),
        (pb.DescribeResponse(version="1", genes=[pb.Gene(name="a", kind=pb.Gene.KIND_CHOICE)]), "different names"),
        (pb.DescribeResponse(version="1", genes=[pb.Gene(name="a", kind=7)]), "unknown kind 7"),  # type: ignore[arg-type]
    ],
)
def test_malformed_description_is_refused_at_the_start(
    agent: ScriptedAgent, connect: Connect, description: pb.DescribeResponse, message: str
) -> None:
    """The error names the address and the invalid part."""
    agent.description = description
    with pytest.raises(ConfigError, match=f"policy.address {agent.address}: .*{message}"):
        connect()


def test_address_without_an_agent_is_an_error_within_5_s(connect: Connect, address: str) -> None:
    """The error names the address and the remedy."""
    began = time.monotonic()
    with pytest.raises(ConfigError, match=f"policy.address {address}: no agent answered .*start its program first"):
        connect()
    assert time.monotonic() - began < 5.0


def test_provenance_has_the_description_of_the_agent(agent: ScriptedAgent, connect: Connect) -> None:
    """Provenance has the agent's version, and a digest of its genes and needs."""
    first = dict(connect().facts)
    agent.description = pb.DescribeResponse(genes=TURNING.genes, version="turning 1", objects=True)
    second = dict(connect().facts)
    agent.description = pb.DescribeResponse(genes=TURNING.genes, version="turning 2")
    third = dict(connect().facts)
    assert first["agent.version"] == second["agent.version"] == "turning 1"
    assert first["agent.description"] == third["agent.description"] != second["agent.description"]
    assert third["agent.version"] == "turning 2"


def test_observation_arrives_unchanged(agent: ScriptedAgent, connect: Connect) -> None:
    """Variables bit for bit, the clock, all objects and each screen row arrive unchanged."""
    decide = connect().begin(GENOME, generator(1))
    shown = [*synthetic_observations(SCRIPTED_FACTS, 3, 5)]
    for seen in shown:
        decide(seen)
    for seen, (_, request) in zip(shown, agent.asked, strict=True):
        observation = request.observation
        assert ([*observation.variables], observation.tic) == (seen.variables.tolist(), seen.tic)
        assert seen.screen is not None
        assert observation.screen == seen.screen.tobytes()
        assert [(each.id, each.name, each.kind, each.x, (*each.velocity,)) for each in observation.objects] == [
            (each.id, each.name, each.kind, each.x, each.velocity) for each in seen.objects
        ]
