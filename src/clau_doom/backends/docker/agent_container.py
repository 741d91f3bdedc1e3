"""Container of one agent, from creation to removal, with the queue of episodes that the agent plays."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.container_lifecycle import ContainerInfo, ContainerManager, ContainerSpec
from clau_doom.backends.docker.exit_reason import exit_error
from clau_doom.backends.docker.worker_session import PendingEpisode, settle
from clau_doom.backends.local.start_failure import unavailable
from clau_doom.backends.local.worker_channel import Requeued
from clau_doom.config import format_size
from clau_doom.errors import (
    ClauDoomError,
    ContainerRefused,
    InfrastructureFailed,
    OutOfMemory,
    PolicyFailed,
    WorkerCrashed,
    WorkerRefused,
)
from clau_doom.logs import get_logger
from clau_doom.ports import Glimpse

__all__ = ["AgentContainer", "AttachedWorker", "ConnectorFactory", "ContainerContext", "WorkerConnector"]

_log = get_logger(__name__)
_T = TypeVar("_T")


class AttachedWorker(Protocol):
    """Interface of an attached worker, in the container or on this machine."""

    pending: deque[tuple[int, PendingEpisode]]
    """Queue of episodes: the episode being played, then the waiting ones."""

    @property
    def ready(self) -> bool:
        """Whether the worker waits for an episode or plays one."""
        ...

    async def serve(self) -> None:
        """Read the worker's messages until it ends; raise an error if the worker caused the end."""
        ...

    def play(self, pending: PendingEpisode) -> None:
        """Request an episode. The worker plays it after all earlier requests."""
        ...

    def stop_reason(self) -> ClauDoomError | None:
        """Return the reason to end the worker now, or None."""
        ...

    def glimpse(self) -> Glimpse | None:
        """Return the newest picture of the episode since the last call, and request another one."""
        ...

    def close(self) -> None:
        """Close the connection, so that the worker ends."""
        ...


class WorkerConnector(Protocol):
    """Interface for connecting to the worker of one container."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment variables of the container."""
        ...

    async def attach(self, container_id: str) -> AttachedWorker:
        """Wait for the worker to connect, and return it."""
        ...


ConnectorFactory = Callable[[str, int, Callable[[], None]], AbstractContextManager[WorkerConnector]]
"""Creates the connector of an agent in a place. The worker calls the given function whenever it can accept an episode.
"""


@dataclass(frozen=True, kw_only=True)
class ContainerContext:
    """Objects that all agent containers of a backend share.

    Attributes:
        manager: Creates and removes containers.
        connector_factory: Factory of worker connectors.
        config: Image, network and limits of the containers.
        image_works: Set once a worker received an episode: containers of this image can start.
    """

    manager: ContainerManager
    connector_factory: ConnectorFactory
    config: DockerConfig
    image_works: asyncio.Event = field(default_factory=asyncio.Event)


