"""Session of an attached worker: checks the content, the order and the timing of its messages.

A worker is an untrusted program, and its messages are claims. An invalid message ends the session with `Forged`, which
counts as a failure of the agent. Missing messages and missing progress count as infrastructure failures.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clau_doom.backends.docker.worker_gateway import WorkerStream
from clau_doom.backends.timeout_classification import timeout_error
from clau_doom.domain import Episode
from clau_doom.domain.experiment import Provenance
from clau_doom.domain.measure_declaration import MeasureDeclaration
from clau_doom.errors import (
    AgentUnreachable,
    ClauDoomError,
    EngineCrashed,
    EpisodeTimedOut,
    Forged,
    MeasureFailed,
    PolicyFailed,
    WorkerCrashed,
    WorkerRefused,
)
from clau_doom.escaping import sanitized
from clau_doom.ports import EpisodeTask, Glimpse
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import (
    MalformedMessage,
    claimed_traceback,
    episode_from_played,
    frame_from_glimpse,
    parse,
    play_episode,
)
from clau_doom.worker import Phase

__all__ = ["ExpectedIdentity", "PendingEpisode", "SessionLimits", "WorkerSession", "settle"]

_PART = 1 << 20
_MAX_HEARTBEATS, _MAX_GLIMPSES = 20.0, 150.0
"""Most heartbeats and glimpses in a burst and in ten seconds. A worker sends one heartbeat and ten glimpses a second.
"""
_GLIMPSE_INTERVAL = 1.0
_CHANNELS = 3
_RECENT = 64
"""Number of recent episodes for which glimpses are accepted. A picture waits a tenth of a second until it is sent."""
_REASON = 500


class ExpectedIdentity:
    """Versions and digests that workers of one image must report."""

    def __init__(self, facts: Provenance) -> None:
        """Set the expected facts."""
        self._facts = facts
        self._confirmed = False

    def check(self, agent: str, claimed: Provenance) -> None:
        """Compare the facts that a worker reports with the expected facts.

        Raises:
            WorkerRefused: The facts differ: the image does not fit this process.
            Forged: The facts differ, although another worker of the image reported the expected facts.
        """
        if not (difference := self._facts.first_difference(claimed)):
            self._confirmed = True
            return
        name, here, there = (sanitized(text, 100) for text in difference)  # the name may be forged, too
        if self._confirmed:
            raise Forged(f"the worker of agent {agent} reports {name} {there}, but its image has {here}")
        raise WorkerRefused(
            f"the image of agent {agent} has {name} {there}, but this process has {here}: build it again (make image)"
        )


@dataclass(frozen=True, kw_only=True)
class SessionLimits:
    """Settings and limits for every worker of a backend.

    Attributes:
        setup: The first message to a worker.
        files: The scenario's own files, in the setup's order.
        expected_identity: The required content of a worker's hello.
        claims: Whether every episode must include its actions.
        episode_timeout: Seconds of wall time for one episode.
        stall_timeout: Seconds without progress or a heartbeat before a worker counts as hung.
        max_bytes: Maximum number of bytes of an episode's actions, and of its recording.
        resolution: The scenario's screen, in pixels.
        measures: Declarations of the user's measures, by name.
    """

    setup: pb.Setup
    files: tuple[Path, ...]
    expected_identity: ExpectedIdentity
    claims: bool
    episode_timeout: float
    stall_timeout: float
    max_bytes: int
    resolution: tuple[int, int]
    measures: Mapping[str, MeasureDeclaration] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PendingEpisode:
    """A requested episode and the future of its result."""

    task: EpisodeTask
    answer: "asyncio.Future[Episode]"


def settle(pending: PendingEpisode, result: Episode | ClauDoomError) -> None:
    """Set the result of a requested episode; do nothing if the request was cancelled."""
    if pending.answer.done():
        return
    if isinstance(result, Episode):
        pending.answer.set_result(result)
    else:
        pending.answer.set_exception(result)
        pending.answer.exception()  # mark the exception as retrieved


class _RateLimit:
    """Rate limit: `maximum` messages in a burst, and `maximum` more in ten seconds."""

    def __init__(self, maximum: float) -> None:
        self._maximum = self._left = maximum
        self._at = time.monotonic()

    def allows(self) -> bool:
        """Return whether another message is allowed now, and count it."""
        now = time.monotonic()
        self._left = min(self._maximum, self._left + (now - self._at) * self._maximum / 10.0) - 1.0
        self._at = now
        return self._left >= 0.0


class WorkerSession:
    """Session of a worker, from its hello to its end."""

    def __init__(
        self, agent: str, place: int, stream: WorkerStream, limits: SessionLimits, on_available: Callable[[], None]
    ) -> None:
        """Create a session.

        Args:
            agent: The agent's id.
            place: The number of the agent's place.
            stream: The worker's messages in both directions.
            limits: Settings and limits of the session.
            on_available: Called after each answer, and when the worker has become ready.
        """
        self.ready = False
        self.pending: deque[tuple[int, PendingEpisode]] = deque()
        """Queue of episodes: the episode being played, then the waiting ones."""
        self._agent = agent
        self._place = place
        self._stream = stream
        self._limits = limits
        self._on_available = on_available
        self._tasks = 0
        self._identified = False
        self._turns = 0
        self._episode_start = self._last_progress = self._last_message = time.monotonic()
        self._heartbeats, self._glimpses = _RateLimit(_MAX_HEARTBEATS), _RateLimit(_MAX_GLIMPSES)
        self._last_request = -_GLIMPSE_INTERVAL
        self._latest_glimpse: Glimpse | None = None
        self._recent: dict[int, EpisodeTask] = {}

    async def serve(self) -> None:
        """Set the worker up, and process its messages until its stream ends.

        Raises:
            Forged: The worker sent an invalid message.
            WorkerRefused: Its versions or files differ from this process's.
            EngineCrashed: Its engine did not start.
            PolicyFailed: Its policy cannot be created.
        """
        self._stream.send(pb.ToWorker(setup=self._limits.setup).SerializeToString())
        for path in self._limits.files:
            await self._send_file(path)
        async for data in self._stream.received():
            self._receive(data)

    def play(self, pending: PendingEpisode) -> None:
        """Request an episode. The worker plays it after all earlier requests."""
        self._tasks += 1
        self.pending.append((self._tasks, pending))
        self._recent[self._tasks] = pending.task
        self._recent.pop(self._tasks - _RECENT, None)
        self._stream.send(play_episode(self._tasks, pending.task).SerializeToString())
        if len(self.pending) == 1:
            self._episode_start = self._last_progress = time.monotonic()

    def glimpse(self) -> Glimpse | None:
        """Return the newest picture of the episode since the last call, and request another one."""
        now = time.monotonic()
        if self.ready and now - self._last_request >= _GLIMPSE_INTERVAL:
            self._last_request = now
            self._stream.send(pb.ToWorker(watch=pb.Watch()).SerializeToString())
        latest, self._latest_glimpse = self._latest_glimpse, None
        return latest

    def close(self) -> None:
        """Close the stream, so that the worker ends."""
        self._stream.close()

    def stop_reason(self) -> ClauDoomError | None:
        """Return the reason to end the worker now, or None."""
        now, limits, worker = time.monotonic(), self._limits, f"the worker of agent {self._agent}"
        if self._identified and now - self._last_message > limits.stall_timeout:
            return EpisodeTimedOut(f"{worker} sent nothing for {limits.stall_timeout:g} s")
        if not self.pending:
            return None
        return timeout_error(
            worker,
            playing=now - self._episode_start,
            idle=now - self._last_progress,
            deciding=Phase.of(self._turns) is Phase.POLICY,
            episode_timeout=limits.episode_timeout,
            stall_timeout=limits.stall_timeout,
        )

    async def _send_file(self, path: Path) -> None:
        data = await asyncio.to_thread(path.read_bytes)
        for start in range(0, len(data), _PART):
            part = pb.FilePart(data=data[start : start + _PART])
            self._stream.send(pb.ToWorker(part=part).SerializeToString())

    def _receive(self, data: bytes) -> None:
        try:
            message = parse(pb.FromWorker, data)
            kind = message.WhichOneof("message")
            if kind == "heartbeat":
                self._receive_heartbeat(message.heartbeat.turns)
            elif kind == "glimpse":
                self._receive_glimpse(message.glimpse)
            elif not self._identified:
                self._receive_hello(message)
            elif not self.ready:
                self._receive_ready(message)
            else:
                self._receive_result(message)
        except MalformedMessage as error:
            # The cause adds no information.
            raise Forged(f"the worker of agent {self._agent} sent {error}") from None

    def _receive_heartbeat(self, turns: int) -> None:
        if not self._heartbeats.allows():
            raise Forged(f"the worker of agent {self._agent} sent too many heartbeats")
        self._last_message = now = time.monotonic()
        if turns != self._turns:
            self._turns, self._last_progress = turns, now

    def _receive_glimpse(self, message: pb.Glimpse) -> None:
        if not self._glimpses.allows():
            raise Forged(f"the worker of agent {self._agent} sent too many frames")
        width, height = self._limits.resolution
        frame = frame_from_glimpse(message, width * height * _CHANNELS)
        # A short episode may have ended already. Ignore pictures of episodes that ended long ago.
        if task := self._recent.get(frame.task):
            self._latest_glimpse = Glimpse(task=task, worker=self._place, frame=frame)

    def _receive_hello(self, message: pb.FromWorker) -> None:
        self._check_start(message, "hello")
        claimed = Provenance(facts=tuple(sorted(message.hello.facts.items())))
        self._limits.expected_identity.check(self._agent, claimed)
        self._identified, self._last_message = True, time.monotonic()

    def _receive_ready(self, message: pb.FromWorker) -> None:
        self._check_start(message, "ready")
        self.ready = True
        self._on_available()

    def _check_start(self, message: pb.FromWorker, wanted: str) -> None:
        kind = message.WhichOneof("message")
        if kind == "failed":
            reason = sanitized(message.failed.reason, _REASON)
            if message.failed.fault == pb.EpisodeFailed.FAULT_POLICY:
                raise PolicyFailed(f"the policy cannot be created in the container of agent {self._agent}: {reason}")
            raise EngineCrashed(f"the engine of agent {self._agent} did not start: {reason}")
        if kind != wanted:
            raise Forged(f"the worker of agent {self._agent} sent {kind} instead of {wanted}")

    def _receive_result(self, message: pb.FromWorker) -> None:
        kind = message.WhichOneof("message")
        answer = message.played if kind == "played" else message.failed
        if kind not in {"played", "failed"} or not self.pending or answer.task != self.pending[0][0]:
            raise Forged(f"the worker of agent {self._agent} sent an unrequested message: {kind}")
        pending = self.pending[0][1]
        result = self._checked(message.played, pending.task) if kind == "played" else self._failure(message.failed)
        self.pending.popleft()
        self._episode_start = self._last_progress = self._last_message = time.monotonic()
        settle(pending, result)
        self._on_available()

    def _checked(self, message: pb.EpisodePlayed, task: EpisodeTask) -> Episode:
        for name, data in (("actions", message.actions), ("recording", message.recording)):
            if len(data) > self._limits.max_bytes:
                raise MalformedMessage(f"{name} of {len(data)} bytes; the maximum is {self._limits.max_bytes}")
        if self._limits.claims is not bool(message.actions):
            raise MalformedMessage(f"an episode {'without' if self._limits.claims else 'with'} actions")
        return episode_from_played(message, task, worker=self._place, declared=self._limits.measures)

    def _failure(self, message: pb.EpisodeFailed) -> ClauDoomError:
        reason = sanitized(message.reason, _REASON)
        if message.fault == pb.EpisodeFailed.FAULT_POLICY:
            return PolicyFailed(reason, traceback=claimed_traceback(message))
        if message.fault == pb.EpisodeFailed.FAULT_MEASURE:
            return MeasureFailed(reason)
        if message.fault == pb.EpisodeFailed.FAULT_UNREACHABLE:
            return AgentUnreachable(reason)
        if message.fault == pb.EpisodeFailed.FAULT_ENGINE:
            raise EngineCrashed(reason)  # the worker ends after this message
        raise WorkerCrashed(f"the worker of agent {self._agent} failed: {reason}")
