"""Tests of a session with an untrusted worker: accepted messages, errors, and the party that is charged."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Self

import pytest

from clau_doom.backends.docker import worker_session
from clau_doom.backends.docker.worker_gateway import WorkerStream
from clau_doom.backends.docker.worker_session import ExpectedIdentity, PendingEpisode, SessionLimits, WorkerSession
from clau_doom.domain import Episode, EpisodeOutcome, Genome, Measures, Purpose
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import (
    AgentUnreachable,
    ClauDoomError,
    EngineCrashed,
    EpisodeTimedOut,
    Forged,
    PolicyFailed,
    PolicyTimedOut,
    WorkerCrashed,
    WorkerRefused,
)
from clau_doom.ports import EpisodeTask
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import parse, played

AGENT = "x-g000-a000"
FACTS = {"numpy": "2.1", "source.policy": "ab"}
PROVENANCE = Provenance(facts=tuple(sorted(FACTS.items())))
RULES = SessionLimits(
    setup=pb.Setup(scenario_json="{}", policy_json="{}", actions=True),
    files=(),
    expected_identity=ExpectedIdentity(PROVENANCE),
    claims=True,
    episode_timeout=60.0,
    stall_timeout=10.0,
    max_bytes=1000,
    resolution=(160, 120),
)
HELLO = pb.FromWorker(hello=pb.Hello(facts=FACTS))
READY = pb.FromWorker(ready=pb.Ready())


def episode(task: int = 1, *, seed: int = 5, actions: bytes | None = b"turn", recording: bytes = b"") -> pb.FromWorker:
    outcome = EpisodeOutcome(seed=seed, measures=Measures(kills=2.0, decisions=9.0), trajectory_sha256="ab" * 32)
    return played(task, outcome, recording, 0.5, actions=actions)


def failure(fault: pb.EpisodeFailed.Fault, reason: str = "it broke", *, task: int = 1) -> pb.FromWorker:
    return pb.FromWorker(failed=pb.EpisodeFailed(task=task, fault=fault, reason=reason))


def glimpse(**changes: object) -> pb.FromWorker:
    whole: dict[str, object] = {"task": 1, "tic": 8, "health": 90.0, "kills": 1.0, "held": ["ATTACK"]}
    whole |= {"width": 4, "height": 3, "channels": 1, "pixels": b"\x01" * 12}
    return pb.FromWorker(glimpse=pb.Glimpse(**{**whole, **changes}))  # type: ignore[arg-type] # the fields' own types


def beat(turns: int) -> pb.FromWorker:
    return pb.FromWorker(heartbeat=pb.Heartbeat(turns=turns))


@dataclass
class Worker:
    """Session with the worker's end of its stream."""

    limits: SessionLimits = field(
        default_factory=lambda: replace(RULES, expected_identity=ExpectedIdentity(PROVENANCE))
    )
    answers: int = 0
    _said: "asyncio.Queue[bytes | None]" = field(default_factory=asyncio.Queue)

    async def __aenter__(self) -> Self:
        self._stream = WorkerStream(self._requests())
        self.session = WorkerSession(AGENT, 3, self._stream, self.limits, self._answered)
        self._serving = asyncio.ensure_future(self.session.serve())
        self._heard = self._stream.outgoing()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._serving.cancel()
        with contextlib.suppress(asyncio.CancelledError, ClauDoomError):
            await self._serving

    def say(self, *messages: pb.FromWorker | bytes) -> None:
        for message in messages:
            self._said.put_nowait(message if isinstance(message, bytes) else message.SerializeToString())

    async def sends(self, *messages: pb.FromWorker | bytes) -> None:
        """Send a message and wait until the session has read it."""
        self.say(*messages)
        heard = asyncio.ensure_future(self._said.join())
        await asyncio.wait({heard, self._serving}, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        assert heard.done(), "it was not heard out"

    async def hear(self) -> pb.ToWorker:
        """Return the next message to the worker."""
        return parse(pb.ToWorker, await asyncio.wait_for(anext(self._heard), 5))

    def ask(self, number: int = 0, *, seed: int = 5) -> "asyncio.Future[Episode]":
        """Request an episode."""
        task = EpisodeTask(purpose=Purpose.TRAINING, agent=AGENT, genome=Genome((1.0,)), number=number, seed=seed)
        pending = PendingEpisode(task=replace(task, attempt=2), answer=asyncio.get_running_loop().create_future())
        self.session.play(pending)
        return pending.answer

    async def over(self) -> None:
        """Wait for the end of the session and raise its error."""
        async with asyncio.timeout(5):
            await self._serving

    async def refused(self, *messages: pb.FromWorker | bytes, error: type[ClauDoomError], match: str) -> None:
        """Send a message and check that it ends the session with exactly that error class."""
        self.say(*messages)
        with pytest.raises(error, match=match) as caught:
            await self.over()
        assert caught.type is error

    async def _requests(self) -> AsyncIterator[bytes]:
        while True:
            data = await self._said.get()
            if data is None:
                return
            yield data
            self._said.task_done()

    def leave(self) -> None:
        self._said.put_nowait(None)

    def _answered(self) -> None:
        self.answers += 1


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    """Return an attached worker that has not sent a message."""
    async with Worker() as made:
        yield made


@pytest.fixture
async def ready(worker: Worker) -> Worker:
    """Return a worker that is ready to play."""
    await worker.sends(HELLO, READY)
    return worker


class Clock:
    """Clock that a test advances, in place of the module `time`."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace the sessions' clock by one that a test advances."""
    made = Clock()
    monkeypatch.setattr(worker_session, "time", made)
    return made


async def test_session_with_a_correct_worker(worker: Worker) -> None:
    """The worker receives its setup, sends the hello, returns the requested episode and leaves."""
    assert (await worker.hear()).setup == RULES.setup
    await worker.sends(beat(0), HELLO, beat(0))
    before = worker.session.ready
    await worker.sends(READY)
    assert (before, worker.session.ready) == (False, True)
    answer = worker.ask(7)
    play = (await worker.hear()).play
    assert (play.task, tuple(play.genome), play.seed, play.baseline) == (1, (1.0,), 5, False)
    await worker.sends(beat(9), episode(recording=b"film"))
    found = answer.result()
    assert (found.purpose, found.agent, found.number) == (Purpose.TRAINING, AGENT, 7)
    assert (found.timing.attempts, found.timing.worker) == (2, 3)
    assert (found.outcome.measures.kills, found.recording) == (2.0, b"film")
    assert not worker.session.pending
    assert worker.answers == 2  # once ready, and once answered
    worker.leave()
    await worker.over()


async def test_scenario_files_follow_the_setup(tmp_path: Path) -> None:
    """Files are sent in the setup's order, in parts within the message size limit."""
    texts = {"own.cfg": b"buttons", "own.wad": bytes(3 << 20)}
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)
    files = tuple(tmp_path / name for name in texts)
    async with Worker(replace(RULES, files=files)) as worker:
        assert (await worker.hear()).HasField("setup")
        parts = [(await worker.hear()).part.data for _ in range(4)]
    assert max(map(len, parts)) <= 1 << 20
    assert sha256(b"".join(parts)).digest() == sha256(b"".join(texts.values())).digest()


