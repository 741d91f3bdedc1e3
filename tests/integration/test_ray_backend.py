"""The Ray backend on a cluster of several nodes: the history of local workers, whatever is killed or hangs."""

import asyncio
import signal
import warnings
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster

from clau_doom import bootstrap
from clau_doom.backends.ray import RayBackend
from clau_doom.config import ExperimentConfig
from clau_doom.domain.events import EpisodeLost
from clau_doom.domain.experiment import ExperimentState, Provenance
from clau_doom.domain.history import history_sha256
from clau_doom.domain.snapshot import Snapshot
from clau_doom.orchestration import Shutdown

pytestmark = [
    pytest.mark.engine,
    # Ray 2.60 itself: pipes and sockets to the processes that a test kills are left to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO.*:FutureWarning"),
]


@dataclass
class Nodes:
    """A cluster of a test's own."""

    cluster: Any

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add(self, **args: Any) -> Any:
        return self.cluster.add_node(num_cpus=1, include_dashboard=False, **args)

    def kill(self, node: Any) -> None:
        self.cluster.remove_node(node, allow_graceful=False)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Return a head, where drivers are, and one node beside it; each has room for one worker."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        handler = signal.getsignal(signal.SIGTERM)
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        made = Nodes(cluster)
        made.add(resources={"second": 1.0})
    yield made
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster.shutdown()
    signal.signal(signal.SIGTERM, handler)


@dataclass
class Ended:
    """What became of an experiment."""

    state: ExperimentState
    reason: str | None
    snapshot: Snapshot
    lost: list[EpisodeLost]

    @property
    def history(self) -> str:
        return history_sha256(self.snapshot.finished_generations)


def config(address: str | None = None, **sections: Any) -> ExperimentConfig:
    """Return the configuration of a small experiment; sections are merged into its own."""
    plain: dict[str, Any] = {
        "name": "ray",
        "seed": 5,
        "generations": 2,
        "population": 4,
        "episodes": 3,
        "scenario": {"name": "defend_the_center", "timeout": 1000},
        "evolution": {"kind": "random"},
        "execution": {"backend": "ray", "workers": 2},
        "ray": {"address": address, "start_timeout": 30.0, "stall_timeout": 5.0},
        "holdout": {"validation": 1, "episodes": 2},
    }
    merged = {
        name: {**plain[name], **value} if isinstance(plain.get(name), dict) else value
        for name, value in {**plain, **sections}.items()
    }
    return ExperimentConfig.model_validate(merged)


Disturb = Callable[[RayBackend], Awaitable[None]]


def evolve(wanted: ExperimentConfig, folder: Path, disturb: Disturb | None = None, **facts: str) -> Ended:
    """Run an experiment to its end, whatever that is, and disturb it meanwhile."""

    async def evolve() -> Ended:
        plan = await asyncio.to_thread(bootstrap.plan_config, wanted, folder)
        if facts:
            changed = tuple(sorted({**dict(plan.facts.facts), **facts}.items()))
            plan = bootstrap.Plan(**{**vars(plan), "facts": Provenance(facts=changed)})
        shutdown = Shutdown()
        async with bootstrap.open_run(plan, shutdown) as (store, run):
            backend = run._backend  # type: ignore[attr-defined]
            disturbing = asyncio.ensure_future(disturb(backend)) if disturb else None
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

    return asyncio.run(evolve())


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the history's hash of the same experiment with the local backend."""
    ended = evolve(config(execution={"backend": "local"}), tmp_path_factory.mktemp("local"))
    assert ended.state is ExperimentState.COMPLETED
    return ended.history


def test_a_run_on_two_nodes_gives_the_history_of_a_local_one(nodes: Nodes, local: str, tmp_path: Path) -> None:
    """Where and in which order episodes are played does not matter."""
    where: set[str] = set()

    async def look(backend: RayBackend) -> None:
        where.update(hosted.where for hosted in backend.hosts)

    ended = evolve(config(nodes.address), tmp_path, look)
    assert ended.history == local
    assert len(where) == 2
    assert not ended.lost
