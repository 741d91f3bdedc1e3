"""Tests of the Docker backend with real containers: attribution of failures, settings and refusals."""

import asyncio
import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import vizdoom

from clau_doom.app.gene_space import genome_space
from clau_doom.app.run import make_backend, open_run
from clau_doom.app.run_planning import plan_config, plan_resume
from clau_doom.config import ExperimentConfig, to_yaml
from clau_doom.domain import AgentStatus, Evaluation, Genome, Purpose
from clau_doom.domain.events import AgentFailed, EpisodeLost, FailureKind
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import ContainerRefused
from clau_doom.orchestration import Shutdown
from clau_doom.policies import rules
from clau_doom.ports import EpisodeTask
from tests.support.docker_host import DockerHost

pytestmark = [pytest.mark.docker, pytest.mark.engine]

POLICIES = """
import ctypes
import os

from clau_doom.domain import GenomeSpace
from clau_doom.ports import Action, Needs


class Odd:
    needs = Needs()
    space = GenomeSpace(())

    def __init__(self, facts):
        self.buttons = len(facts.buttons)

    def begin(self, genome, rng):
        words = open("/proc/self/environ").read().split("\\0")
        agent = next(word for word in words if word.startswith("AGENT_ID="))
        if "-g000-a" in agent:  # no random baseline
            (self.play, self.eat, self.abort, self.crash, self.think)[int(agent[-3:])]()
        return lambda observation: Action([0] * self.buttons)

    def play(self):
        print("I play", flush=True)

    def eat(self):
        self.eaten = [os.urandom(1 << 20) for _ in range(1024)]

    def abort(self):
        print("I abort", flush=True)
        os.abort()

    def crash(self):
        ctypes.string_at(0)

    def think(self):
        while True:
            pass
"""


@dataclass
class Ended:
    """Result of an experiment."""

    state: ExperimentState
    reason: str | None
    snapshot: Snapshot
    failed: dict[int, AgentFailed]
    lost: list[EpisodeLost]

    def outcomes(self, index: int) -> Evaluation:
        return self.snapshot.generations[0][index]


