"""Connection of this process to one Ray cluster, which all its experiments share."""

import asyncio
import contextlib
import logging
import math
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray

from clau_doom.backends.ray.actor import EpisodeActor
from clau_doom.backends.ray.configuration import RayConfig
from clau_doom.backends.work_dirs import WorkDirs, private
from clau_doom.blocking_thread import BlockingThread
from clau_doom.config import format_size
from clau_doom.error_description import error_text
from clau_doom.errors import ClusterRefused, ClusterUnreachable
from clau_doom.logs import get_logger
from clau_doom.machine_limits import default_workers
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb

__all__ = ["Cluster", "check_cluster", "connected"]

_STORE = 96 << 20
"""Bytes of a local cluster's object store, which contains only the scenario's own files."""
_PROBE_INTERVAL = 2.0
"""Seconds between two checks of the head."""
_CALL_TIMEOUT = 30.0
_SHUTDOWN_TIMEOUT = 10.0
_MAX_NODES = 8
_STRATEGIES = {"spread": "SPREAD", "pack": "DEFAULT"}

_log = get_logger(__name__)


@dataclass(eq=False)
class Cluster:
    """A cluster that this process is connected to.

    Attributes:
        address: Address of the cluster, or None if this process started it.
        modules: Python modules that were sent to its workers.
        disconnected: Ends with `ClusterUnreachable` when the head does not answer any more.
    """

    address: str | None
    modules: tuple[Path, ...]
    thread: BlockingThread
    disconnected: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    users: int = 0
    watch_task: "asyncio.Task[None] | None" = None

    async def worker_count(self, workers: int, config: RayConfig) -> int:
        """Return the number of workers; for 0, the number that the nodes have CPUs for now.

        Raises:
            ClusterRefused: No node can ever take a worker, and no other node will join.
        """
        nodes = await self._nodes()
        fitting = [node for node in nodes if _fits(config, node)]
        if self.address is None and not fitting:
            raise ClusterRefused(self._insufficient_resources(config, nodes))
        return workers or max(sum(int(node["Resources"].get("CPU", 0.0) / config.cpus) for node in fitting), 1)

    async def placement_error(self, config: RayConfig) -> ClusterRefused:
        """Return the reason that no node can take a worker."""
        nodes = await self._nodes()
        if any(_fits(config, node) for node in nodes):
            needs = _amounts(_needs(config))
            return ClusterRefused(
                f"no node had {needs} free for a worker: {_resources_text(nodes)}; "
                "wait for other jobs, or reduce the request"
            )
        return ClusterRefused(self._insufficient_resources(config, nodes))

    async def put_files(self, files: Sequence[Path]) -> tuple[Any, ...]:
        """Return references to files in the object store, each as a `FilePart`."""

        def put() -> tuple[Any, ...]:
            parts = (pb.FilePart(data=path.read_bytes()) for path in files)
            return tuple([ray.put(part.SerializeToString()) for part in parts])

        kept: tuple[Any, ...] = await self._call(put)
        return kept

    async def create_actor(self, config: RayConfig, hosting: bytes, files: Sequence[Any]) -> Any:
        """Request an actor. Ray places it when a node has free resources."""

        def make() -> Any:
            options = ray.remote(EpisodeActor).options(
                num_cpus=config.cpus,
                memory=config.memory,
                resources=dict(config.resources) or None,
                scheduling_strategy=_STRATEGIES[config.placement],
                max_restarts=0,  # the backend replaces lost actors and counts attempts
                max_task_retries=0,
            )
            return options.remote(hosting, *files)

        return await self._call(make)

    def kill(self, actor: Any) -> None:
        """Kill an actor at once, even if Ray has not placed it yet."""
        self.thread.post(lambda: ray.kill(actor, no_restart=True))

    def cancel(self, answer: Any) -> None:
        """Cancel a request to an actor."""
        self.thread.post(lambda: ray.cancel(answer))

    async def watch(self, patience: float) -> None:
        """Query the head periodically. End `disconnected` if the head does not answer or this node is dead."""
        thread, here = BlockingThread("ray-probe"), ray.get_runtime_context().get_node_id()
        try:
            while True:
                await asyncio.sleep(_PROBE_INTERVAL)
                nodes = await thread.call(ray.nodes, timeout=patience)
                if not any(node["Alive"] for node in nodes if node["NodeID"] == here):
                    raise ClusterUnreachable("the node of this process has died")
        except Exception as error:
            why = f"it did not answer for {patience:g} s" if isinstance(error, TimeoutError) else error_text(error)
            if not self.disconnected.done():
                self.disconnected.set_exception(ClusterUnreachable(f"the Ray cluster is lost: {why}"))
                self.disconnected.exception()  # mark the exception as retrieved
        finally:
            thread.close()

    async def _nodes(self) -> list[dict[str, Any]]:
        nodes = await self._call(ray.nodes)
        return sorted((node for node in nodes if node["Alive"]), key=lambda node: str(node["NodeID"]))

    async def _call(self, function: Any) -> Any:
        try:
            return await self.thread.call(function, timeout=_CALL_TIMEOUT)
        except TimeoutError as error:
            raise ClusterUnreachable(f"the Ray cluster did not answer for {_CALL_TIMEOUT:g} s") from error

    def _insufficient_resources(self, config: RayConfig, nodes: Sequence[dict[str, Any]]) -> str:
        needs, remedy = _amounts(_needs(config)), "lower ray.cpus, ray.memory or ray.resources, or add a node"
        return f"no node of the Ray cluster has {needs} for a worker: {_resources_text(nodes)}; {remedy}"