class AgentContainer:
    """One agent in its own container."""

    def __init__(
        self, agent: str, place: int, core: int | None, context: ContainerContext, on_change: Callable[[], None]
    ) -> None:
        """Prepare the container. Call `run` to create it.

        Args:
            agent: The agent's id.
            place: The number of the agent's place.
            core: The CPU core of the container, or None.
            context: Objects that all agent containers share.
            on_change: Called whenever the agent can accept another episode.
        """
        self.agent = agent
        self.place = place
        self.draining = False
        self.container_id: str | None = None
        self._core = core
        self._context = context
        self._on_change = on_change
        self._waiting: deque[PendingEpisode] = deque()
        self._session: AttachedWorker | None = None
        self._stop_reason: ClauDoomError | None = None
        self._end = asyncio.Event()

    @property
    def outstanding(self) -> int:
        """Number of requested episodes without a result."""
        return len(self._waiting) + self.playing

    @property
    def playing(self) -> int:
        """Number of episodes that the worker has received."""
        return len(self._session.pending) if self._session else 0

    @property
    def ready(self) -> bool:
        """Whether the worker waits for an episode or plays one."""
        return self._session is not None and self._session.ready

    def glimpse(self) -> Glimpse | None:
        """Return the newest picture of the episode since the last call, and request another one."""
        return self._session.glimpse() if self._session and self._session.pending else None

    def enqueue(self, pending: PendingEpisode) -> None:
        """Add an episode to the end of the queue."""
        self._waiting.append(pending)

    def play(self, maximum: int) -> None:
        """Send waiting episodes to the worker until it has `maximum` of them."""
        while self._session and self._session.ready and self._waiting and self.playing < maximum:
            pending = self._waiting.popleft()
            if not pending.answer.done():
                self._context.image_works.set()
                self._session.play(pending)

    async def move_to(self, core: int | None) -> None:
        """Move the container to another CPU core."""
        if core is not None and self.container_id is not None:
            try:
                await self._context.manager.move(self.container_id, core)
            except ClauDoomError as error:  # the agent continues, but shares its core
                _log.warning("container not moved to another core", agent=self.agent, error=str(error))

    def drain(self) -> None:
        """Let the worker end after its last episode."""
        self.draining = True
        if self._session:
            self._session.close()
        self._end.set()

    def end(self, stop_reason: ClauDoomError | None = None) -> None:
        """End the worker at once. Its current episode fails with `stop_reason`."""
        self._stop_reason = self._stop_reason or stop_reason
        self.draining = True
        self._end.set()

    def watch(self, info: ContainerInfo | None) -> None:
        """Check the progress of the worker and the state that Docker reports for its container."""
        stop_reason = self._session.stop_reason() if self._session else None
        if stop_reason is None and info is not None and info.unhealthy:
            stop_reason = WorkerCrashed(f"the container of agent {self.agent} is unhealthy")
        gone = info is not None and info.state not in {"created", "running", "paused"}
        if stop_reason or gone:
            self.end(stop_reason)

    async def run(self) -> None:
        """Create the container, play episodes, and remove the container.

        Episodes without a result are requeued. The one being played fails if the container was lost.
        """
        error: ClauDoomError | None = None
        try:
            error = await self._run_in_container()
        except ClauDoomError as failure:
            error = failure
        except Exception as failure:
            _log.exception("the container of an agent failed unexpectedly", agent=self.agent)
            error = WorkerCrashed(f"the container of agent {self.agent} failed unexpectedly: {failure}")
        finally:
            self.draining = True
            self._resolve_pending(error)
            self._on_change()

    async def _run_in_container(self) -> ClauDoomError | None:
        with self._context.connector_factory(self.agent, self.place, self._on_change) as connector:
            began = time.monotonic()
            try:
                spec = ContainerSpec(agent=self.agent, environment=connector.environment, core=self._core)
                self.container_id = await self._context.manager.spawn(spec)
                lost = await self._serve(connector.attach(self.container_id), began)
                return lost and await self._explain_loss(lost)
            finally:
                await self._remove()

    async def _serve(self, attach: Coroutine[Any, Any, AttachedWorker], began: float) -> ClauDoomError | None:
        """Wait for the worker and serve it. Return the reason for its loss, or None after a regular end."""
        patience = self._context.config.start_timeout
        async with _running(attach) as attaching:
            if not await self._wait_unless_ended(attaching, patience):
                return self._loss(f"was not connected within {patience:g} s")
            self._session = attaching.result()
        ready_timer = asyncio.get_running_loop().call_later(began + patience - time.monotonic(), self._check_ready)
        try:
            async with _running(self._session.serve()) as serving:
                if await self._wait_unless_ended(serving):
                    serving.result()
                return self._loss("is gone")
        finally:
            ready_timer.cancel()

    def _loss(self, how: str) -> ClauDoomError | None:
        if self._stop_reason is None and self.draining and not self.outstanding:
            return None
        return self._stop_reason or WorkerCrashed(f"the worker of agent {self.agent} {how}")

    def _check_ready(self) -> None:
        if self._session and not self._session.ready:
            limit = f"{self._context.config.start_timeout:g} s"
            self.end(WorkerCrashed(f"the worker of agent {self.agent} was not ready within {limit}"))

    async def _wait_unless_ended(self, future: "asyncio.Future[Any]", patience: float | None = None) -> bool:
        """Wait for a future until the agent ends or `patience` seconds pass; return whether the future is done."""
        ended = asyncio.ensure_future(self._end.wait())
        try:
            await asyncio.wait({future, ended}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        return future.done()

    async def _explain_loss(self, lost: ClauDoomError) -> ClauDoomError:
        """Return the reason for the loss of the worker, from the exit code and log of its container.

        An error that the worker itself caused is returned unchanged.
        """
        if self._stop_reason is not None or isinstance(lost, PolicyFailed) or self.container_id is None:
            return lost
        with contextlib.suppress(ClauDoomError):  # the daemon or the container may be gone
            exit_state = await self._context.manager.exit_state(self.container_id)
            last_line = await self._context.manager.last_log_line(self.container_id)
            return exit_error(
                self.agent, exit_state, memory=format_size(self._context.config.memory), last_line=last_line
            )
        return lost

    async def _remove(self) -> None:
        if self.container_id is None:
            return
        if self._session:
            self._session.close()
        try:
            await asyncio.shield(asyncio.ensure_future(self._context.manager.remove(self.container_id)))
        except ClauDoomError as error:
            _log.warning("container not removed", agent=self.agent, error=str(error))

    def _classify_start_failure(self, error: ClauDoomError) -> ClauDoomError:
        """Classify the loss of a worker that had not received an episode.

        The attempt is not counted in two cases: the container could not be created, or no container of this image has
        started yet. If other containers of the image have started, the attempt counts. The limit on attempts then ends
        the retries.
        """
        lost = isinstance(error, InfrastructureFailed | OutOfMemory)
        if isinstance(error, WorkerRefused | ContainerRefused) or not lost:
            return error
        ours = self.container_id is None or not self._context.image_works.is_set()
        return unavailable(error) if ours else error

    def _resolve_pending(self, error: ClauDoomError | None) -> None:
        """Resolve all open requests: the first one with the error, if any, and the others as requeued."""
        pending = [each for _, each in self._session.pending] if self._session else []
        if error is not None and not pending:
            error = self._classify_start_failure(error)
        pending += self._waiting
        self._waiting.clear()
        if self._session:
            self._session.pending.clear()
        for each in pending:
            settle(each, error or Requeued("its container ended with another episode"))
            error = None


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, _T]) -> "AsyncIterator[asyncio.Task[_T]]":
    """Run a coroutine as a task inside the block, and cancel the task when the block ends."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