class ExperimentRepository:
    """Experiments that play in one network of a test's own."""

    def __init__(self, docker: DockerHost, folder: Path) -> None:
        self.docker = docker
        self.folder = folder
        self.id = f"t-{secrets.token_hex(4)}"
        self.network = f"test-{self.id}"

    def config(self, **sections: Any) -> ExperimentConfig:
        """Return the configuration of a small experiment with changed sections."""
        plain: dict[str, Any] = {
            "name": self.id,
            "seed": 5,
            "generations": 1,
            "population": 2,
            "episodes": 2,
            "scenario": {"name": "defend_the_center", "timeout": 300},
            "evolution": {"kind": "random"},
            "execution": {"backend": "docker", "workers": 2},
            "docker": {"network": self.network},
            "holdout": {"validation": 1, "episodes": 2},
        }
        merged = {
            name: {**plain[name], **value} if isinstance(plain.get(name), dict) else value
            for name, value in {**plain, **sections}.items()
        }
        return ExperimentConfig.model_validate(merged)

    def evolve(self, config: ExperimentConfig, *, resume: bool = False) -> Ended:
        """Run an experiment to its end."""

        async def evolve() -> Ended:
            if resume:
                plan = await plan_resume(config.name, self.folder, environ={}, overrides={})
            else:
                plan = await asyncio.to_thread(plan_config, config, self.folder)
            shutdown = Shutdown()
            async with open_run(plan, shutdown) as (store, run):
                state = await run.run()
                events = [recorded.event async for recorded in store.events()]
                return Ended(
                    state=state,
                    reason=shutdown.reason,
                    snapshot=await store.snapshot(),
                    failed={event.ref.index: event for event in events if isinstance(event, AgentFailed)},
                    lost=[event for event in events if isinstance(event, EpisodeLost)],
                )

        # Each experiment has its own loop, as in the command. The tests drive Docker by blocking commands.
        return asyncio.run(evolve())

    def history(self, config: ExperimentConfig) -> str:
        """Run an experiment to its end, and return its history's hash."""
        self.evolve(config)
        done = self.command("status", config.name, "--json")
        status = json.loads(done.stdout)
        assert (status["state"], status["deviations"]["total"]) == ("completed", 0)
        return str(status["history_sha256"])

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run the real command on the test's folder."""
        return subprocess.run(
            [sys.executable, "-m", "clau_doom", "--output-dir", str(self.folder), *words],
            env=self.docker.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def run(self, config: ExperimentConfig) -> "subprocess.CompletedProcess[str]":
        """Run an experiment by the real command."""
        file = self.folder.parent / f"{config.name}.yaml"
        file.write_text(to_yaml(config))
        return self.command("run", "-c", str(file))


@pytest.fixture
def repository(docker: DockerHost, tmp_path: Path) -> Iterator[ExperimentRepository]:
    made = ExperimentRepository(docker, tmp_path / "runs")
    yield made
    if made.network in docker.networks():
        docker("network", "rm", made.network)


def test_broken_containers_do_not_affect_other_agents(repository: ExperimentRepository) -> None:
    """Memory and time are charged to the agent. A crash is repeated and charged to no agent before the last attempt.

    An agent that plays normally finishes.
    """
    image = repository.docker.image_with({"odd_policies.py": POLICIES})
    config = repository.config(
        population=5,
        episodes=1,
        policy={"kind": "class", "target": "odd_policies:Odd"},
        execution={"attempts": 2, "episode_timeout": 4.0},
        docker={"image": image, "memory": "192m"},
    )
    ended = repository.evolve(config)
    assert ended.state is ExperimentState.COMPLETED
    honest, *_ = ended.snapshot.generations[0]
    assert (honest.status, len(honest.outcomes)) == (AgentStatus.COMPLETED, 1)
    eats, aborts, crashes, thinks = (ended.failed[index] for index in range(1, 5))
    assert eats.kind is FailureKind.OUT_OF_MEMORY
    assert "exceeded docker.memory (192m)" in eats.reason
    assert thinks.kind is FailureKind.POLICY_TIMED_OUT
    assert "did not decide within the episode's deadline of 4 s" in thinks.reason
    # Without an init in between, a container's first process cannot end itself by SIGABRT: abort() then crashes it.
    for failed, index, signal in ((aborts, 2, "SIG(ABRT|SEGV)"), (crashes, 3, "SIGSEGV")):
        assert failed.kind is FailureKind.ATTEMPTS_EXHAUSTED
        name = f"{config.name}-g000-a00{index}"
        crashed = rf"the container of agent {name} crashed with {signal}( \(output: .*\))?"
        assert_matches(rf"episode 0 of {name} was lost 2 times: {crashed}", failed.reason)
        (lost,) = [each for each in ended.lost if each.agent == name]
        assert lost.attempt == 1
        assert_matches(crashed, lost.reason)
    assert "(output: I abort)" in aborts.reason
    assert {each.agent[-3:] for each in ended.lost} == {"002", "003"}


def assert_matches(pattern: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{pattern}$"):
        raise ValueError(text)


@pytest.mark.parametrize(
    "policy", [{"kind": "rules"}, {"kind": "class", "target": "odd_policies:Odd"}], ids=["rules", "class"]
)
def test_missing_image_is_one_line_with_the_remedy(repository: ExperimentRepository, policy: dict[str, str]) -> None:
    """No container and no network is created."""
    done = repository.run(repository.config(policy=policy, docker={"image": "no-such-image:1"}))
    assert done.returncode == 1
    assert_matches(
        r"error: [^\n]*image no-such-image:1 not found: "
        r"build it \(make image, or docker build\), or set docker\.image\n",
        done.stderr,
    )
    assert repository.network not in repository.docker.networks()


def test_foreign_container_with_an_agents_name_interrupts_the_run(repository: ExperimentRepository) -> None:
    """The message has the remedy, and the run can be resumed after the removal."""
    docker, config = repository.docker, repository.config()
    name = f"agent-{config.name}-g000-a001"
    stranger = docker("create", "--name", name, "--network", "none", "clau-doom-agent")
    try:
        ended = repository.evolve(config)
        assert ended.state is ExperimentState.INTERRUPTED
        assert ended.reason == (
            f"creating container for agent {config.name}-g000-a001: container {name} exists and does not "
            f"belong to this experiment: remove it (docker rm -f {name}), or rename the experiment"
        )
        assert docker.containers(f"name={config.name}") == [name]
        assert docker("inspect", "--format", "{{.Id}} {{.State.Status}}", name) == f"{stranger} created"
    finally:
        docker("rm", "--force", name)
    assert repository.evolve(config, resume=True).state is ExperimentState.COMPLETED


def test_container_that_cannot_be_removed_is_renamed(
    repository: ExperimentRepository, shown: Callable[..., dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """This can follow a restart of the daemon. The run continues, and a log line names the container."""
    docker, agent = repository.docker, f"agent-{repository.id}-g003-a007"
    labels = {"agent-id": f"{repository.id}-g003-a007", "run": "its-uuid", "generation": "3"}
    words = [word for name, text in labels.items() for word in ("--label", f"clau-doom.{name}={text}")]
    wreck = docker("create", "--name", agent, "--network", "none", *words, "clau-doom-agent")
    with docker.unremovable(wreck):
        assert shown()["Id"] != wreck
        assert docker.containers(f"name={agent}") == [f"{agent}-{wreck[:12]}"]
    assert f"removing container for agent {agent.removeprefix('agent-')}: " in caplog.text
    docker("rm", "--force", wreck)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "not internal and not without traffic between containers"),
        (("--opt", "com.docker.network.bridge.enable_icc=false"), "not internal"),
        (("--internal",), "not without traffic between containers"),
    ],
)
def test_network_with_outside_access_is_refused(
    repository: ExperimentRepository, options: tuple[str, ...], complaint: str
) -> None:
    """The error names the network, its fault and the remedy. No container is created."""
    docker, network = repository.docker, repository.network
    docker("network", "create", *options, network)
    with pytest.raises(ContainerRefused) as caught:
        repository.evolve(repository.config())
    assert str(caught.value) == (
        f"the network {network} is {complaint}: remove it (docker network rm {network}), "
        "and the next run creates it again, or set docker.network"
    )
    assert docker.containers(f"name={repository.id}") == []


def test_image_with_other_sources_is_refused(repository: ExperimentRepository) -> None:
    """If code that decides results differs, no episode is played, and the error names the remedy."""
    text = Path(rules.__file__).read_text()
    there = f"/opt/clau-doom/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    change = f"COPY rules.py {there}/clau_doom/policies/rules.py"
    image = repository.docker.image_with({"rules.py": f"{text}\nCHANGED = True\n"}, more=change)
    ended = repository.evolve(repository.config(docker={"image": image}))
    assert ended.state is ExperimentState.INTERRUPTED
    assert_matches(
        rf"the image of agent {repository.id}-g000-a00\d has source\.policies [0-9a-f]{{64}}, "
        r"but this process has [0-9a-f]{64}: build it again \(make image\)",
        ended.reason or "",
    )
    assert not ended.failed
    assert not ended.snapshot.episodes


@pytest.mark.parametrize("verify", ["none", "all"])
def test_verification_does_not_change_the_history(repository: ExperimentRepository, verify: str) -> None:
    """The history equals that of local workers."""
    played = repository.history(repository.config(docker={"verify": verify}))
    local = repository.config(name=f"{repository.id}-local", execution={"backend": "local"})
    assert played == repository.history(local)


def test_custom_scenario_is_sent_to_the_container(repository: ExperimentRepository, tmp_path: Path) -> None:
    """The history equals that of local workers."""
    bundled = Path(vizdoom.scenarios_path)
    text = (bundled / "health_gathering.cfg").read_text()
    (tmp_path / "my_own.cfg").write_text(text.replace("health_gathering.wad", "my_own.wad"))
    shutil.copy(bundled / "health_gathering.wad", tmp_path / "my_own.wad")
    scenario = {"name": str(tmp_path / "my_own.cfg"), "timeout": 200}
    played = repository.history(repository.config(scenario=scenario))
    local = repository.config(name=f"{repository.id}-local", scenario=scenario, execution={"backend": "local"})
    assert played == repository.history(local)


@pytest.fixture
def shown(repository: ExperimentRepository) -> Callable[..., dict[str, Any]]:
    """Return a function that plays one episode and returns Docker's description of its container."""

    def show(**sections: Any) -> dict[str, Any]:
        config = repository.config(**sections)
        genes = genome_space(config).genes
        agent = f"{config.name}-g003-a007"
        task = EpisodeTask(
            purpose=Purpose.TRAINING,
            agent=agent,
            genome=Genome(tuple(float(gene.low) for gene in genes)),
            number=0,
            seed=11,
        )

        async def play() -> dict[str, Any]:
            plan = await asyncio.to_thread(plan_config, config, repository.folder)
            async with make_backend(plan, None, uuid="its-uuid") as backend:
                await backend.play(task)
                found: list[dict[str, Any]] = json.loads(repository.docker("inspect", f"agent-{agent}"))
                return found[0]

        # Each experiment has its own loop, as in the command. The tests drive Docker by blocking commands.
        return asyncio.run(play())

    return show


def test_container_has_the_configured_settings(
    repository: ExperimentRepository, shown: Callable[..., dict[str, Any]]
) -> None:
    """Inspection shows name, labels, limits and isolation."""
    found = shown(docker={"memory": "300m", "cpus": 0.75, "pids": 99, "tmpfs": "20m"}, execution={"workers": 1})
    agent = f"{repository.id}-g003-a007"
    host, made = found["HostConfig"], found["Config"]
    assert found["Name"] == f"/agent-{agent}"
    assert {name: text for name, text in made["Labels"].items() if name.startswith("clau-doom.")} == {
        "clau-doom.agent-id": agent,
        "clau-doom.generation": "3",
        "clau-doom.experiment": repository.id,
        "clau-doom.run": "its-uuid",
    }
    assert (host["Memory"], host["MemorySwap"]) == (300 << 20, 300 << 20)
    assert host["NanoCpus"] == 750_000_000
    assert host["CpusetCpus"].isdigit()
    assert host["PidsLimit"] == 99
    assert host["ReadonlyRootfs"]
    assert set(host["Tmpfs"]) == {"/tmp"}
    assert f"size={20 << 20}" in host["Tmpfs"]["/tmp"].split(",")
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert not host["Privileged"]
    assert made["User"] == "10001:10001"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}}
    assert found["Mounts"] == []
    assert not host["Binds"]
    assert not host["Devices"]
    assert not host["PortBindings"]
    assert list(found["NetworkSettings"]["Networks"]) == [repository.network]
    assert host["RestartPolicy"]["Name"] == "no"
    assert (host["PidMode"], host["IpcMode"], host["UTSMode"]) == ("", "private", "")


