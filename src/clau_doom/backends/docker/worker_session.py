"""Session of an attached worker: checks the content, the order and the timing of its messages.

A worker is an untrusted program, and its messages are claims. An invalid message ends the session with `Forged`, which
counts as a failure of the agent. Missing messages and missing progress count as infrastructure failures.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clau_doom.backends.docker.worker_server import Stream
from clau_doom.backends.local.timeouts import overdue
from clau_doom.domain import Episode
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import (
    AgentUnreachable,
    ClauDoomError,
    EngineCrashed,
    EpisodeTimedOut,
    Forged,
    PolicyFailed,
    WorkerCrashed,
    WorkerRefused,
)
from clau_doom.ports import EpisodeTask, Glimpse
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import (
    MalformedMessage,
    claimed_traceback,
    episode_from_played,
    parse,
    picture_from_glimpse,
    play_episode,
    printable,
)
from clau_doom.worker import Phase

__all__ = ["ExpectedIdentity", "PendingEpisode", "SessionLimits", "WorkerSession", "settle"]

_PART = 1 << 20
_BEATS, _GLIMPSES = 20.0, 150.0
"""Most heartbeats and glimpses in a burst and in ten seconds. A worker sends one heartbeat and ten glimpses a second.
"""
_LOOK_AGAIN = 1.0
_CHANNELS = 3
_KNOWN = 64
"""Number of recent episodes for which glimpses are accepted. A picture waits a tenth of a second until it is sent."""
_REASON = 500


class ExpectedIdentity:
    """Versions and digests that workers of one image must report."""

    def __init__(self, facts: Provenance) -> None:
        """Set the expected facts."""
        self._facts = facts
        self._met = False

    def check(self, agent: str, claimed: Provenance) -> None:
        """Compare the facts that a worker reports with the expected facts.

        Raises:
            WorkerRefused: The facts differ: the image does not fit this process.
            Forged: The facts differ, although another worker of the image reported the expected facts.
        """
        if not (difference := self._facts.first_difference(claimed)):
            self._met = True
            return
        name, here, there = (printable(text, 100) for text in difference)  # the name may be forged, too
        if self._met:
            raise Forged(f"the worker of agent {agent} says that its {name} is {there} where its image has {here}")
        raise WorkerRefused(
            f"the image of agent {agent} has {name} {there} where this process has {here}: build it again (make image)"
        )


@dataclass(frozen=True, kw_only=True)
class SessionLimits:
    """Settings and limits for every worker of a backend.

    Attributes:
        setup: The first message to a worker.
        files: The scenario's own files, in the setup's order.
        hellos: The required content of a worker's hello.
        claims: Whether every episode must include its actions.
        episode_timeout: Seconds of wall time for one episode.
        stall_timeout: Seconds without progress or a heartbeat before a worker counts as hung.
        longest: The most bytes of an episode's actions, and of its recording.
        resolution: The scenario's screen, in pixels.
    """

    setup: pb.Setup
    files: tuple[Path, ...]
    hellos: ExpectedIdentity
    claims: bool
    episode_timeout: float
    stall_timeout: float
    longest: int
    resolution: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class PendingEpisode:
    """A requested episode and the future of its result."""

    task: EpisodeTask
    answer: "asyncio.Future[Episode]"


def settle(asked: PendingEpisode, result: Episode | ClauDoomError) -> None:
    """Set the result of a requested episode; do nothing if the request was cancelled."""
    if asked.answer.done():
        return
    if isinstance(result, Episode):
        asked.answer.set_result(result)
    else:
        asked.answer.set_exception(result)
        asked.answer.exception()  # mark the exception as retrieved


class _Allowance:
    """Rate limit: `most` messages in a burst, and `most` more in ten seconds."""

    def __init__(self, most: float) -> None:
        self._most = self._left = most
        self._at = time.monotonic()

    def take(self) -> bool:
        """Return whether another message is allowed now, and count it."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._most / 10.0) - 1.0
        self._at = now
        return self._left >= 0.0


