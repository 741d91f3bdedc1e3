"""One agent's stay: its container from making to removal, and the episodes that it plays there."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from clau_doom.backends.docker.container_lifecycle import ContainerManager, Found, SpawnAgent
from clau_doom.backends.docker.exit_reason import why_ended
from clau_doom.backends.docker.worker_session import PendingEpisode, settle
from clau_doom.backends.local import Requeued, unavailable
from clau_doom.config import DockerConfig, format_size
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
    """An attached worker, wherever it runs."""

    asked: deque[tuple[int, PendingEpisode]]
    """What it plays, and what waits behind that."""

    @property
    def ready(self) -> bool:
        """Whether it waits for episodes, or plays."""
        ...

    async def serve(self) -> None:
        """Hear it out until it ends; raise where it ends by its own fault."""
        ...

    def play(self, asked: PendingEpisode) -> None:
        """Ask for an episode, after those that were asked for before."""
        ...

    def verdict(self) -> ClauDoomError | None:
        """Return why it must be ended now, or None."""
        ...

    def glimpse(self) -> Glimpse | None:
        """Return what was seen of its episode since the last call, and have it show more."""
        ...

    def close(self) -> None:
        """Let it end."""
        ...


class WorkerConnector(Protocol):
    """How the worker of one container is reached."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What the container is told."""
        ...

    async def attach(self, container: str) -> Speaking:
        """Return the worker, once it is there."""
        ...


ConnectorFactory = Callable[[str, int, Callable[[], None]], AbstractContextManager[WorkerConnector]]
"""Opens a way for an agent in a place, and calls back whenever the worker may be given more to do."""


@dataclass(frozen=True, kw_only=True)
class ContainerContext:
    """What all tenants of a backend share.

    Attributes:
        manager: The containers.
        door: How workers are reached.
        config: What containers are made of.
        proven: Set once a worker was given an episode: containers of this image start.
    """

    manager: ContainerManager
    door: ConnectorFactory
    config: DockerConfig
    proven: asyncio.Event = field(default_factory=asyncio.Event)


class AgentContainer:
    """An agent in its container."""

    def __init__(
        self, agent: str, place: int, core: int | None, around: ContainerContext, changed: Callable[[], None]
    ) -> None:
        """Prepare a stay; `live` begins it.

        Args:
            agent: The agent's id.
            place: The number of the place that it plays in.
            core: The core that it is kept on, or None.
            around: What all share.
            changed: Called whenever it may be given more to do.
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
        """How many episodes are waited for."""
        return len(self._waiting) + self.playing

    @property
    def playing(self) -> int:
        """How many episodes the worker has been given."""
        return len(self._session.asked) if self._session else 0

    @property
    def ready(self) -> bool:
        """Whether the worker waits for episodes, or plays."""
        return self._session is not None and self._session.ready

    def glimpse(self) -> Glimpse | None:
        """Return what was seen of its episode since the last call, and have it show more."""
        return self._session.glimpse() if self._session and self._session.asked else None

    def ask(self, asked: PendingEpisode) -> None:
        """Have an episode played after the others."""
        self._waiting.append(asked)

    def play(self, most: int) -> None:
        """Give the worker what waits, until it has `most` episodes."""
        while self._session and self._session.ready and self._waiting and self.playing < most:
            asked = self._waiting.popleft()
            if not asked.answer.done():
                self._around.proven.set()
                self._session.play(asked)

    async def move_to(self, core: int | None) -> None:
        """Play on another core from now on."""
        if core is not None and self.container is not None:
            try:
                await self._around.manager.move(self.container, core)
            except ClauDoomError as error:  # it plays all the same, only not alone on its core
                _log.warning("a container could not be moved", agent=self.agent, error=str(error))

    def leave(self) -> None:
        """Let the worker end when nothing more is to come."""
        self.leaving = True
        if self._session:
            self._session.close()
        self._end.set()

    def end(self, verdict: ClauDoomError | None = None) -> None:
        """Have the worker ended at once; the episode that it plays ends with the verdict."""
        self._verdict = self._verdict or verdict
        self.leaving = True
        self._end.set()

    def watch(self, found: Found | None) -> None:
        """Look whether the worker still plays, and what the daemon says of its container."""
        verdict = self._session.verdict() if self._session else None
        if verdict is None and found is not None and found.unhealthy:
            verdict = WorkerCrashed(f"the container of agent {self.agent} is unhealthy")
        gone = found is not None and found.state not in {"created", "running", "paused"}
        if verdict or gone:
            self.end(verdict)

    async def live(self) -> None:
        """Make the container, play, and remove it; what is still asked for by then has moved, or failed with it."""
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
        """Wait for the worker and hear it out; return why it was lost, or None when it has left."""
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
        """Wait for a future, but no longer than the stay, or so many seconds, last; say whether it is done."""
        ended = asyncio.ensure_future(self._end.wait())
        try:
            await asyncio.wait({future, ended}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        return future.done()

    async def _why(self, lost: ClauDoomError) -> ClauDoomError:
        """Return why the worker was lost, as its container tells it; what it did itself needs no such look."""
        if self._verdict is not None or isinstance(lost, PolicyFailed) or self.container is None:
            return lost
        with contextlib.suppress(ClauDoomError):  # the daemon has gone as well, or the container
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
        """Return what the loss of a worker that was given no episode means.

        No attempt is counted where the container could not be made, or where none of this image has started yet. Where
        others have, this agent's container is to blame, and the number of attempts ends it.
        """
        lost = isinstance(error, InfrastructureFailed | OutOfMemory)
        if isinstance(error, WorkerRefused | ContainerRefused) or not lost:
            return error
        ours = self.container is None or not self._around.proven.is_set()
        return unavailable(error) if ours else error

    def _settle(self, error: ClauDoomError | None) -> None:
        """End what is waited for: the first with the error, if there is one, and the others as moved."""
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
    """Do some work beside the block; leaving the block ends it."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
