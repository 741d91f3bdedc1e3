"""Tests of the Ray backend on a cluster of several nodes, with killed and hung processes."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import vizdoom

from clau_doom.app.run import open_run
from clau_doom.app.run_plan import Plan
from clau_doom.app.run_planning import plan_config
from clau_doom.backends.ray.backend import RayBackend
from clau_doom.config import ExperimentConfig, to_yaml
from clau_doom.domain.events import EpisodeLost
from clau_doom.domain.experiment import ExperimentState, Provenance
from clau_doom.domain.history_hash import history_sha256
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import ClusterRefused, ClusterUnreachable, WorkerRefused
from clau_doom.orchestration import Shutdown
from tests.support.ray_nodes import RayNodes
from tests.support.waiting import until, wait_until

pytestmark = [
    pytest.mark.engine,
]


@pytest.fixture(scope="module")
def nodes() -> Iterator[RayNodes]:
    """Return a cluster of a head, which runs the drivers, and one node. Each has a core for one worker."""
    with RayNodes(1) as made:
        made.add(1)
        yield made


@dataclass
class Ended:
    """Result of an experiment."""

    state: ExperimentState
    reason: str | None
    snapshot: Snapshot
    lost: list[EpisodeLost]

    @property
    def history(self) -> str:
        return history_sha256(self.snapshot.finished_generations)


def config(address: str | None = None, **sections: Any) -> ExperimentConfig:
    """Return the configuration of a small experiment with changed sections."""
    plain: dict[str, Any] = {
        "name": "ray",
        "seed": 5,
        "generations": 2,
        "population": 4,
        "episodes": 3,
        "scenario": {"name": "defend_the_center", "timeout": 1000},
        "evolution": {"kind": "random"},
        "execution": {"backend": "ray", "workers": 2},
        "ray": {"address": address, "start_timeout": 60.0, "stall_timeout": 5.0},
        "holdout": {"validation": 1, "episodes": 2},
    }
    merged = {
        name: {**plain[name], **value} if isinstance(plain.get(name), dict) else value
        for name, value in {**plain, **sections}.items()
    }
    return ExperimentConfig.model_validate(merged)


Disturb = Callable[[RayBackend], Awaitable[None]]


def evolve(wanted: ExperimentConfig, folder: Path, disturb: Disturb | None = None, **facts: str) -> Ended:
    """Run an experiment with disturbances to its end."""

    async def evolve() -> Ended:
        plan = await asyncio.to_thread(plan_config, wanted, folder)
        if facts:
            changed = tuple(sorted({**dict(plan.facts.facts), **facts}.items()))
            plan = Plan(**{**vars(plan), "facts": Provenance(facts=changed)})
        shutdown = Shutdown()
        async with open_run(plan, shutdown) as (store, run):
            backend = run._backend
            disturbing = None
            if disturb:
                assert isinstance(backend, RayBackend)
                disturbing = asyncio.ensure_future(disturb(backend))
            state = await run.run()
            if disturbing:
                await disturbing
            events = [recorded.event async for recorded in store.events()]
            return Ended(
                state=state,
                reason=shutdown.reason,
                snapshot=await store.snapshot(),
                lost=[event for event in events if isinstance(event, EpisodeLost)],
            )

    # Each experiment has its own loop, as in the command. The tests drive nodes by blocking calls.
    return asyncio.run(evolve())


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the history's hash of the same experiment with the local backend."""
    ended = evolve(config(execution={"backend": "local"}), tmp_path_factory.mktemp("local"))
    assert ended.state is ExperimentState.COMPLETED
    return ended.history


def test_history_on_two_nodes_equals_the_local_one(nodes: RayNodes, local: str, tmp_path: Path) -> None:
    """The node and the order of episodes do not matter."""
    where: set[str] = set()

    async def look(backend: RayBackend) -> None:
        where.update(hosted.where for hosted in backend.actors)

    ended = evolve(config(nodes.address), tmp_path, look)
    assert ended.history == local
    assert len(where) == 2
    assert not ended.lost


