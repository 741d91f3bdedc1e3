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
from clau_doom.backends.docker.container_lifecycle import ContainerManager, Found, SpawnAgent
from clau_doom.backends.docker.exit_reason import why_ended
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

__all__ = ["AgentContainer", "ConnectorFactory", "ContainerContext", "Speaking", "WorkerConnector"]

_log = get_logger(__name__)
_T = TypeVar("_T")


class Speaking(Protocol):
    """Interface of an attached worker, in the container or on this machine."""

    asked: deque[tuple[int, PendingEpisode]]
    """Queue of episodes: the episode being played, then the waiting ones."""

    @property
    def ready(self) -> bool:
        """Whether the worker waits for an episode or plays one."""
        ...

    async def serve(self) -> None:
        """Read the worker's messages until it ends; raise an error if the worker caused the end."""
        ...

    def play(self, asked: PendingEpisode) -> None:
        """Request an episode. The worker plays it after all earlier requests."""
        ...

    def verdict(self) -> ClauDoomError | None:
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

    async def attach(self, container: str) -> Speaking:
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
        door: Factory of worker connectors.
        config: Image, network and limits of the containers.
        proven: Set once a worker received an episode. It shows that containers of this image can start.
    """

    manager: ContainerManager
    door: ConnectorFactory
    config: DockerConfig
    proven: asyncio.Event = field(default_factory=asyncio.Event)


class AgentContainer:
    """One agent in its own container."""

    def __init__(
        self, agent: str, place: int, core: int | None, around: ContainerContext, changed: Callable[[], None]
    ) -> None:
        """Prepare the container. Call `live` to create it.

        Args:
            agent: The agent's id.
            place: The number of the agent's place.
            core: The CPU core of the container, or None.
            around: Objects that all agent containers share.
            changed: Called whenever the agent can accept another episode.
        """
        self.agent = agent
        self.place = place
        self.leaving = False
        self.container: str | None = None
        self._core = core
        self._around = around
        self._changed = changed
        self._waiting: deque[PendingEpisode] = deque()
        self._session: Speaking | None = None
        self._verdict: ClauDoomError | None = None
        self._end = asyncio.Event()

    @property
    def outstanding(self) -> int:
        """Number of requested episodes without a result."""
        return len(self._waiting) + self.playing

    @property
    def playing(self) -> int:
        """Number of episodes that the worker has received."""
        return len(self._session.asked) if self._session else 0

    @property
    def ready(self) -> bool:
        """Whether the worker waits for an episode or plays one."""
        return self._session is not None and self._session.ready

    def glimpse(self) -> Glimpse | None:
        """Return the newest picture of the episode since the last call, and request another one."""
        return self._session.glimpse() if self._session and self._session.asked else None

    def ask(self, asked: PendingEpisode) -> None:
        """Add an episode to the end of the queue."""
        self._waiting.append(asked)

    def play(self, most: int) -> None:
        """Send waiting episodes to the worker until it has `most` of them."""
        while self._session and self._session.ready and self._waiting and self.playing < most:
            asked = self._waiting.popleft()
            if not asked.answer.done():
                self._around.proven.set()
                self._session.play(asked)

    async def move_to(self, core: int | None) -> None:
        """Move the container to another CPU core."""
        if core is not None and self.container is not None:
            try:
                await self._around.manager.move(self.container, core)
            except ClauDoomError as error:  # the agent continues, but shares its core
                _log.warning("a container could not be moved", agent=self.agent, error=str(error))

    def leave(self) -> None:
        """Let the worker end after its last episode."""
        self.leaving = True
        if self._session:
            self._session.close()
        self._end.set()

    def end(self, verdict: ClauDoomError | None = None) -> None:
        """End the worker at once. Its current episode fails with `verdict`."""
        self._verdict = self._verdict or verdict
        self.leaving = True
        self._end.set()

    def watch(self, found: Found | None) -> None:
        """Check the progress of the worker and the state that Docker reports for its container."""
        verdict = self._session.verdict() if self._session else None
        if verdict is None and found is not None and found.unhealthy:
            verdict = WorkerCrashed(f"the container of agent {self.agent} is unhealthy")
        gone = found is not None and found.state not in {"created", "running", "paused"}
        if verdict or gone:
            self.end(verdict)

    async def live(self) -> None:
        """Create the container, play episodes, and remove the container.

        Episodes without a result are requeued. The one being played fails if the container was lost.
        """
        error: ClauDoomError | None = None
        try:
            error = await self._stay()
        except ClauDoomError as failure:
            error = failure
        except Exception as failure:
            _log.exception("an agent's stay went wrong", agent=self.agent)
            error = WorkerCrashed(f"the stay of agent {self.agent} went wrong: {failure}")
        finally:
            self.leaving = True
            self._settle(error)
            self._changed()

    async def _stay(self) -> ClauDoomError | None:
        with self._around.door(self.agent, self.place, self._changed) as way:
            began = time.monotonic()
            try:
                wanted = SpawnAgent(agent=self.agent, environment=way.environment, core=self._core)
                self.container = await self._around.manager.spawn(wanted)
                lost = await self._played(way.attach(self.container), began)
                return lost and await self._why(lost)
            finally:
                await self._removed()

    async def _played(self, attach: Coroutine[Any, Any, Speaking], began: float) -> ClauDoomError | None:
        """Wait for the worker and serve it. Return the reason for its loss, or None after a regular end."""
        patience = self._around.config.start_timeout
        async with _running(attach) as attaching:
            if not await self._before_end(attaching, patience):
                return self._lost(f"was not attached within {patience:g} s")
            self._session = attaching.result()
        late = asyncio.get_running_loop().call_later(began + patience - time.monotonic(), self._must_be_ready)
        try:
            async with _running(self._session.serve()) as serving:
                if await self._before_end(serving):
                    serving.result()
                return self._lost("is gone")
        finally:
            late.cancel()

    def _lost(self, how: str) -> ClauDoomError | None:
        if self._verdict is None and self.leaving and not self.outstanding:
            return None
        return self._verdict or WorkerCrashed(f"the worker of agent {self.agent} {how}")

    def _must_be_ready(self) -> None:
        if self._session and not self._session.ready:
            limit = f"{self._around.config.start_timeout:g} s"
            self.end(WorkerCrashed(f"the worker of agent {self.agent} was not ready within {limit}"))

    async def _before_end(self, future: "asyncio.Future[Any]", patience: float | None = None) -> bool:
        """Wait for a future until the agent ends or `patience` seconds pass; return whether the future is done."""
        ended = asyncio.ensure_future(self._end.wait())
        try:
            await asyncio.wait({future, ended}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        return future.done()

    async def _why(self, lost: ClauDoomError) -> ClauDoomError:
        """Return the reason for the loss of the worker, from the exit code and log of its container.

        An error that the worker itself caused is returned unchanged.
        """
        if self._verdict is not None or isinstance(lost, PolicyFailed) or self.container is None:
            return lost
        with contextlib.suppress(ClauDoomError):  # the daemon or the container may be gone
            ending = await self._around.manager.ending(self.container)
            words = await self._around.manager.last_words(self.container)
            return why_ended(self.agent, ending, memory=format_size(self._around.config.memory), words=words)
        return lost

    async def _removed(self) -> None:
        if self.container is None:
            return
        if self._session:
            self._session.close()
        try:
            await asyncio.shield(asyncio.ensure_future(self._around.manager.remove(self.container)))
        except ClauDoomError as error:
            _log.warning("a container could not be removed", agent=self.agent, error=str(error))

    def _before_any_episode(self, error: ClauDoomError) -> ClauDoomError:
        """Classify the loss of a worker that had not received an episode.

        The attempt is not counted in two cases: the container could not be created, or no container of this image has
        started yet. If other containers of the image have started, the attempt counts. The limit on attempts then ends
        the retries.
        """
        lost = isinstance(error, InfrastructureFailed | OutOfMemory)
        if isinstance(error, WorkerRefused | ContainerRefused) or not lost:
            return error
        ours = self.container is None or not self._around.proven.is_set()
        return unavailable(error) if ours else error

    def _settle(self, error: ClauDoomError | None) -> None:
        """Resolve all open requests: the first one with the error, if any, and the others as requeued."""
        asked = [each for _, each in self._session.asked] if self._session else []
        if error is not None and not asked:
            error = self._before_any_episode(error)
        asked += self._waiting
        self._waiting.clear()
        if self._session:
            self._session.asked.clear()
        for each in asked:
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
