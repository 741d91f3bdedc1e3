"""Ray backend: a fixed number of actors on the nodes of a cluster. Lost actors are replaced."""

import asyncio
import contextlib
from types import TracebackType
from typing import Any, Self

from clau_doom.backends.local.worker_channel import Requeued
from clau_doom.backends.ray.actor_handle import ActorHandle, Rules
from clau_doom.backends.ray.cluster import Cluster, connected
from clau_doom.backoff import backoff_delay
from clau_doom.domain import Episode
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError, ClusterRefused, ClusterUnreachable, InfrastructureFailed, WorkerRefused
from clau_doom.logs import get_logger
from clau_doom.ports import EpisodeTask, EvaluationBackend, Glimpse

__all__ = ["RayBackend"]

_DEPTH = 2
"""Episodes that an actor receives at once: one is played, and one waits. The others wait in the episode scheduler."""
_START_ATTEMPTS = 3
_OTHERS = 10.0
"""Seconds for which the first ready actor waits for others. Later actors join when they are ready."""
_SHORTEST, _LONGEST = 0.25, 30.0
"""First and longest delay in seconds before a lost actor is replaced. Each failed start of a worker doubles the delay.
"""

_log = get_logger(__name__)


class RayBackend(EvaluationBackend):
    """Plays episodes on the nodes of a Ray cluster."""

    def __init__(self, rules: Rules, *, workers: int) -> None:
        """Prepare a backend. Entering the context starts it.

        Args:
            rules: Settings for its actors.
            workers: Number of actors; 0: one for each worker that fits on the cluster's CPUs.
        """
        self._rules = rules
        self._workers = workers
        self._stack = contextlib.AsyncExitStack()
        self._cluster: Cluster | None = None
        self._files: tuple[Any, ...] = ()
        self._hosts: dict[int, ActorHandle] = {}
        self._failures: dict[int, int] = {}
        self._trouble: InfrastructureFailed | None = None
        self._refusal: ClauDoomError | None = None
        self._changed = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def slots(self) -> int:
        """Maximum number of episodes at once: for each actor, the one that it plays and the waiting one."""
        return _DEPTH * max(len(self._hosts), 1)

    @property
    def hosts(self) -> tuple[ActorHandle, ...]:
        """The actors that are ready to play."""
        return tuple(self._hosts[number] for number in sorted(self._hosts))

    async def __aenter__(self) -> Self:
        """Connect, and start an actor for each worker. Wait for the first actor, and briefly for the others."""
        config = self._rules.config
        try:
            self._cluster = cluster = await self._stack.enter_async_context(
                connected(config, workers=self._workers, modules=self._rules.modules)
            )
            cluster.gone.add_done_callback(self._lose_all)
            places = await cluster.places(self._workers, config)
            self._files = await cluster.keep(self._rules.files)
            self._failures = dict.fromkeys(range(places), 0)
            self._keepers = [asyncio.ensure_future(self._keep(number, cluster)) for number in range(places)]
            await self._settled()
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
        seen = [hosted.glimpse() for hosted in self.hosts]
        return tuple([each for each in seen if each])

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode on the actor with the fewest episodes; see the port."""
        while True:
            hosted = await self._any()
            with contextlib.suppress(Requeued):
                return await hosted.play(task)

    async def _any(self) -> ActorHandle:
        """Return the actor with the fewest episodes. If all actors were lost, wait for a new one."""
        patience = self._rules.config.start_timeout
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while True:
                    if self._refusal is not None:
                        raise type(self._refusal)(*self._refusal.args)
                    if ready := [hosted for hosted in self.hosts if not hosted.lost]:
                        return min(ready, key=lambda hosted: hosted.outstanding)
                    await self._changed.wait()
        raise await self._nowhere()

    async def _nowhere(self) -> InfrastructureFailed:
        assert self._cluster is not None, "entered first"
        if self._trouble is not None:
            return ClusterRefused(f"no worker starts on the Ray cluster: {describe(self._trouble)}")
        return await self._cluster.refusal(self._rules.config)

    async def _settled(self) -> None:
        """Wait for the first actor, then for the others for a limited time, as long as they can still start."""
        patience = self._rules.config.start_timeout
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience) as waiting:
                while not self._refusal and any(
                    number not in self._hosts and failures < _START_ATTEMPTS
                    for number, failures in self._failures.items()
                ):
                    await self._changed.wait()
                    if self._hosts and patience:
                        waiting.reschedule(asyncio.get_running_loop().time() + min(patience, _OTHERS))
                        patience = 0.0  # wait once, not for each actor
        if self._refusal is not None:
            raise self._refusal
        if not self._hosts:
            raise self._trouble or await self._nowhere()
        if missing := len(self._failures) - len(self._hosts):
            _log.warning("waiting for resources of the cluster", workers=len(self._hosts), missing=missing)

    async def _keep(self, number: int, cluster: Cluster) -> None:
        """Keep an actor running for one worker number while the backend is entered."""
        while self._refusal is None:
            try:
                hosted = await ActorHandle.begin(number, cluster, self._rules, self._files)
            except (WorkerRefused, ClusterUnreachable) as error:
                self._refuse(error)
                return
            except InfrastructureFailed as error:
                self._failures[number] += 1
                self._trouble = error
                self._tell()
            else:
                await self._look_after(hosted)
            await asyncio.sleep(backoff_delay(1 + self._failures[number], _SHORTEST, _LONGEST))

    async def _look_after(self, hosted: ActorHandle) -> None:
        self._failures[hosted.number], self._trouble = 0, None
        self._hosts[hosted.number] = hosted
        self._tell()
        try:
            await hosted.watch()
        except ClauDoomError as error:
            _log.warning("worker lost", worker=hosted.number, reason=describe(error))
        finally:
            del self._hosts[hosted.number]
            await hosted.close()

    def _refuse(self, error: ClauDoomError) -> None:
        self._refusal = self._refusal or error
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _lose_all(self, gone: "asyncio.Future[None]") -> None:
        error = None if gone.cancelled() else gone.exception()
        if isinstance(error, ClauDoomError):
            self._refuse(error)
            for hosted in self.hosts:
                hosted.lose(error)

    async def _end(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        try:
            await asyncio.gather(*self._keepers, return_exceptions=True)
        finally:
            if self._cluster is not None:
                self._cluster.gone.remove_done_callback(self._lose_all)
            await self._stack.aclose()