def test_containers_without_pinning_have_no_core(shown: Callable[..., dict[str, Any]]) -> None:
    assert not shown(docker={"pin": False})["HostConfig"]["CpusetCpus"]


MEASURES = """
import clau_doom as cd


@cd.measure(low=0, integer=True)
def attacks(episode):
    return int(episode.button("ATTACK").sum())
"""


def test_measures_of_the_user_equal_those_of_local_workers(
    repository: ExperimentRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They decide the fitness. An image with another source of the measure is refused."""
    (tmp_path / "measures_of_containers.py").write_text(MEASURES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    sections: dict[str, Any] = {
        "measures": {"attacks": "measures_of_containers:attacks"},
        "fitness": {"kills": 1.0, "attacks": 0.125},
    }
    image = repository.docker.image_with({"measures_of_containers.py": MEASURES})
    contained = repository.evolve(repository.config(docker={"image": image}, **sections))
    assert contained.state is ExperimentState.COMPLETED
    local = ExperimentRepository(repository.docker, tmp_path / "local")
    alone = local.evolve(local.config(name=repository.id, execution={"backend": "local"}, **sections))
    for here, there in zip(contained.snapshot.generations[0], alone.snapshot.generations[0], strict=True):
        assert [each.measures for each in here.outcomes] == [each.measures for each in there.outcomes]
        values = [(each.measures.value("attacks"), each.measures.kills) for each in here.outcomes]
        assert here.fitness == pytest.approx(sum(kills + 0.125 * attacks for attacks, kills in values) / len(values))
    changed = repository.docker.image_with({"measures_of_containers.py": f"{MEASURES}\nCHANGED = True\n"})
    refused = repository.evolve(repository.config(name=f"{repository.id}-2", docker={"image": changed}, **sections))
    assert refused.state is ExperimentState.INTERRUPTED
    assert "has source.measures.attacks" in (refused.reason or "")
    assert not refused.snapshot.episodes