def children(pid: int) -> list[int]:
    """Return the processes below a process, the nearest first."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(word) for word in path.read_text().split()]
    return [*found, *(below for child in found for below in children(child))]


def is_called(pid: int, name: str) -> bool:
    """Return whether a process exists and has a name in its command line."""
    with contextlib.suppress(OSError):
        return name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def named(pid: int, name: str) -> int:
    """Return the child process with a name in its command line."""
    return next(child for child in children(pid) if is_called(child, name))


def ended(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


@pytest.mark.parametrize(
    ("victim", "sign"),
    [
        ("engine", signal.SIGKILL),
        ("engine", signal.SIGSTOP),
        ("worker", signal.SIGKILL),
        ("actor", signal.SIGKILL),
        ("actor", signal.SIGSTOP),
    ],
)
def test_killed_or_hung_process_loses_one_episode(
    nodes: RayNodes, local: str, tmp_path: Path, victim: str, sign: signal.Signals
) -> None:
    """The episode is repeated, the agent is not charged, and the hung process ends with the run."""
    struck: list[int] = []

    async def disturb(backend: RayBackend) -> None:
        first = backend.actors[0]
        await until(lambda: any(glimpse.worker == first.number for glimpse in backend.glimpses()))
        actor = first.pid
        marks = {"engine": "+viz_instance_id", "worker": "-m\0clau_doom.worker"}
        struck.append(named(actor, marks[victim]) if victim in marks else actor)
        os.kill(struck[0], sign)

    wanted = config(nodes.address, ray={"address": nodes.address, "start_timeout": 60.0, "stall_timeout": 3.0})
    ended_so = evolve(wanted, tmp_path, disturb)
    assert ended_so.state is ExperimentState.COMPLETED
    assert ended_so.history == local
    assert [lost.attempt for lost in ended_so.lost] == [1]
    assert "node " in ended_so.lost[0].reason
    wait_until(lambda: ended(struck[0]), describe=lambda: f"{victim} {struck[0]} still runs")


def test_killed_node_loses_its_running_episodes(nodes: RayNodes, local: str, tmp_path: Path) -> None:
    """The other nodes continue."""
    third = nodes.add(1)
    playing = 0
    seen: set[int] = set()

    async def disturb(backend: RayBackend) -> None:
        nonlocal playing
        playing = len(backend.actors)

        def every_actor_plays() -> bool:
            seen.update(glimpse.worker for glimpse in backend.glimpses())
            return len(seen) == playing

        await until(every_actor_plays)
        await asyncio.to_thread(nodes.kill, third)

    ended_so = evolve(config(nodes.address, execution={"backend": "ray", "workers": 4}), tmp_path, disturb)
    assert playing == 3
    assert ended_so.state is ExperimentState.COMPLETED
    assert ended_so.history == local
    assert [lost.attempt for lost in ended_so.lost] == [1]


def test_node_with_other_versions_is_refused(nodes: RayNodes, tmp_path: Path) -> None:
    """The error names the node and the difference. No episode is played."""
    with pytest.raises(WorkerRefused, match=r"^node [0-9a-f]{8} \(.*\): worker 0 has numpy \S+, but .* has 0\.0$"):
        evolve(config(nodes.address), tmp_path, numpy="0.0")


def test_missing_resources_are_refused_after_the_start_timeout(nodes: RayNodes, tmp_path: Path) -> None:
    """The cluster may grow until then. The error names required and available resources."""
    ray = {"address": nodes.address, "resources": {"doom": 2.0}, "start_timeout": 2.0}
    with pytest.raises(ClusterRefused, match=r"no node .* has CPU 1, doom 2 for a worker: .* has CPU 1"):
        evolve(config(ray=ray), tmp_path)


def test_unreachable_cluster_is_one_line_within_seconds(tmp_path: Path) -> None:
    """No experiment is stored."""
    begun = time.monotonic()
    with pytest.raises(ClusterUnreachable, match=r"no Ray cluster answers at 127\.0\.0\.1:1: start one") as caught:
        evolve(config("127.0.0.1:1"), tmp_path)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
    assert time.monotonic() - begun < 5.0


POLICY = """
import steps_of_mine
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.ports import Action, Needs


class Walker:
    needs = Needs()
    space = GenomeSpace((Gene.real("turn", 0.0, 1.0, "How often to turn."),))

    def __init__(self, facts):
        self.buttons = len(facts.buttons)

    def begin(self, genome, rng):
        return lambda observation: Action(steps_of_mine.step(self.buttons, rng.random() < genome.values[0]))
"""
STEPS = """
def step(buttons, turn):
    return [float(turn)] + [1.0] * (buttons - 1)
