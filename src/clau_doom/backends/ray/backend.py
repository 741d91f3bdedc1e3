"""Ray backend: a fixed number of actors on the nodes of a cluster. Lost actors are replaced."""

import asyncio
import contextlib
from types import TracebackType
from typing import Any, Self

from clau_doom.backends.local.worker_channel import Requeued
from clau_doom.backends.ray.actor_handle import ActorHandle, ActorSettings
from clau_doom.backends.ray.cluster import Cluster, connected
from clau_doom.backoff import backoff_delay
from clau_doom.domain import Episode
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError, ClusterRefused, ClusterUnreachable, InfrastructureFailed, WorkerRefused
from clau_doom.logs import get_logger
from clau_doom.ports import EpisodeTask, EvaluationBackend, Glimpse

__all__ = ["RayBackend"]

_EPISODES_PER_ACTOR = 2
"""Episodes that an actor receives at once: one is played, and one waits. The others wait in the episode scheduler."""
_START_ATTEMPTS = 3
_JOIN_SECONDS = 10.0
"""Seconds for which the first ready actor waits for others. Later actors join when they are ready."""
_SHORTEST, _LONGEST = 0.25, 30.0
"""First and longest delay in seconds before a lost actor is replaced. Each failed start of a worker doubles the delay.
"""

_log = get_logger(__name__)


class RayBackend(EvaluationBackend):
    """Plays episodes on the nodes of a Ray cluster."""

    def __init__(self, settings: ActorSettings, *, workers: int) -> None:
        """Prepare a backend. Entering the context starts it.

        Args:
            settings: Settings for its actors.
            workers: Number of actors; 0: one for each worker that fits on the cluster's CPUs.
        """
        self._settings = settings
        self._workers = workers
        self._stack = contextlib.AsyncExitStack()
        self._cluster: Cluster | None = None
        self._files: tuple[Any, ...] = ()
        self._actors: dict[int, ActorHandle] = {}
        self._failures: dict[int, int] = {}
        self._last_failure: InfrastructureFailed | None = None
        self._refusal: ClauDoomError | None = None
        self._changed = asyncio.Event()
        self._actor_tasks: list[asyncio.Task[None]] = []

    @property
    def slots(self) -> int:
        """Maximum number of episodes at once: for each actor, the one that it plays and the waiting one."""
        return _EPISODES_PER_ACTOR * max(len(self._actors), 1)

    @property
    def actors(self) -> tuple[ActorHandle, ...]:
        """The actors that are ready to play."""
        return tuple(self._actors[number] for number in sorted(self._actors))

    async def __aenter__(self) -> Self:
        """Connect, and start an actor for each worker. Wait for the first actor, and briefly for the others."""
        config = self._settings.config
        try:
            self._cluster = cluster = await self._stack.enter_async_context(
                connected(config, workers=self._workers, modules=self._settings.modules)
            )
            cluster.disconnected.add_done_callback(self._lose_all)
            count = await cluster.worker_count(self._workers, config)
            self._files = await cluster.put_files(self._settings.files)
            self._failures = dict.fromkeys(range(count), 0)
            self._actor_tasks = [
                asyncio.ensure_future(self._keep_actor_running(number, cluster)) for number in range(count)
            ]
            await self._wait_for_actors()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all actors with their workers. Stop the cluster if this process started it."""
        await self._end()

    def takes(self, task: EpisodeTask) -> bool:  # noqa: ARG002 - the port's
        """Return True: any actor can play any agent."""
        return True

    async def end_generation(self, generation: int) -> None:
        """Do nothing: actors are kept between generations."""

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return the newest pictures of running episodes; see the port."""
        seen = [actor.glimpse() for actor in self.actors]
        return tuple([each for each in seen if each])

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode on the actor with the fewest episodes; see the port."""
        while True:
            actor = await self._least_busy_actor()
            with contextlib.suppress(Requeued):
                return await actor.play(task)

    async def _least_busy_actor(self) -> ActorHandle:
        """Return the actor with the fewest episodes. If all actors were lost, wait for a new one."""
        patience = self._settings.config.start_timeout
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while True:
                    if self._refusal is not None:
                        raise type(self._refusal)(*self._refusal.args)
                    if ready := [actor for actor in self.actors if not actor.lost]:
                        return min(ready, key=lambda actor: actor.outstanding)
                    await self._changed.wait()
        raise await self._no_actor_error()

    async def _no_actor_error(self) -> InfrastructureFailed:
        assert self._cluster is not None, "entered first"
        if self._last_failure is not None:
            return ClusterRefused(f"no worker starts on the Ray cluster: {describe(self._last_failure)}")
        return await self._cluster.placement_error(self._settings.config)

    async def _wait_for_actors(self) -> None:
        """Wait for the first actor, then for the others for a limited time, as long as they can still start."""
        patience = self._settings.config.start_timeout
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience) as waiting:
                while not self._refusal and any(
                    number not in self._actors and failures < _START_ATTEMPTS
                    for number, failures in self._failures.items()
                ):
                    await self._changed.wait()
                    if self._actors and patience:
                        waiting.reschedule(asyncio.get_running_loop().time() + min(patience, _JOIN_SECONDS))
                        patience = 0.0  # wait once, not for each actor
        if self._refusal is not None:
            raise self._refusal
        if not self._actors:
            raise self._last_failure or await self._no_actor_error()
        if missing := len(self._failures) - len(self._actors):
            _log.warning("waiting for resources of the cluster", workers=len(self._actors), missing=missing)

    async def _keep_actor_running(self, number: int, cluster: Cluster) -> None:
        """Keep an actor running for one worker number while the backend is entered."""
        while self._refusal is None:
            try:
                actor = await ActorHandle.create(number, cluster, self._settings, self._files)
            except (WorkerRefused, ClusterUnreachable) as error:
                self._refuse(error)
                return
            except InfrastructureFailed as error:
                self._failures[number] += 1
                self._last_failure = error
                self._notify()
            else:
                await self._supervise(actor)
            await asyncio.sleep(backoff_delay(1 + self._failures[number], _SHORTEST, _LONGEST))

    async def _supervise(self, actor: ActorHandle) -> None:
        self._failures[actor.number], self._last_failure = 0, None
        self._actors[actor.number] = actor
        self._notify()
        try:
            await actor.watch()
        except ClauDoomError as error:
            _log.warning("worker lost", worker=actor.number, reason=describe(error))
        finally:
            del self._actors[actor.number]
            await actor.close()

    def _refuse(self, error: ClauDoomError) -> None:
        self._refusal = self._refusal or error
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _lose_all(self, gone: "asyncio.Future[None]") -> None:
        error = None if gone.cancelled() else gone.exception()
        if isinstance(error, ClauDoomError):
            self._refuse(error)
            for actor in self.actors:
                actor.lose(error)

    async def _end(self) -> None:
        for task in self._actor_tasks:
            task.cancel()
        try:
            await asyncio.gather(*self._actor_tasks, return_exceptions=True)
        finally:
            if self._cluster is not None:
                self._cluster.disconnected.remove_done_callback(self._lose_all)
            await self._stack.aclose()
