"""Tests of agents that attack from inside their containers."""

import asyncio
import json
import logging
import re
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clau_doom.app.run import make_backend, open_run
from clau_doom.app.run_planning import plan_config
from clau_doom.config import ExperimentConfig
from clau_doom.domain import AgentStatus, EpisodeOutcome, Evaluation, Genome, Purpose
from clau_doom.domain.events import AgentFailed, FailureKind
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import PolicyFailed
from clau_doom.orchestration import Shutdown
from clau_doom.ports import EpisodeTask, EvaluationBackend
from tests.support.docker_host import DockerHost

pytestmark = [pytest.mark.docker, pytest.mark.engine]

HOSTILE = Path(__file__).with_name("hostile")
POPULATION = 8
PORT = 7777


@dataclass
class Ended:
    """Result of an experiment."""

    state: ExperimentState
    snapshot: Snapshot
    failed: dict[int, AgentFailed]

    @property
    def agents(self) -> Sequence[Evaluation]:
        return self.snapshot.generations[0]

    @property
    def outcomes(self) -> list[Sequence[EpisodeOutcome]]:
        return [agent.outcomes for agent in self.agents]


def experiment(name: str, policy: dict[str, Any], **sections: Any) -> ExperimentConfig:
    return ExperimentConfig.model_validate(
        {
            "name": name,
            "seed": 5,
            "generations": 1,
            "population": POPULATION,
            "episodes": 1,
            "scenario": {"name": "defend_the_center", "timeout": 300},
            "policy": policy,
            "fitness": "kills",
            "evolution": {"kind": "random"},
            "holdout": {"validation": 1, "episodes": 2},
            **sections,
        }
    )


def attackers(*attacks: str) -> dict[str, Any]:
    return {"kind": "class", "target": "attackers:Attacker", "options": {"attacks": ",".join(attacks)}}


def evolve(config: ExperimentConfig, folder: Path) -> Ended:
    async def run() -> Ended:
        plan = await asyncio.to_thread(plan_config, config, folder)
        async with open_run(plan, Shutdown()) as (store, experiment):
            state = await experiment.run()
            failed = [each.event async for each in store.events() if isinstance(each.event, AgentFailed)]
            return Ended(state, await store.snapshot(), {event.ref.index: event for event in failed})

    # Each experiment has its own loop, as in the command. The tests drive Docker by blocking commands.
    return asyncio.run(run())


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Return the same experiment without any attack, played by local workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(HOSTILE)
        patch.syspath_prepend(str(HOSTILE))
        return evolve(experiment("reference", attackers(*["none"] * POPULATION)), tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="module")
def attackers_image(docker_host: DockerHost) -> str:
    return docker_host.image_with({"attackers.py": (HOSTILE / "attackers.py").read_text()})


class Battlefield:
    """Experiment and network of one test with attacking agents."""

    def __init__(self, docker: DockerHost, folder: Path) -> None:
        self.docker = docker
        self.name = f"t-{secrets.token_hex(4)}"
        self._network = f"test-{self.name}"
        self._folder = folder

    def config(self, policy: dict[str, Any], image: str, **execution: Any) -> ExperimentConfig:
        docker = {"image": image, "network": self._network, "memory": "256m", "start_timeout": 8.0}
        return experiment(
            self.name, policy, docker=docker, execution={"backend": "docker", "workers": 2, "attempts": 1, **execution}
        )

    def evolve(self, policy: dict[str, Any], image: str, **execution: Any) -> Ended:
        """Run an experiment to its end, and check that no container remains."""
        ended = evolve(self.config(policy, image, **execution), self._folder)
        assert self.docker.containers(f"label=clau-doom.experiment={self.name}") == []
        return ended

    def backend(self, config: ExperimentConfig) -> AbstractAsyncContextManager[EvaluationBackend]:
        """Return a backend without an orchestrator, not yet entered."""
        return make_backend(plan_config(config, self._folder), None, uuid=self.name)

    def task(self, index: int, where: float = 0.0) -> EpisodeTask:
        genome = Genome((where, 0.5))
        agent = f"{self.name}-g000-a{index:03}"
        return EpisodeTask(purpose=Purpose.TRAINING, agent=agent, genome=genome, number=0, seed=11)

    def close(self) -> None:
        if self._network in self.docker.networks():
            self.docker("network", "rm", self._network)


@pytest.fixture
def battlefield(docker: DockerHost, tmp_path: Path) -> Iterator[Battlefield]:
    made = Battlefield(docker, tmp_path)
    yield made
    made.close()


def assert_unharmed(ended: Ended, reference: Ended, honest: Sequence[int]) -> None:
    """Check that the experiment is completed, and that honest agents have the results of the reference run."""
    assert ended.state is ExperimentState.COMPLETED, ended.snapshot.reason
    assert {index for index in range(POPULATION) if index not in ended.failed} == {*honest}
    for index in honest:
        assert ended.agents[index].status is AgentStatus.COMPLETED
        assert ended.outcomes[index] == reference.outcomes[index]
    assert ended.snapshot.summaries[0].best.index in honest


