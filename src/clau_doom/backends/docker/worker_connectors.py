"""The two ways to a worker: it dials us from its container, or it runs here and asks what the container serves."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from clau_doom.backends.docker.agent_container import ConnectorFactory, WorkerConnector
from clau_doom.backends.docker.container_lifecycle import ContainerManager
from clau_doom.backends.docker.worker_server import Lease, WorkerServer
from clau_doom.backends.docker.worker_session import PendingEpisode, SessionLimits, WorkerSession, settle
from clau_doom.backends.local import CoreAllocator, Launch, WorkDirs, WorkerProcess
from clau_doom.config import RemotePolicyConfig
from clau_doom.domain import Episode
from clau_doom.errors import ClauDoomError, PolicyFailed, PolicyTimedOut
from clau_doom.ports import Glimpse
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb

__all__ = ["Service", "dialled", "served"]


def dialled(gate: WorkerServer, rules: SessionLimits) -> ConnectorFactory:
    """Return the way of workers that play in their containers."""

    @contextlib.contextmanager
    def door(agent: str, place: int, answered: Callable[[], None]) -> Iterator[WorkerConnector]:
        with gate.lease(agent) as lease:
            yield _Dialled(gate, rules, lease, place, answered)

    return door


@dataclass(frozen=True, kw_only=True)
class Service:
    """What is needed to play here what decides in a container.

    Attributes:
        launch: What the workers are started with.
        policy: The policy, whose address is that of each container.
        port: Where the containers' programs listen.
        cores: The places and their cores.
        folders: Where workers' folders are made; entered.
    """

    launch: Launch
    policy: RemotePolicyConfig
    port: int
    cores: CoreAllocator
    folders: WorkDirs


def served(manager: ContainerManager, service: Service) -> ConnectorFactory:
    """Return the way of containers that hold an `AgentService`, in any language: the game is played here."""

    @contextlib.contextmanager
    def door(agent: str, place: int, answered: Callable[[], None]) -> Iterator[WorkerConnector]:
        yield _Served(manager, service, agent, place, answered)

    return door


@dataclass(frozen=True)
class _Dialled:
    gate: WorkerServer
    rules: SessionLimits
    lease: Lease
    place: int
    answered: Callable[[], None]

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "GRPC_ENDPOINT": self.gate.endpoint,
            "CLAU_DOOM_TOKEN": self.lease.token,
            "CLAU_DOOM_CA": self.gate.certificate,
        }

    async def attach(self, container: str) -> WorkerSession:
        del container
        stream = await self.lease.attached
        return WorkerSession(self.lease.agent, self.place, stream, self.rules, self.answered)


@dataclass(frozen=True)
class _Served:
    manager: ContainerManager
    service: Service
    agent: str
    place: int
    answered: Callable[[], None]

    @property
    def environment(self) -> Mapping[str, str]:
        return {"PORT": str(self.service.port)}

    async def attach(self, container: str) -> "_Here":
        service = self.service
        address = f"{await self.manager.reachable(container, service.port)}:{service.port}"
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
        return _Here(worker, service.folders, self.answered)


class _Here:
    """A worker of this machine that asks what a container serves: its episodes are no claims."""

    def __init__(self, worker: WorkerProcess, folders: WorkDirs, answered: Callable[[], None]) -> None:
        self.asked: deque[tuple[int, PendingEpisode]] = deque()
        self.ready = True
        self._worker = worker
        self._folders = folders
        self._answered = answered
        self._closed = asyncio.Event()
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._playing: set[asyncio.Task[None]] = set()
        self._count = 0

    async def serve(self) -> None:
        self._answered()
        closed: asyncio.Future[Any] = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait([closed, self._lost], return_when=asyncio.FIRST_COMPLETED)
            if self._lost.done():
                self._lost.result()
        finally:
            closed.cancel()
            await asyncio.shield(asyncio.ensure_future(self._end()))  # whoever stops listening does not stop this

    async def _end(self) -> None:
        await self._worker.kill()
        await asyncio.gather(*self._playing, return_exceptions=True)
        self._folders.remove(self._worker.folder)

    def play(self, asked: PendingEpisode) -> None:
        self._count += 1
        self.asked.append((self._count, asked))
        task = asyncio.ensure_future(self._play(self._count, asked))
        self._playing.add(task)
        task.add_done_callback(self._playing.discard)

    async def _play(self, number: int, asked: PendingEpisode) -> None:
        try:
            result: Episode | PolicyFailed = await self._worker.play(asked.task)
        except PolicyTimedOut as error:
            self._lose(error)
            return
        except PolicyFailed as error:
            result = error
        except ClauDoomError as error:  # whatever the container's program has done to be out of reach, it is replaced
            self._lose(error)
            return
        self.asked.remove((number, asked))
        settle(asked, result)
        self._answered()

    def _lose(self, error: ClauDoomError) -> None:
        if not self._lost.done():
            self._lost.set_exception(error)

    def verdict(self) -> ClauDoomError | None:
        self._worker.watch()  # it ends the worker by itself, and `play` raises why
        return None

    def glimpse(self) -> Glimpse | None:
        return self._worker.glimpse()

    def close(self) -> None:
        self._closed.set()