async def test_answers_are_matched_to_requests_in_order(ready: Worker) -> None:
    """Each answer goes to its request, and cancelled requests are skipped."""
    first, second, third = ready.ask(0), ready.ask(1, seed=6), ready.ask(2, seed=7)
    second.cancel()
    await ready.sends(episode(1), episode(2, seed=6), episode(3, seed=7))
    assert (first.result().number, third.result().number) == (0, 2)


@pytest.mark.parametrize(
    "message",
    [b"\xff\xff\xff", b"", pb.FromWorker(), READY, beat(0).SerializeToString()[:-1], episode(), b"\x00" * 100],
    ids=["no message", "nothing", "an empty one", "ready", "half a heartbeat", "an episode", "zeros"],
)
async def test_first_message_must_be_the_hello(worker: Worker, message: pb.FromWorker | bytes) -> None:
    """Another first message is charged to the agent."""
    await worker.refused(message, error=Forged, match=r"the worker of agent x-g000-a000 sent .*")


@pytest.mark.parametrize("message", [HELLO, episode(), pb.FromWorker()], ids=["a hello", "an episode", "nothing"])
async def test_worker_must_be_ready_before_it_answers(worker: Worker, message: pb.FromWorker) -> None:
    """A second hello is refused in the same way as an answer without a request."""
    await worker.sends(HELLO)
    await worker.refused(message, error=Forged, match=r"sent \w+ instead of ready")
    assert not worker.session.ready


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        ({**FACTS, "numpy": "1.0"}, r"has numpy 1\.0, but this process has 2\.1: build it again \(make image\)"),
        ({"numpy": "2.1"}, r"has source\.policy .*, but this process has ab"),
        ({**FACTS, "source.policy": "\x1b[2J" + "x" * 999}, r"has source\.policy  \[2Jx{10,96}, but"),
        ({**FACTS, "\x1b[2J" + "x" * 999: "1"}, r"has  \[2Jx{10,96} 1, but this process has none: build"),
        ({}, r"has numpy none, but"),
    ],
    ids=["another", "missing", "unprintable", "unheard of", "none"],
)
async def test_worker_with_different_versions_is_refused(worker: Worker, facts: dict[str, str], complaint: str) -> None:
    """The error names the first difference as short printable text, and the remedy."""
    hello = pb.FromWorker(hello=pb.Hello(facts=facts))
    await worker.refused(hello, error=WorkerRefused, match=complaint)


