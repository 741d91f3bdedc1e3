"""The two ways to connect to a worker: it connects from its container, or it runs here and queries the container."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from clau_doom.backends.core_allocator import CoreAllocator
from clau_doom.backends.docker.agent_container import ConnectorFactory, WorkerConnector
from clau_doom.backends.docker.container_lifecycle import ContainerManager
from clau_doom.backends.docker.worker_gateway import Lease, WorkerServer
from clau_doom.backends.docker.worker_session import PendingEpisode, SessionLimits, WorkerSession, settle
from clau_doom.backends.local.worker_process import LaunchSettings, WorkerProcess
from clau_doom.backends.work_dirs import WorkDirs
from clau_doom.config import RemotePolicyConfig
from clau_doom.domain import Episode
from clau_doom.errors import ClauDoomError, PolicyFailed, PolicyTimedOut
from clau_doom.ports import Glimpse
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb

__all__ = ["Service", "inbound_connectors", "service_connectors"]


def inbound_connectors(server: WorkerServer, limits: SessionLimits) -> ConnectorFactory:
    """Return the connector factory for workers that play in their containers and connect to the orchestrator."""

    @contextlib.contextmanager
    def connector(agent: str, place: int, on_available: Callable[[], None]) -> Iterator[WorkerConnector]:
        with server.lease(agent) as lease:
            yield _InboundConnector(server, limits, lease, place, on_available)

    return connector


@dataclass(frozen=True, kw_only=True)
class Service:
    """Settings for episodes with a local engine and a policy in a container.

    Attributes:
        launch: Start settings of the local workers.
        policy: The policy's configuration; the address is replaced by that of each container.
        port: Port of the programs in the containers.
        cores: The places for workers and their cores.
        folders: Parent of the workers' folders; already entered.
    """

    launch: LaunchSettings
    policy: RemotePolicyConfig
    port: int
    cores: CoreAllocator
    folders: WorkDirs


def service_connectors(manager: ContainerManager, service: Service) -> ConnectorFactory:
    """Return the connector factory for containers that run an `AgentService`, in any language. Engines run locally."""

    @contextlib.contextmanager
    def connector(agent: str, place: int, on_available: Callable[[], None]) -> Iterator[WorkerConnector]:
        yield _ServiceConnector(manager, service, agent, place, on_available)

    return connector


@dataclass(frozen=True)
class _InboundConnector:
    server: WorkerServer
    limits: SessionLimits
    lease: Lease
    place: int
    on_available: Callable[[], None]

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "GRPC_ENDPOINT": self.server.endpoint,
            "CLAU_DOOM_TOKEN": self.lease.token,
            "CLAU_DOOM_CA": self.server.certificate,
        }

    async def attach(self, container_id: str) -> WorkerSession:
        del container_id
        stream = await self.lease.attached
        return WorkerSession(self.lease.agent, self.place, stream, self.limits, self.on_available)


@dataclass(frozen=True)
class _ServiceConnector:
    manager: ContainerManager
    service: Service
    agent: str
    place: int
    on_available: Callable[[], None]

    @property
    def environment(self) -> Mapping[str, str]:
        return {"PORT": str(self.service.port)}

    async def attach(self, container_id: str) -> "_LocalWorker":
        service = self.service
        address = f"{await self.manager.reachable(container_id, service.port)}:{service.port}"
        policy = service.policy.model_copy(update={"address": address})
        setup = pb.Setup()
        setup.CopyFrom(service.launch.setup)
        setup.policy_json = policy.model_dump_json()
        folder = service.folders.make()
        try:
            core = service.cores.places[self.place]
            worker = await WorkerProcess.start(self.place, core, folder, replace(service.launch, setup=setup))
        except BaseException:
            service.folders.remove(folder)
            raise
        return _LocalWorker(worker, service.folders, self.on_available)


class _LocalWorker:
    """A local worker that queries the policy in a container. Its outcomes need no verification."""

    def __init__(self, worker: WorkerProcess, folders: WorkDirs, on_available: Callable[[], None]) -> None:
        self.pending: deque[tuple[int, PendingEpisode]] = deque()
        self.ready = True
        self._worker = worker
        self._folders = folders
        self._on_available = on_available
        self._closed = asyncio.Event()
        self._loss: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._playing: set[asyncio.Task[None]] = set()
        self._count = 0

    async def serve(self) -> None:
        self._on_available()
        closed: asyncio.Future[Any] = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait([closed, self._loss], return_when=asyncio.FIRST_COMPLETED)
            if self._loss.done():
                self._loss.result()
        finally:
            closed.cancel()
            await asyncio.shield(asyncio.ensure_future(self._end()))  # cancellation of the caller must not stop this

    async def _end(self) -> None:
        await self._worker.kill()
        await asyncio.gather(*self._playing, return_exceptions=True)
        self._folders.remove(self._worker.folder)

    def play(self, pending: PendingEpisode) -> None:
        self._count += 1
        self.pending.append((self._count, pending))
        task = asyncio.ensure_future(self._play(self._count, pending))
        self._playing.add(task)
        task.add_done_callback(self._playing.discard)

    async def _play(self, number: int, pending: PendingEpisode) -> None:
        try:
            result: Episode | PolicyFailed = await self._worker.play(pending.task)
        except PolicyTimedOut as error:
            self._lose(error)
            return
        except PolicyFailed as error:
            result = error
        except ClauDoomError as error:  # any loss of the program: replace the container
            self._lose(error)
            return
        self.pending.remove((number, pending))
        settle(pending, result)
        self._on_available()

    def _lose(self, error: ClauDoomError) -> None:
        if not self._loss.done():
            self._loss.set_exception(error)

    def stop_reason(self) -> ClauDoomError | None:
        self._worker.watch()  # `watch` ends a hung worker, and `play` raises the reason
        return None

    def glimpse(self) -> Glimpse | None:
        return self._worker.glimpse()

    def close(self) -> None:
        self._closed.set()
