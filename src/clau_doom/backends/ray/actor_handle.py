"""Orchestrator's handle of one actor: start, requests, supervision and end."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from ray import exceptions

from clau_doom.backends.local.worker_channel import Requeued
from clau_doom.backends.ray.cluster import Cluster
from clau_doom.backends.ray.configuration import RayConfig
from clau_doom.backends.ray.error_mapping import error_of, loss_error
from clau_doom.domain import Episode, Purpose
from clau_doom.domain.measure_declaration import MeasureDeclaration
from clau_doom.errors import ClauDoomError, EpisodeTimedOut, InfrastructureFailed, WorkerCrashed
from clau_doom.ports import EpisodeTask, Glimpse
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import MalformedMessage, episode_from_played, frame_from_glimpse, parse, play_episode

__all__ = ["ActorHandle", "ActorSettings"]

_HEARTBEAT_INTERVAL = 1.0
_START_TIMEOUT = 120.0
_CLOSE_TIMEOUT = 5.0
_RECENT = 64
"""Number of recent episodes for which glimpses are accepted."""
_CHANNELS = 3


@dataclass(frozen=True, kw_only=True)
class ActorSettings:
    """Settings for every actor of a backend.

    Attributes:
        hosting: The first message to an actor.
        files: The scenario's own files, in the setup's order.
        config: Resources that an actor takes from the cluster.
        modules: Python files and packages that its worker imports.
        resolution: The scenario's screen, in pixels.
        measures: Declarations of the user's measures, by name.
    """

    hosting: pb.Hosting
    files: tuple[Path, ...]
    config: RayConfig
    modules: tuple[Path, ...]
    resolution: tuple[int, int]
    measures: Mapping[str, MeasureDeclaration] = field(default_factory=dict)


class ActorHandle:
    """An actor with a worker that is ready to play."""

    def __init__(self, number: int, actor: Any, cluster: Cluster, settings: ActorSettings) -> None:
        self.number = number
        self.where = "a node of the cluster"
        """Name of the actor's node in messages."""
        self.pid = 0
        self._actor = actor
        self._cluster = cluster
        self._settings = settings
        self._count = 0
        self._pending: deque[int] = deque()
        self._recent: dict[int, EpisodeTask] = {}
        self._loss: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loss_reported = False
        self._glimpse_request: asyncio.Future[bytes] | None = None

    @classmethod
    async def create(cls, number: int, cluster: Cluster, settings: ActorSettings, files: tuple[Any, ...]) -> Self:
        """Request an actor, wait without a limit until Ray has placed it, and start its worker.

        Raises:
            WorkerRefused: Its versions or files differ from this process's; the message names the node.
            InfrastructureFailed: The actor or its worker did not start.
        """
        hosting = pb.ToWorker(hosting=settings.hosting).SerializeToString()
        handle = cls(number, await cluster.create_actor(settings.config, hosting, files), cluster, settings)
        try:
            await handle._locate()
            await handle._start()
        except BaseException:
            handle.kill()
            raise
        return handle

    @property
    def lost(self) -> bool:
        """Whether the actor is lost and accepts no requests."""
        return self._loss.done()

    @property
    def outstanding(self) -> int:
        """Number of expected answers."""
        return len(self._pending)

    async def play(self, task: EpisodeTask) -> Episode:
        """Play an episode, after all earlier requests.

        Raises:
            Requeued: The actor was lost with another episode.
            PolicyFailed: The policy failed.
            InfrastructureFailed: The infrastructure failed. If the actor can continue, it has a new worker.
        """
        self._count += 1
        number = self._count
        self._recent[number] = task
        self._recent.pop(number - _RECENT, None)
        reference, answer = self._request("play", play_episode(number, task).SerializeToString())
        self._pending.append(number)
        try:
            await _wait_for_first(answer, self._loss)
            data = self._result_of(answer, number)
        except asyncio.CancelledError:
            self._cluster.cancel(reference)
            raise
        finally:
            self._pending.remove(number)
        return self._episode(parse(pb.FromWorker, data), number, task)

    async def watch(self) -> None:
        """Check the actor until it is lost.

        Raises:
            InfrastructureFailed: The reason for the loss.
        """
        patience = self._settings.config.stall_timeout
        while True:
            _, beat = self._request("beat")
            await _wait_for_first(beat, self._loss, timeout=patience)
            if self._loss.done():
                self._loss.result()
            elif not beat.done():
                self.lose(EpisodeTimedOut(f"{self.where} did not answer for {patience:g} s"))
            elif error := beat.exception():
                self.lose(_mapped_error(error, self.where))
            else:
                await _wait_for_first(self._loss, timeout=_HEARTBEAT_INTERVAL)

    def lose(self, error: ClauDoomError) -> None:
        """Mark the actor as lost. Its current episode fails with this error."""
        if not self._loss.done():
            self._loss.set_exception(error)
            self._loss.exception()  # mark the exception as retrieved

    def glimpse(self) -> Glimpse | None:
        """Return the newest picture of the episode since the last call, and request another one; see the port."""
        request = self._glimpse_request
        if not self._pending or self.lost or (request and not request.done()):
            return None
        _, self._glimpse_request = self._request("glimpse")
        if request is None or request.exception() or not request.result():
            return None
        width, height = self._settings.resolution
        try:
            frame = frame_from_glimpse(parse(pb.FromWorker, request.result()).glimpse, width * height * _CHANNELS)
        except MalformedMessage:  # a picture affects only the live view
            return None
        task = self._recent.get(frame.task)
        return Glimpse(task=task, worker=self.number, frame=frame) if task else None

    async def close(self) -> None:
        """End the actor's worker and remove its files. A lost actor is killed."""
        if not self.lost:
            _, closed = self._request("close")
            await _wait_for_first(closed, self._loss, timeout=_CLOSE_TIMEOUT)
        self.lose(WorkerCrashed(f"{self.where} was stopped"))
        self.kill()

    def kill(self) -> None:
        """Kill the actor at once."""
        self._cluster.kill(self._actor)

    async def _locate(self) -> None:
        _, found = self._request("where")
        await self._wait(found)
        handle = parse(pb.FromWorker, self._result_of(found)).hosted
        self.where = f"node {handle.node[:8]} ({handle.machine}, {handle.address})"
        self.pid = handle.pid

    async def _start(self) -> None:
        _, started = self._request("start")
        await self._wait(started, _START_TIMEOUT)
        if not started.done():
            raise WorkerCrashed(f"{self.where}: its worker was not ready within {_START_TIMEOUT:g} s")
        answer = parse(pb.FromWorker, self._result_of(started))
        if answer.WhichOneof("message") != "ready":
            raise error_of(answer.failed, self.where)

    async def _wait(self, answer: "asyncio.Future[bytes]", patience: float | None = None) -> None:
        await _wait_for_first(answer, self._cluster.disconnected, timeout=patience)
        if self._cluster.disconnected.done():
            self._cluster.disconnected.result()

    def _request(self, method: str, *messages: bytes) -> "tuple[Any, asyncio.Future[bytes]]":
        """Return Ray's reference to an answer, and its future. The future is never cancelled: Ray does not allow it."""
        try:
            reference = getattr(self._actor, method).remote(*messages)
        except exceptions.RayError as error:
            raise loss_error(error, self.where) from error
        answer = asyncio.wrap_future(reference.future())
        answer.add_done_callback(_retrieve_exception)
        return reference, answer

    def _result_of(self, answer: "asyncio.Future[bytes]", number: int | None = None) -> bytes:
        """Return an answer, or raise its error. If the actor is lost, its first open request fails with the loss."""
        if answer.done() and not answer.exception():
            return answer.result()
        if answer.done():
            self.lose(_mapped_error(answer.exception(), self.where))
        if number is not None and (self._loss_reported or self._pending[0] != number):
            raise Requeued(f"{self.where} was lost with another episode")
        self._loss_reported = True
        error = self._loss.exception()
        assert error is not None, "it was lost"
        raise error

    def _episode(self, answer: pb.FromWorker, number: int, task: EpisodeTask) -> Episode:
        kind = answer.WhichOneof("message")
        if kind == "played" and answer.played.task == number:
            episode = episode_from_played(answer.played, task, worker=self.number, declared=self._settings.measures)
            return replace(episode, actions=None) if task.purpose is Purpose.TRAINING else episode
        if kind == "failed" and answer.failed.task == number:
            raise error_of(answer.failed, self.where)
        raise WorkerCrashed(f"{self.where} answered task {number} with {kind}")


async def _wait_for_first(*futures: "asyncio.Future[Any]", timeout: float | None = None) -> None:  # noqa: ASYNC109 - none is cancelled
    """Wait until one of the futures is done, or the time is over."""
    await asyncio.wait(futures, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)


def _mapped_error(error: BaseException | None, where: str) -> InfrastructureFailed:
    assert isinstance(error, Exception)
    mapped = loss_error(error, where)
    mapped.__cause__ = None  # Ray's long text is summarised in this error
    return mapped


def _retrieve_exception(answer: "asyncio.Future[bytes]") -> None:
    """Mark an answer's exception as retrieved, because the caller may have stopped waiting."""
    with contextlib.suppress(asyncio.CancelledError):
        answer.exception()