_shared: list[Cluster] = []
_lock = asyncio.Lock()


@asynccontextmanager
async def connected(config: RayConfig, *, workers: int, modules: Sequence[Path]) -> AsyncIterator[Cluster]:
    """Connect to a cluster while the context lasts. Ray allows a process one connection at a time.

    Args:
        config: Settings of the cluster.
        workers: Number of workers that a cluster started here must have resources for; 0: one for each core.
        modules: Python files and packages that its workers import.

    Raises:
        ClusterRefused: This process is connected to another cluster, or with other modules.
        ClusterUnreachable: No cluster answers, or none can be started.
    """
    sent_modules = tuple(modules) if config.address else ()  # a local cluster needs no copies
    async with _lock:
        if not _shared:
            _shared.append(await _connect(config, workers, sent_modules))
            _shared[0].watch_task = asyncio.ensure_future(_shared[0].watch(config.stall_timeout))
        cluster = _shared[0]
        if (cluster.address, cluster.modules) != (config.address, sent_modules):
            raise ClusterRefused(
                f"this process is connected to the Ray cluster {cluster.address or 'that it started'} for another "
                "experiment and its policy files: wait for its end"
            )
        cluster.users += 1
    try:
        yield cluster
    finally:
        async with _lock:
            cluster.users -= 1
            if not cluster.users:
                _shared.clear()
                await _disconnect(cluster)


async def _connect(config: RayConfig, workers: int, modules: tuple[Path, ...]) -> Cluster:
    await check_cluster(config)
    thread = BlockingThread("ray")
    try:
        await thread.call(lambda: _init(config, workers, modules), timeout=config.connect_timeout)
    except TimeoutError as error:
        thread.close()
        raise ClusterUnreachable(f"{_named(config)} did not answer within {config.connect_timeout:g} s") from error
    except Exception as error:
        thread.close()
        text = " ".join(error_text(error).split())
        raise ClusterUnreachable(f"{_named(config)} cannot be reached: {text}") from error
    return Cluster(config.address, modules, thread)


async def _disconnect(cluster: Cluster) -> None:
    if cluster.watch_task:
        cluster.watch_task.cancel()
        await asyncio.gather(cluster.watch_task, return_exceptions=True)
    with contextlib.suppress(TimeoutError):  # the head may be gone
        await cluster.thread.call(_shutdown, timeout=_SHUTDOWN_TIMEOUT)
    cluster.thread.close()


async def check_cluster(config: RayConfig) -> None:
    """Check that a process listens at the cluster's address. Ray itself retries for a minute and reports few details.

    Raises:
        ClusterUnreachable: No process listens there.
    """
    address = config.address
    if address is None or address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(config.connect_timeout):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, TimeoutError) as error:
        raise ClusterUnreachable(
            f"no Ray cluster answers at {address}: start one there (ray start --head), or correct ray.address"
        ) from error
    writer.close()


def _named(config: RayConfig) -> str:
    if config.address is None:
        return "a Ray cluster on this machine"
    return "the Ray cluster of this machine" if config.address == "auto" else f"the Ray cluster at {config.address}"


def _init(config: RayConfig, workers: int, modules: tuple[Path, ...]) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    logging.getLogger("ray").setLevel(logging.CRITICAL)  # relevant problems are raised as exceptions
    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False, "logging_level": logging.CRITICAL}
    if config.address is not None:
        environment = {"py_modules": [str(path) for path in modules]} if modules else None
        ray.init(config.address, runtime_env=environment, **quiet)
        return
    # Sockets are created in this folder and need short paths. This is Ray's default location, too.
    place = Path("/tmp") if sys.platform == "darwin" else Path(tempfile.gettempdir())  # noqa: S108 - private below
    folders = _local_folder.enter_context(WorkDirs(private(place / f"clau-ray-{os.getuid()}")))
    try:
        ray.init(
            "local",
            num_cpus=max(default_workers(), math.ceil(workers * config.cpus)),
            object_store_memory=_STORE,
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            _temp_dir=str(folders.base),
            **quiet,
        )
    except BaseException:
        _local_folder.close()
        raise


_local_folder = contextlib.ExitStack()
"""The folder of a cluster that was started here."""


def _shutdown() -> None:
    ray.shutdown()
    _local_folder.close()


def _needs(config: RayConfig) -> dict[str, float]:
    memory = {"memory": float(config.memory)} if config.memory else {}
    return {"CPU": config.cpus, **memory, **config.resources}


def _fits(config: RayConfig, node: dict[str, Any]) -> bool:
    has = node["Resources"]
    return all(has.get(name, 0.0) >= amount for name, amount in _needs(config).items())


def _amounts(amounts: dict[str, float]) -> str:
    shown = (
        f"{name} {format_size(int(amount)) if name == 'memory' else format(amount, 'g')}"
        for name, amount in sorted(amounts.items())
    )
    return ", ".join(shown)


def _resources_text(nodes: Sequence[dict[str, Any]]) -> str:
    """Return the resources of nodes, without the entries that Ray adds for its own use."""
    if not nodes:
        return "it has no nodes"
    texts = []
    for node in nodes[:_MAX_NODES]:
        has = {
            name: value for name, value in node["Resources"].items() if not name.startswith(("node:", "object_store"))
        }
        texts.append(f"{node['NodeManagerAddress']} has {_amounts(has)}")
    more = f" and {len(nodes) - _MAX_NODES} more nodes" if len(nodes) > _MAX_NODES else ""
    return "; ".join(texts) + more