"""


def test_custom_scenario_and_policy_are_sent_to_the_nodes(
    nodes: RayNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenario files are sent by their hash, and the policy by Ray's runtime environment."""
    source = Path(vizdoom.scenarios_path)
    here = tmp_path / "here"
    here.mkdir()
    (here / "mine.cfg").write_text((source / "basic.cfg").read_text().replace("basic.wad", "mine.wad"))
    shutil.copy(source / "basic.wad", here / "mine.wad")
    (here / "walker_of_mine.py").write_text(POLICY)
    (here / "steps_of_mine.py").write_text(STEPS)
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [*sys.path])
    sections: dict[str, Any] = {
        "scenario": {"name": str(here / "mine.cfg"), "timeout": 100},
        "policy": {"kind": "class", "target": "walker_of_mine:Walker"},
    }
    wanted = evolve(config(execution={"backend": "local"}, **sections), tmp_path / "local").history
    ray = {"address": nodes.address, "modules": ["steps_of_mine.py"]}
    assert evolve(config(ray=ray, **sections), tmp_path / "ray").history == wanted


MEASURES = """
import clau_doom as cd


@cd.measure(low=0, integer=True)
def attacks(episode):
    return int(episode.button("ATTACK").sum())
"""


def test_measures_of_the_user_are_sent_to_the_nodes(
    nodes: RayNodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values, fitness and history are those of local workers."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "measures_of_nodes.py").write_text(MEASURES)
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [*sys.path])
    sections: dict[str, Any] = {
        "scenario": {"name": "defend_the_center", "timeout": 300},
        "measures": {"attacks": "measures_of_nodes:attacks"},
        "fitness": {"kills": 1.0, "attacks": 0.125},
    }
    local = evolve(config(execution={"backend": "local"}, **sections), tmp_path / "local")
    remote = evolve(config(nodes.address, **sections), tmp_path / "ray")
    assert (remote.state, remote.history) == (ExperimentState.COMPLETED, local.history)
    here_and_there = zip(remote.snapshot.generations, local.snapshot.generations, strict=True)
    pairs = [pair for ours, theirs in here_and_there for pair in zip(ours, theirs, strict=True)]
    assert all(one.outcomes == two.outcomes for one, two in pairs)
    assert any(each.measures.value("attacks") > 0 for one, _ in pairs for each in one.outcomes)


def command(folder: Path, name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "clau_doom", name, *arguments, "--output-dir", str(folder / "runs")]


@contextlib.contextmanager
def playing(words: list[str]) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Run a command until an engine plays, and yield it with the workers and engines below it."""
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as run:
        while not any(is_called(pid, "+viz_instance_id") for pid in children(run.pid)):
            assert run.poll() is None
            time.sleep(0.05)
        marks = ("+viz_instance_id", "clau_doom.worker")
        yield run, [pid for pid in children(run.pid) if any(is_called(pid, mark) for mark in marks)]


def episodes(folder: Path) -> int:
    """Return how many episodes are committed."""
    with closing(sqlite3.connect(f"file:{folder}/runs/ray/results.sqlite?mode=ro", uri=True, timeout=10)) as connection:
        return int(connection.execute("SELECT count(*) FROM episodes").fetchone()[0])


def test_run_is_resumed_after_a_lost_driver_and_a_lost_head(tmp_path: Path) -> None:
    """A run's own cluster ends with the run. No agent is charged."""
    written, generations = tmp_path / "config.yaml", 20  # it lasts longer than it takes to miss the head
    written.write_text(to_yaml(config(generations=generations, ray={"address": None, "stall_timeout": 3.0})))
    with playing(command(tmp_path, "run", "-c", str(written))) as (run, players):
        run.kill()
    wait_until(lambda: all(ended(pid) for pid in players), seconds=10.0, describe=lambda: f"{players} still play")
    before = episodes(tmp_path)
    with playing(command(tmp_path, "run", "--resume", "ray")) as (run, players):
        while episodes(tmp_path) <= before:  # all of its workers have started
            assert run.poll() is None
            time.sleep(0.05)
        os.kill(named(run.pid, "gcs_server"), signal.SIGKILL)
        assert run.stderr is not None
        message = run.stderr.read()
    assert "the Ray cluster is lost: it did not answer for 3 s" in message
    assert "--resume ray" in message
    assert all(ended(pid) for pid in players)
    subprocess.run(command(tmp_path, "run", "--resume", "ray", "--backend", "local"), check=True, capture_output=True)
    status = subprocess.run(command(tmp_path, "status", "ray", "--json"), check=True, capture_output=True).stdout
    alone = evolve(config(generations=generations, execution={"backend": "local"}), tmp_path / "alone")
    assert json.loads(status)["history_sha256"] == alone.history
