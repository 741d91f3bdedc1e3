"""One actor, seen from the orchestrator: begun, asked, watched, ended."""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from ray import exceptions

from clau_doom.backends.local import Requeued
from clau_doom.backends.ray.cluster import Cluster
from clau_doom.backends.ray.error_mapping import error_of, lost
from clau_doom.config import RayConfig
from clau_doom.domain import Episode, Purpose
from clau_doom.errors import ClauDoomError, EpisodeTimedOut, InfrastructureFailed, WorkerCrashed
from clau_doom.ports import EpisodeTask, Glimpse
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import MalformedMessage, episode_from_played, parse, picture_from_glimpse, play_episode

__all__ = ["ActorHandle", "Rules"]

_BEAT = 1.0
_STARTING = 120.0
_LEAVING = 5.0
_KNOWN = 64
"""Episodes of which a glimpse may still come."""
_CHANNELS = 3


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds for every actor of a backend.

    Attributes:
        hosting: What it is told first.
        files: The scenario's own files, in the order in which its setup announces them.
        config: What it takes of the cluster.
        modules: Python files and packages that its worker imports.
        resolution: The scenario's screen, in pixels.
    """

    hosting: pb.Hosting
    files: tuple[Path, ...]
    config: RayConfig
    modules: tuple[Path, ...]
    resolution: tuple[int, int]


class ActorHandle:
    """An actor with a worker that is ready to play."""

    def __init__(self, number: int, actor: Any, cluster: Cluster, rules: Rules) -> None:
        self.number = number
        self.where = "a node of the cluster"
        """What its node is called in a message."""
        self.pid = 0
        self._actor = actor
        self._cluster = cluster
        self._rules = rules
        self._count = 0
        self._asked: deque[int] = deque()
        self._known: dict[int, EpisodeTask] = {}
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._blamed = False
        self._looking: asyncio.Future[bytes] | None = None

    @classmethod
    async def begin(cls, number: int, cluster: Cluster, rules: Rules, files: tuple[Any, ...]) -> Self:
        """Ask for an actor, wait until Ray has placed it, however long, and start its worker.

        Raises:
            WorkerRefused: Its versions or files differ from this process's; the message names the node.
            InfrastructureFailed: It did not start.
        """
        hosting = pb.ToWorker(hosting=rules.hosting).SerializeToString()
        hosted = cls(number, await cluster.begin(rules.config, hosting, files), cluster, rules)
        try:
            await hosted._find()
            await hosted._start()
        except BaseException:
            hosted.kill()
            raise
        return hosted

    @property
    def lost(self) -> bool:
        """Whether nothing can be asked of it any more."""
        return self._gone.done()

    @property
    def outstanding(self) -> int:
        """How many of its answers are still to come."""
        return len(self._asked)

    async def play(self, task: EpisodeTask) -> Episode:
        """Play an episode, after those that were asked for before it.

        Raises:
            Displaced: The actor was lost with another one.
            PolicyFailed: The agent's own fault.
            InfrastructureFailed: Nobody's fault; where the actor can go on, it has a new worker.
        """
        self._count += 1
        number = self._count
        self._known[number] = task
        self._known.pop(number - _KNOWN, None)
        reference, answer = self._ask("play", play_episode(number, task).SerializeToString())
        self._asked.append(number)
        try:
            await _first(answer, self._gone)
            data = self._answered(answer, number)
        except asyncio.CancelledError:
            self._cluster.cancel(reference)
            raise
        finally:
            self._asked.remove(number)
        return self._episode(parse(pb.FromWorker, data), number, task)

    async def watch(self) -> None:
        """Look after it until it is lost.

        Raises:
            InfrastructureFailed: Why it is.
        """
        patience = self._rules.config.stall_timeout
        while True:
            _, beat = self._ask("beat")
            await _first(beat, self._gone, timeout=patience)
            if self._gone.done():
                self._gone.result()
            elif not beat.done():
                self.lose(EpisodeTimedOut(f"{self.where} has not answered for {patience:g} s"))
            elif error := beat.exception():
                self.lose(_ours(error, self.where))
            else:
                await _first(self._gone, timeout=_BEAT)

    def lose(self, error: ClauDoomError) -> None:
        """Ask nothing of it any more; what it was playing is lost with this error."""
        if not self._gone.done():
            self._gone.set_exception(error)
            self._gone.exception()  # there may be nobody to tell

    def glimpse(self) -> Glimpse | None:
        """Return what was seen of its episode since the last call, and ask for more; see the port."""
        looking = self._looking
        if not self._asked or self.lost or (looking and not looking.done()):
            return None
        _, self._looking = self._ask("glimpse")
        if looking is None or looking.exception() or not looking.result():
            return None
        width, height = self._rules.resolution
        try:
            picture = picture_from_glimpse(parse(pb.FromWorker, looking.result()).glimpse, width * height * _CHANNELS)
        except MalformedMessage:  # it is for people alone
            return None
        task = self._known.get(picture.task)
        return Glimpse(task=task, worker=self.number, picture=picture) if task else None

    async def close(self) -> None:
        """Let its worker end and leave nothing behind; a lost one is killed."""
        if not self.lost:
            _, closed = self._ask("close")
            await _first(closed, self._gone, timeout=_LEAVING)
        self.lose(WorkerCrashed(f"{self.where} was left"))
        self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._cluster.kill(self._actor)

    async def _find(self) -> None:
        _, found = self._ask("where")
        await self._wait(found)
        hosted = parse(pb.FromWorker, self._answered(found)).hosted
        self.where = f"node {hosted.node[:8]} ({hosted.machine}, {hosted.address})"
        self.pid = hosted.pid

    async def _start(self) -> None:
        _, started = self._ask("start")
        await self._wait(started, _STARTING)
        if not started.done():
            raise WorkerCrashed(f"{self.where}: its worker was not ready within {_STARTING:g} s")
        answer = parse(pb.FromWorker, self._answered(started))
        if answer.WhichOneof("message") != "ready":
            raise error_of(answer.failed, self.where)

    async def _wait(self, answer: "asyncio.Future[bytes]", patience: float | None = None) -> None:
        await _first(answer, self._cluster.gone, timeout=patience)
        if self._cluster.gone.done():
            self._cluster.gone.result()

    def _ask(self, method: str, *messages: bytes) -> "tuple[Any, asyncio.Future[bytes]]":
        """Return Ray's reference to an answer, and the future of it; no future is ever cancelled, which Ray minds."""
        try:
            reference = getattr(self._actor, method).remote(*messages)
        except exceptions.RayError as error:
            raise lost(error, self.where) from error
        answer = asyncio.wrap_future(reference.future())
        answer.add_done_callback(_look)
        return reference, answer

    def _answered(self, answer: "asyncio.Future[bytes]", number: int | None = None) -> bytes:
        """Return an answer, or raise what became of it: the first that was asked for is what it was lost with."""
        if answer.done() and not answer.exception():
            return answer.result()
        if answer.done():
            self.lose(_ours(answer.exception(), self.where))
        if number is not None and (self._blamed or self._asked[0] != number):
            raise Requeued(f"{self.where} was lost with another episode")
        self._blamed = True
        error = self._gone.exception()
        assert error is not None, "it was lost"
        raise error

    def _episode(self, answer: pb.FromWorker, number: int, task: EpisodeTask) -> Episode:
        kind = answer.WhichOneof("message")
        if kind == "played" and answer.played.task == number:
            episode = episode_from_played(answer.played, task, worker=self.number)
            return replace(episode, actions=None) if task.purpose is Purpose.TRAINING else episode
        if kind == "failed" and answer.failed.task == number:
            raise error_of(answer.failed, self.where)
        raise WorkerCrashed(f"{self.where} answered task {number} with {kind}")


async def _first(*futures: "asyncio.Future[Any]", timeout: float | None = None) -> None:  # noqa: ASYNC109 - none is cancelled
    """Wait until one of them has ended, or the time is over."""
    await asyncio.wait(futures, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)


def _ours(error: BaseException | None, where: str) -> InfrastructureFailed:
    assert isinstance(error, Exception)
    mapped = lost(error, where)
    mapped.__cause__ = None  # Ray's texts are long, and what matters of them is in ours
    return mapped


def _look(answer: "asyncio.Future[bytes]") -> None:
    """Have seen an answer's error: whoever gave up waiting is not told."""
    with contextlib.suppress(asyncio.CancelledError):
        answer.exception()