async def test_changed_versions_of_a_later_worker_are_forged() -> None:
    """Another hello than the image's first one is charged to the agent and does not end the run."""
    limits = replace(RULES, expected_identity=ExpectedIdentity(PROVENANCE))
    async with Worker(limits) as honest:
        await honest.sends(HELLO)
    async with Worker(limits) as lying:
        hello = pb.FromWorker(hello=pb.Hello(facts={**FACTS, "numpy": "3"}))
        await lying.refused(hello, error=Forged, match=f"of agent {AGENT} reports numpy 3, but its image has")


async def test_failed_start_is_charged_by_its_cause(worker: Worker) -> None:
    """An error of the policy's creation is charged to the agent, an error of the engine's start is not."""
    await worker.refused(
        failure(pb.EpisodeFailed.FAULT_POLICY, "no such class", task=0),
        error=PolicyFailed,
        match=r"the policy cannot be created in the container of agent x-g000-a000: no such class",
    )
    async with Worker() as other:
        await other.sends(HELLO)
        await other.refused(
            failure(pb.EpisodeFailed.FAULT_ENGINE, "no screen", task=0),
            error=EngineCrashed,
            match=r"the engine of agent x-g000-a000 did not start: no screen",
        )


@pytest.mark.parametrize(
    "message",
    [
        HELLO,
        READY,
        pb.FromWorker(),
        episode(0),
        episode(2),
        episode(99),
        failure(pb.EpisodeFailed.FAULT_POLICY, task=0),
    ],
    ids=["hello", "ready", "nothing", "task 0", "the task behind", "no task", "a failed start"],
)
async def test_unrequested_message_is_forged(ready: Worker, message: pb.FromWorker) -> None:
    """Only the first waiting task can be answered, and the others continue to wait."""
    answers = ready.ask(), ready.ask(1)
    await ready.refused(message, error=Forged, match=r"sent an unrequested message: \w+")
    assert not any(answer.done() for answer in answers)
    assert len(ready.session.pending) == 2


async def test_repeated_answer_is_forged(ready: Worker) -> None:
    """The first answer is accepted, and the second ends the session."""
    answer = ready.ask()
    await ready.refused(episode(), episode(), error=Forged, match="unrequested message: played")
    assert answer.result().outcome.measures.kills == 2.0


