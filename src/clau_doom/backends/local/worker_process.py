"""Process of one worker, controlled by the orchestrator: start, requests, supervision and end."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clau_doom.backends.local.launcher_thread import call_in_launcher_thread
from clau_doom.backends.local.start_failure import starting
from clau_doom.backends.local.worker_channel import Disconnected, WorkerChannel
from clau_doom.backends.local.worker_output import WorkerOutput
from clau_doom.backends.timeout_classification import timeout_error
from clau_doom.domain import Episode
from clau_doom.domain.experiment import Provenance
from clau_doom.domain.measure_declaration import MeasureDeclaration
from clau_doom.errors import (
    AgentUnreachable,
    ClauDoomError,
    EngineCrashed,
    MeasureFailed,
    PolicyFailed,
    WorkerCrashed,
    WorkerRefused,
)
from clau_doom.escaping import printable
from clau_doom.game import ScenarioFiles, has_ended, is_stopped, launched
from clau_doom.ports import EpisodeTask, Glimpse
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import claimed_traceback, episode_from_played, play_episode
from clau_doom.worker import Phase, ProgressPage, SharedFrame

__all__ = ["LaunchSettings", "WorkerProcess"]

_START_TIMEOUT = 60.0
_ENGINE_TIMEOUT = 30.0
"""Seconds from a worker's hello to its running engine. The start takes 0.2 s on a free core."""
_RECENT = 256
"""Number of recent episodes for which pictures are accepted. A picture stays in the shared file until it is read."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class LaunchSettings:
    """Start settings of every worker of a backend.

    Attributes:
        setup: The first message to a worker.
        facts: The required content of a worker's hello.
        episode_timeout: Seconds of wall time for one episode.
        stall_timeout: Seconds without a decision before the engine counts as hung.
        log: File of the workers' output, or None.
        log_size: Bytes of that file before it is rotated.
        remote: Whether the policy waits for another program. The waiting time is then not charged to the agent.
        files: The scenario's files if they came from another machine; None: the files that its .cfg names.
        measures: Declarations of the user's measures, by name.
        folder: The working folder of this process, which the workers use, too; None: the current one.
    """

    setup: pb.Setup
    facts: Provenance
    episode_timeout: float
    stall_timeout: float
    log: Path | None
    remote: bool = False
    log_size: int = 8 << 20
    files: ScenarioFiles | None = None
    folder: Path | None = None
    measures: Mapping[str, MeasureDeclaration] = field(default_factory=dict)


@dataclass
class _EpisodeProgress:
    """State of the current episode for the watchdog; times are monotonic seconds."""

    count: int
    started: float
    last_progress: float


class WorkerProcess:
    """A started worker that plays one episode after another. After most errors it must be killed."""

    def __init__(
        self,
        number: int,
        popen: "subprocess.Popen[bytes]",
        channel: WorkerChannel,
        page: ProgressPage,
        *,
        output: WorkerOutput,
        core: int | None,
        folder: Path,
        launch: LaunchSettings,
    ) -> None:
        self.number = number
        self.folder = folder
        self._output = output
        self._core = core
        self._popen = popen
        self._channel = channel
        self._launch = launch
        self._page = page
        self._shared_frame: SharedFrame | None = None
        self._recent: dict[int, EpisodeTask] = {}
        self._tasks = 0
        self._engine: int | None = None
        self._progress: _EpisodeProgress | None = None
        self._stop_reason: ClauDoomError | None = None

    @property
    def pid(self) -> int:
        """The process id, which is also that of its process group."""
        return self._popen.pid

    @classmethod
    async def start(cls, number: int, core: int | None, folder: Path, launch: LaunchSettings) -> "WorkerProcess":
        """Start a worker and wait until its engine runs.

        Raises:
            WorkerRefused: Its versions or files differ from this process's.
            DiskFull: There is not enough disk space for its files.
            WorkerUnavailable: It could not be started, ended, or was not ready within a minute.
        """
        with starting(f"worker {number}"), contextlib.ExitStack() as undo:
            page = ProgressPage(folder / "phase", create=True)
            output = undo.enter_context(WorkerOutput(launch.log, folder, limit=launch.log_size))
            ours, theirs = socket.socketpair()
            with theirs:
                # No await between the start of the process and the `try` that ends it.
                channel = await WorkerChannel.connect(ours)
                descriptors = theirs.fileno(), output.fileno()
                popen = call_in_launcher_thread(lambda: _spawn(*descriptors, core, folder, launch))
            worker = cls(number, popen, channel, page, output=output, core=core, folder=folder, launch=launch)
            undo.pop_all()
            try:
                async with asyncio.timeout(_START_TIMEOUT):
                    await worker._await_ready()
            except TimeoutError as error:
                await worker.kill()
                raise WorkerCrashed(f"worker {number} was not ready within {_START_TIMEOUT:g} s") from error
            except BaseException:
                await worker.kill()
                raise
            return worker

    async def _await_ready(self) -> None:
        hello, ready = self._channel.expect(), self._channel.expect()
        self._channel.send(pb.ToWorker(setup=self._launch.setup))
        self._check(await self._receive(hello))
        try:
            async with asyncio.timeout(_ENGINE_TIMEOUT):
                answer = await self._receive(ready)
        except TimeoutError as error:
            raise EngineCrashed(
                f"the engine of worker {self.number} did not start within {_ENGINE_TIMEOUT:g} s: "
                "run `clau-doom doctor` to see its output"
            ) from error
        if answer.WhichOneof("message") != "ready":
            raise EngineCrashed(f"the engine of worker {self.number} did not start: {answer.failed.reason}")
        engines = launched(self.folder)
        self._engine = engines[-1].pid if engines else None
        self._channel.on_answer = self._begin_watch

    def _check(self, first: pb.FromWorker) -> None:
        if first.WhichOneof("message") == "failed":
            raise WorkerCrashed(f"worker {self.number} did not start: {first.failed.reason}")
        if first.WhichOneof("message") != "hello":
            raise WorkerCrashed(f"worker {self.number} began with {first.WhichOneof('message')} instead of hello")
        claimed = Provenance(facts=tuple(sorted(first.hello.facts.items())))
        if difference := self._launch.facts.first_difference(claimed):
            name, here, there = difference
            raise WorkerRefused(f"worker {self.number} has {name} {there}, but this process has {here}")

    async def play(self, task: EpisodeTask) -> Episode:
        """Play an episode, after all earlier requests.

        Raises:
            Requeued: The worker ended because of another episode.
            PolicyFailed: The policy failed; the worker can continue.
            MeasureFailed: A measure of the user failed; the worker can continue.
            AgentUnreachable: The agent's program cannot be reached, which is an infrastructure failure. The worker can
                continue.
            InfrastructureFailed: The worker must be killed.
        """
        self._tasks += 1
        number = self._tasks
        expected = self._channel.expect()
        self._channel.send(play_episode(number, task))
        if self._channel.outstanding == 1:
            self._begin_watch()
        self._recent[number] = task
        self._recent.pop(number - _RECENT, None)
        answer = await self._receive(expected)
        kind = answer.WhichOneof("message")
        if kind == "played" and answer.played.task == number:
            return episode_from_played(answer.played, task, worker=self.number, declared=self._launch.measures)
        if kind == "failed" and answer.failed.fault == pb.EpisodeFailed.FAULT_POLICY:
            raise PolicyFailed(answer.failed.reason, traceback=claimed_traceback(answer.failed))
        if kind == "failed" and answer.failed.fault == pb.EpisodeFailed.FAULT_MEASURE:
            raise MeasureFailed(answer.failed.reason)
        if kind == "failed" and answer.failed.fault == pb.EpisodeFailed.FAULT_UNREACHABLE:
            raise AgentUnreachable(answer.failed.reason)
        if kind == "failed":
            raise EngineCrashed(answer.failed.reason)
        raise WorkerCrashed(f"worker {self.number} answered task {number} with {kind}")

    async def _receive(self, expected: "asyncio.Future[pb.FromWorker]") -> pb.FromWorker:
        try:
            return await expected
        except Disconnected as error:
            if self._stop_reason is not None:
                raise self._stop_reason from error
            raise WorkerCrashed(f"worker {self.number} ended{await self._exit_description()}") from None

    def _begin_watch(self) -> None:
        """Watch the episode that is played now, if any."""
        now = time.monotonic()
        playing = self._channel.outstanding > 0
        self._progress = (
            _EpisodeProgress(count=self._page.read()[0], started=now, last_progress=now) if playing else None
        )

    def glimpse(self) -> Glimpse | None:
        """Return the newest picture of the episode since the last call, and request another one; see the port."""
        if self._shared_frame is None:
            try:
                self._shared_frame = SharedFrame(self.folder / "shared_frame")
            except OSError:  # no free file descriptor or no folder: go on without pictures
                return None
        frame = self._shared_frame.look()
        task = self._recent.get(frame.task) if frame else None
        return Glimpse(task=task, worker=self.number, frame=frame) if frame and task else None

    def move_to(self, core: int | None) -> None:
        """Move the worker and its engine to another core. Do nothing for None or the current core."""
        if core is None or core == self._core:
            return
        self._core = core
        for pid in (self.pid, self._engine):
            if pid is not None:
                _pin_to_core(pid, core)

    def watch(self) -> None:
        """Check the progress of the current episode, and end the worker if it hangs.

        The backend calls this a few times a second. The worker is ended by a signal, so that `play` sees the socket
        close.
        """
        self._output.move()
        if self._progress is None or self._stop_reason is not None:
            return
        now = time.monotonic()
        count, phase = self._page.read()
        if count != self._progress.count:
            self._progress.count, self._progress.last_progress = count, now
        self._stop_reason = self._find_stop_reason(
            phase, playing=now - self._progress.started, idle=now - self._progress.last_progress
        )
        if self._stop_reason is not None:
            self._signal()

    def _find_stop_reason(self, phase: Phase, *, playing: float, idle: float) -> ClauDoomError | None:
        if self._engine is not None and has_ended(self._engine):
            # If the engine dies during a recorded step, the worker would wait for ever.
            return EngineCrashed(f"the engine of worker {self.number} has ended")
        return timeout_error(
            f"worker {self.number}",
            playing=playing,
            idle=idle,
            deciding=phase is Phase.POLICY and not is_stopped(self.pid),
            charged=not self._launch.remote,
            episode_timeout=self._launch.episode_timeout,
            stall_timeout=self._launch.stall_timeout,
        )

    async def _exit_description(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = await asyncio.to_thread(self._popen.wait, 1.0)
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            self._output.move(last=True)
            printed = f" (output: {printable(line)})" if (line := self._output.last_line) else ""
            return f" with {how}{printed}" + (f"; see {self._launch.log}" if code > 0 and self._launch.log else "")
        return ""

    def _signal(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    async def kill(self) -> None:
        """Kill the worker and its engine, also if the caller is cancelled. Do nothing if they have ended."""
        self._signal()
        self._channel.close()
        if self._shared_frame is not None:
            self._shared_frame.close()
        ending = asyncio.ensure_future(self._wait_for_end())
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await asyncio.wait([ending])
            raise

    async def _wait_for_end(self) -> None:
        await asyncio.to_thread(self._popen.wait)
        self._output.close()
        if self._engine is not None:  # its files can be removed only after its end
            await asyncio.to_thread(_wait_for_end, self._engine)


def _spawn(
    descriptor: int, output: int, core: int | None, folder: Path, launch: LaunchSettings
) -> "subprocess.Popen[bytes]":
    # -P: do not import Python's own modules from the working folder. Custom policies are searched for there last.
    command = [sys.executable, "-P", "-m", "clau_doom.worker", "--socket", str(descriptor), "--folder", str(folder)]
    command += ["--parent", str(os.getpid())] + ([] if core is None else ["--core", str(core)])
    if files := launch.files:
        command += ["--files", str(files.wad or ""), str(files.game or "")]
    return subprocess.Popen(  # noqa: S603 - our own module, no shell
        command,
        cwd=str(launch.folder or Path.cwd()),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env={**os.environ, **dict.fromkeys(_THREADS, "1")},
        pass_fds=(descriptor,),
        start_new_session=True,
    )


def _pin_to_core(pid: int, core: int) -> None:
    """Pin all threads of a process to one core. Threads that have ended are skipped. Linux only."""
    if hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {core})


def _wait_for_end(pid: int, patience: float = 2.0) -> None:
    end = time.monotonic() + patience
    while not has_ended(pid) and time.monotonic() < end:
        time.sleep(0.002)