def test_attacks_on_resources_stay_inside_the_container(
    battlefield: Battlefield, attackers_image: str, reference: Ended
) -> None:
    """Processes, memory, disk and log are limited, and every failure is reported."""
    attacks = ("none", "fork", "memory", "disk", "log", "escape", "reach", "leave")
    ended = battlefield.evolve(attackers(*attacks), attackers_image, episode_timeout=30.0)
    assert_unharmed(ended, reference, honest=[0, attacks.index("log")])
    failures = {attack: ended.failed[index] for index, attack in enumerate(attacks) if index in ended.failed}
    forked = re.search(r"no more than (\d+) processes: EAGAIN", failures["fork"].reason)
    assert forked
    assert int(forked[1]) < 128
    assert failures["memory"].kind is FailureKind.OUT_OF_MEMORY
    assert "docker.memory" in failures["memory"].reason
    filled = re.search(r"filled \{'/tmp': (\d+), '/dev/shm': (\d+)\}", failures["disk"].reason)
    assert filled
    assert max(map(int, filled.groups())) <= 64
    assert failures["escape"].reason.endswith("could write ['/dev/mqueue', '/dev/shm', '/tmp'], could [], has []")
    assert failures["reach"].reason.endswith("reached []")
    assert {failures[attack].kind for attack in ("fork", "disk", "escape", "reach")} == {FailureKind.POLICY_RAISED}
    assert failures["leave"].kind is FailureKind.ATTEMPTS_EXHAUSTED
    assert "ended with exit code 0" in failures["leave"].reason


def test_false_claims_fail_the_agent(battlefield: Battlefield, attackers_image: str, reference: Ended) -> None:
    """A claim of kills that did not happen is forged. An invalid message is charged at once."""
    attacks = ("none", "lie", "pretend", "none", "beat", "rubbish", "shout", "none")
    ended = battlefield.evolve(attackers(*attacks), attackers_image)
    assert_unharmed(ended, reference, honest=[0, 3, 7])
    failures = {attack: ended.failed[index] for index, attack in enumerate(attacks) if index in ended.failed}
    assert {failures[attack].kind for attack in ("lie", "pretend", "beat", "rubbish")} == {FailureKind.FORGED}
    assert re.search(r"is forged: it reports kills 1000, but its actions give \d+$", failures["lie"].reason)
    assert failures["pretend"].reason.endswith("sent an unrequested message: played")
    assert failures["beat"].reason.endswith("sent too many heartbeats")
    assert failures["rubbish"].reason.endswith("sent 1000 bytes that are not a FromWorker")
    assert failures["shout"].kind is FailureKind.POLICY_RAISED
    assert failures["shout"].reason.isprintable()
    assert len(failures["shout"].reason) < 1000


def test_rogue_program_does_not_affect_other_agents(
    battlefield: Battlefield, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """The program sends garbage, floods the server, stays silent or uses a stolen token."""
    attacks = ("none", "garbage", "giant", "flood", "silent", "thief", "crowd", "none")
    image = battlefield.docker.image_with(
        {"rogue.py": (HOSTILE / "rogue.py").read_text()},
        more=f'ENV ATTACKS={",".join(attacks)}\nENTRYPOINT ["python", "/opt/agent/rogue.py"]',
    )
    rules = {"kind": "rules"}
    reference = evolve(experiment("reference", rules), tmp_path / "local")
    with caplog.at_level(logging.WARNING):
        ended = battlefield.evolve(rules, image)
    assert_unharmed(ended, reference, honest=[0, 7])
    failures = {attack: ended.failed[index] for index, attack in enumerate(attacks) if index in ended.failed}
    assert failures["garbage"].kind is failures["flood"].kind is FailureKind.FORGED
    assert failures["garbage"].reason.endswith("sent 1000 bytes that are not a FromWorker")
    assert failures["flood"].reason.endswith("sent too many heartbeats")
    assert "output: a message too long: RESOURCE_EXHAUSTED" in failures["giant"].reason
    assert "was not ready within 8 s" in failures["silent"].reason
    refused = "UNAUTHENTICATED"
    assert f"output: tokens: {refused} {refused} OK {refused}" in failures["thief"].reason
    assert re.search(r"came as 900, knocked \d{4,} times$", failures["crowd"].reason)
    turned_away = [str(each.msg) for each in caplog.records if each.name == "clau_doom.backends.docker.worker_gateway"]
    assert all("its token is missing or wrong" in entry for entry in turned_away)
    assert 3 < len(turned_away) < 40


async def test_agents_cannot_reach_each_other_and_logs_are_limited(
    battlefield: Battlefield, attackers_image: str
) -> None:
    """Only the host reaches a listening agent. A log keeps its last megabyte."""
    docker = battlefield.docker
    config = battlefield.config(attackers("listen", "visit", "log"), attackers_image)

    async with await asyncio.to_thread(battlefield.backend, config) as backend:
        await backend.play(battlefield.task(0))
        shown = json.loads(docker("inspect", f"agent-{battlefield.name}-g000-a000"))
        ((_, network),) = shown[0]["NetworkSettings"]["Networks"].items()
        host = network["IPAddress"]
        await asyncio.to_thread(lambda: socket.create_connection((host, PORT), timeout=5.0).close())
        where = float(int.from_bytes(socket.inet_aton(host), "big"))
        with pytest.raises(PolicyFailed, match=rf"visited {host}: False"):
            await backend.play(battlefield.task(1, where))
        assert shown[0]["Name"][1:] in docker.containers("status=running")  # it listened all the time
        await backend.play(battlefield.task(2))
        assert len(docker("logs", f"agent-{battlefield.name}-g000-a002")) < 1_100_000