def changed(**changes: object) -> pb.FromWorker:
    message = episode()
    message.played.MergeFrom(pb.EpisodePlayed(**changes))  # type: ignore[arg-type] # the fields' own types
    return message


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (changed(actions=b"x" * 1001), "actions of 1001 bytes; the maximum is 1000"),
        (changed(recording=b"x" * 1001), "recording of 1001 bytes; the maximum is 1000"),
        (episode(actions=None), "an episode without actions"),
        (episode(seed=6), "an episode on seed 6 in place of 5"),
        (changed(measures=pb.Measures(kills=math.inf)), "an episode whose kills is inf"),
        (changed(measures=pb.Measures(health=math.nan)), "an episode whose health is nan"),
        (changed(measures=pb.Measures(reward=1e200)), r"an episode whose reward is 1e\+200"),
        (changed(seconds=math.nan), "an episode whose seconds is nan"),
        (changed(trajectory_sha256=b"short"), "a trajectory hash of 5 bytes instead of 32"),
        (changed(repeated=2**60), "an episode of 9 decisions, 1152921504606846976 of them repeated"),
    ],
    ids=["actions", "recording", "none", "seed", "inf", "nan", "beyond measure", "seconds", "hash", "repeated"],
)
async def test_invalid_episode_is_forged(ready: Worker, message: pb.FromWorker, complaint: str) -> None:
    """An invalid episode is charged to the agent before it is used, and the message names the error."""
    answer = ready.ask()
    await ready.refused(message, error=Forged, match=f"sent {complaint}")
    assert not answer.done()


async def test_unrequested_actions_are_forged() -> None:
    """Without verification of results, an episode contains no actions."""
    async with Worker(replace(RULES, claims=False)) as worker:
        await worker.sends(HELLO, READY)
        first, _second = worker.ask(), worker.ask(1)
        await worker.sends(episode(actions=None))
        assert first.result().actions is None
        await worker.refused(episode(2), error=Forged, match="an episode with actions")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (pb.EpisodeFailed.FAULT_POLICY, PolicyFailed),
        (pb.EpisodeFailed.FAULT_UNREACHABLE, AgentUnreachable),
    ],
)
async def test_failed_episode_keeps_the_worker(
    ready: Worker, fault: pb.EpisodeFailed.Fault, error: type[ClauDoomError]
) -> None:
    """The reason is made printable and short. The same worker plays the next episode."""
    answer, following = ready.ask(), ready.ask(1)
    await ready.sends(failure(fault, "\x1b]0;owned\x07\r\n\u202e" + "x" * 5000), episode(2))
    with pytest.raises(error) as caught:
        answer.result()
    assert caught.type is error
    assert str(caught.value).isprintable()
    assert "]0;owned" in str(caught.value)
    assert len(str(caught.value)) <= 500
    assert following.result().number == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [(pb.EpisodeFailed.FAULT_ENGINE, EngineCrashed), (pb.EpisodeFailed.FAULT_UNSPECIFIED, WorkerCrashed)],
)
async def test_lost_engine_replaces_the_worker(
    ready: Worker, fault: pb.EpisodeFailed.Fault, error: type[ClauDoomError]
) -> None:
    """The session ends, the container is replaced, the agent is not charged, and the episode is requeued."""
    answer = ready.ask()
    await ready.refused(failure(fault), error=error, match="it broke")
    assert not answer.done()


async def test_too_many_heartbeats_are_forged(clock: Clock, worker: Worker) -> None:
    """Twenty heartbeats at once are accepted as late. More are an attack, even without an episode."""
    await worker.sends(HELLO, *[beat(number) for number in range(20)])
    await worker.refused(beat(20), error=Forged, match="sent too many heartbeats")


async def test_regular_heartbeats_are_accepted(clock: Clock, ready: Worker) -> None:
    """One heartbeat a second is always accepted. The heartbeats of a delay of half a minute are, too."""
    for number in range(100):
        clock.now += 1.0
        await ready.sends(beat(number))
    clock.now += 30.0
    await ready.sends(*[beat(100)] * 20)
    assert ready.session.stop_reason() is None


async def test_silent_worker_is_stopped(clock: Clock, worker: Worker) -> None:
    """The start limit applies before the hello, and the stall timeout afterwards. The agent is not charged."""
    clock.now += 1000.0
    assert worker.session.stop_reason() is None
    await worker.sends(HELLO, READY)
    clock.now += 9.9
    assert worker.session.stop_reason() is None
    await worker.sends(beat(0))
    clock.now += 9.9
    assert worker.session.stop_reason() is None
    clock.now += 0.2
    stop_reason = worker.session.stop_reason()
    assert isinstance(stop_reason, EpisodeTimedOut)
    assert "sent nothing for 10 s" in str(stop_reason)