class WorkerSession:
    """Session of a worker, from its hello to its end."""

    def __init__(
        self, agent: str, place: int, stream: Stream, rules: SessionLimits, answered: Callable[[], None]
    ) -> None:
        """Create a session.

        Args:
            agent: The agent's id.
            place: The number of the agent's place.
            stream: The worker's messages in both directions.
            rules: Settings and limits of the session.
            answered: Called after each answer, and when the worker has become ready.
        """
        self.ready = False
        self.asked: deque[tuple[int, PendingEpisode]] = deque()
        """Queue of episodes: the episode being played, then the waiting ones."""
        self._agent = agent
        self._place = place
        self._stream = stream
        self._rules = rules
        self._answered = answered
        self._tasks = 0
        self._greeted = False
        self._turns = 0
        self._begun = self._moved = self._heard = time.monotonic()
        self._beats, self._glimpses = _Allowance(_BEATS), _Allowance(_GLIMPSES)
        self._looked = -_LOOK_AGAIN
        self._seen: Glimpse | None = None
        self._known: dict[int, EpisodeTask] = {}

    async def serve(self) -> None:
        """Set the worker up, and process its messages until its stream ends.

        Raises:
            Forged: The worker sent an invalid message.
            WorkerRefused: Its versions or files differ from this process's.
            EngineCrashed: Its engine did not start.
            PolicyFailed: Its policy cannot be created.
        """
        self._stream.send(pb.ToWorker(setup=self._rules.setup).SerializeToString())
        for path in self._rules.files:
            await self._send_file(path)
        async for data in self._stream.received():
            self._hear(data)

    def play(self, asked: PendingEpisode) -> None:
        """Request an episode. The worker plays it after all earlier requests."""
        self._tasks += 1
        self.asked.append((self._tasks, asked))
        self._known[self._tasks] = asked.task
        self._known.pop(self._tasks - _KNOWN, None)
        self._stream.send(play_episode(self._tasks, asked.task).SerializeToString())
        if len(self.asked) == 1:
            self._begun = self._moved = time.monotonic()

    def glimpse(self) -> Glimpse | None:
        """Return the newest picture of the episode since the last call, and request another one."""
        now = time.monotonic()
        if self.ready and now - self._looked >= _LOOK_AGAIN:
            self._looked = now
            self._stream.send(pb.ToWorker(watch=pb.Watch()).SerializeToString())
        seen, self._seen = self._seen, None
        return seen

    def close(self) -> None:
        """Close the stream, so that the worker ends."""
        self._stream.close()

    def verdict(self) -> ClauDoomError | None:
        """Return the reason to end the worker now, or None."""
        now, rules, whose = time.monotonic(), self._rules, f"the worker of agent {self._agent}"
        if self._greeted and now - self._heard > rules.stall_timeout:
            return EpisodeTimedOut(f"{whose} has said nothing for {rules.stall_timeout:g} s")
        if not self.asked:
            return None
        return overdue(
            whose,
            playing=now - self._begun,
            still=now - self._moved,
            deciding=Phase.of(self._turns) is Phase.POLICY,
            episode_timeout=rules.episode_timeout,
            stall_timeout=rules.stall_timeout,
        )

    async def _send_file(self, path: Path) -> None:
        data = await asyncio.to_thread(path.read_bytes)
        for start in range(0, len(data), _PART):
            part = pb.FilePart(data=data[start : start + _PART])
            self._stream.send(pb.ToWorker(part=part).SerializeToString())

    def _hear(self, data: bytes) -> None:
        try:
            message = parse(pb.FromWorker, data)
            kind = message.WhichOneof("message")
            if kind == "heartbeat":
                self._beat(message.heartbeat.turns)
            elif kind == "glimpse":
                self._see(message.glimpse)
            elif not self._greeted:
                self._greet(message)
            elif not self.ready:
                self._begin(message)
            else:
                self._take(message)
        except MalformedMessage as error:
            # The cause adds no information.
            raise Forged(f"the worker of agent {self._agent} sent {error}") from None

    def _beat(self, turns: int) -> None:
        if not self._beats.take():
            raise Forged(f"the worker of agent {self._agent} floods its stream with heartbeats")
        self._heard = now = time.monotonic()
        if turns != self._turns:
            self._turns, self._moved = turns, now

    def _see(self, message: pb.Glimpse) -> None:
        if not self._glimpses.take():
            raise Forged(f"the worker of agent {self._agent} floods its stream with glimpses")
        width, height = self._rules.resolution
        picture = picture_from_glimpse(message, width * height * _CHANNELS)
        # A short episode may have ended already. Ignore pictures of episodes that ended long ago.
        if task := self._known.get(picture.task):
            self._seen = Glimpse(task=task, worker=self._place, picture=picture)

    def _greet(self, message: pb.FromWorker) -> None:
        self._check_start(message, "hello")
        claimed = Provenance(facts=tuple(sorted(message.hello.facts.items())))
        self._rules.hellos.check(self._agent, claimed)
        self._greeted, self._heard = True, time.monotonic()

    def _begin(self, message: pb.FromWorker) -> None:
        self._check_start(message, "ready")
        self.ready = True
        self._answered()

    def _check_start(self, message: pb.FromWorker, wanted: str) -> None:
        kind = message.WhichOneof("message")
        if kind == "failed":
            reason = printable(message.failed.reason, _REASON)
            if message.failed.fault == pb.EpisodeFailed.FAULT_POLICY:
                raise PolicyFailed(f"the policy cannot be made in the container of agent {self._agent}: {reason}")
            raise EngineCrashed(f"the engine of agent {self._agent} did not start: {reason}")
        if kind != wanted:
            raise Forged(f"the worker of agent {self._agent} sent {kind} where {wanted} belongs")

    def _take(self, message: pb.FromWorker) -> None:
        kind = message.WhichOneof("message")
        answer = message.played if kind == "played" else message.failed
        if kind not in {"played", "failed"} or not self.asked or answer.task != self.asked[0][0]:
            raise Forged(f"the worker of agent {self._agent} sent an unrequested message: {kind}")
        asked = self.asked[0][1]
        result = self._checked(message.played, asked.task) if kind == "played" else self._failure(message.failed)
        self.asked.popleft()
        self._begun = self._moved = self._heard = time.monotonic()
        settle(asked, result)
        self._answered()

    def _checked(self, message: pb.EpisodePlayed, task: EpisodeTask) -> Episode:
        for name, data in (("actions", message.actions), ("recording", message.recording)):
            if len(data) > self._rules.longest:
                raise MalformedMessage(f"{name} of {len(data)} bytes where at most {self._rules.longest} can be")
        if self._rules.claims is not bool(message.actions):
            raise MalformedMessage(f"an episode {'without' if self._rules.claims else 'with'} actions")
        return episode_from_played(message, task, worker=self._place)

    def _failure(self, message: pb.EpisodeFailed) -> ClauDoomError:
        reason = printable(message.reason, _REASON)
        if message.fault == pb.EpisodeFailed.FAULT_POLICY:
            return PolicyFailed(reason, traceback=claimed_traceback(message))
        if message.fault == pb.EpisodeFailed.FAULT_UNREACHABLE:
            return AgentUnreachable(reason)
        if message.fault == pb.EpisodeFailed.FAULT_ENGINE:
            raise EngineCrashed(reason)  # the worker ends after this message
        raise WorkerCrashed(f"the worker of agent {self._agent} failed: {reason}")