async def beating(worker: Worker, clock: Clock, seconds: int, turns: Callable[[int], int]) -> ClauDoomError | None:
    """Send a heartbeat each second and return the session's error, if any."""
    for second in range(seconds):
        await worker.sends(beat(turns(second)))
        clock.now += 1.0
        if stop_reason := worker.session.stop_reason():
            return stop_reason
    return None


async def test_worker_with_a_stalled_engine_is_stopped(clock: Clock, ready: Worker) -> None:
    """With heartbeats but no decisions, the engine is stalled, and the agent is not charged."""
    assert await beating(ready, clock, 100, lambda second: 0) is None  # it plays nothing
    ready.ask()
    stop_reason = await beating(ready, clock, 100, lambda second: 2)
    assert isinstance(stop_reason, EpisodeTimedOut)
    assert "made no progress for 10 s" in str(stop_reason)


async def test_slow_policy_fails_at_the_deadline(clock: Clock, ready: Worker) -> None:
    """An odd count of turns means that the policy decides. The policy fails at the episode's deadline."""
    ready.ask()
    stop_reason = await beating(ready, clock, 100, lambda second: 7)
    assert isinstance(stop_reason, PolicyTimedOut)
    assert "did not decide within the episode's deadline of 60 s" in str(stop_reason)


async def test_endless_episode_ends_at_the_deadline(clock: Clock, ready: Worker) -> None:
    """At the deadline the engine is playing, so the agent is not charged."""
    ready.ask()
    stop_reason = await beating(ready, clock, 100, lambda second: 2 * second)
    assert isinstance(stop_reason, EpisodeTimedOut)
    assert not isinstance(stop_reason, PolicyFailed)
    assert "did not end within 60 s" in str(stop_reason)


async def test_deadline_starts_with_the_episode(clock: Clock, ready: Worker) -> None:
    """The deadline of a queued episode starts at the end of the previous episode."""
    ready.ask()
    ready.ask(1)
    assert await beating(ready, clock, 50, lambda second: 2 * second) is None
    await ready.sends(episode())
    assert await beating(ready, clock, 50, lambda second: 2 * second) is None


async def test_closed_stream_ends_the_session(ready: Worker) -> None:
    """Pending episodes remain pending. The owner of the session finds the reason."""
    answer = ready.ask()
    ready.leave()
    await ready.over()
    assert not answer.done()
    assert len(ready.session.pending) == 1


async def test_glimpse_is_shown_once_for_a_running_episode(ready: Worker) -> None:
    """A worker is asked at most once a second, and glimpses of other episodes are dropped."""
    await ready.hear()  # its setup
    assert ready.session.glimpse() is None
    assert (await ready.hear()).HasField("watch")
    ready.ask()
    await ready.hear()
    await ready.sends(glimpse(task=9))
    assert ready.session.glimpse() is None
    await ready.sends(glimpse())
    seen = ready.session.glimpse()
    assert seen is not None
    assert (seen.task.agent, seen.worker) == (AGENT, 3)
    assert (seen.frame.held, seen.frame.pixels) == (("ATTACK",), b"\x01" * 12)
    assert ready.session.glimpse() is None


@pytest.mark.parametrize(
    "changes",
    [
        {"pixels": b""},
        {"width": 5},
        {"channels": 2},
        {"width": 100_000, "height": 100_000},
        {"width": 0, "pixels": b""},
        {"width": 400, "height": 200, "pixels": b"\x00" * 80_000},
        {"health": math.nan},
        {"kills": math.inf},
        {"held": ["ATTACK"] * 65},
        {"held": ["A" * 65]},
    ],
    ids=["none", "width", "channels", "huge", "empty", "too large", "nan", "inf", "many", "long"],
)
async def test_invalid_glimpse_is_forged(ready: Worker, changes: dict[str, object]) -> None:
    """An invalid glimpse is refused before it is shown."""
    ready.ask()
    await ready.refused(glimpse(**changes), error=Forged, match="sent a (screen|glimpse)")


async def test_too_many_glimpses_are_forged(ready: Worker) -> None:
    """A correct worker sends at most ten glimpses a second."""
    ready.ask()
    await ready.sends(*[glimpse()] * 150)
    await ready.refused(*[glimpse()] * 2, error=Forged, match="sent too many frames")
