"""The local backend: a fixed number of slots, each with at most one living worker."""

import asyncio
import contextlib
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from clau_doom.backends.local.core_allocator import CoreAllocator, Share
from clau_doom.backends.local.process import Launch, WorkerProcess
from clau_doom.backends.local.start_failure import starting
from clau_doom.backends.local.work_dirs import WorkDirs
from clau_doom.backends.local.worker_channel import Requeued
from clau_doom.config import (
    CustomPolicyConfig,
    ExecutionConfig,
    LocalConfig,
    PolicyConfig,
    RemotePolicyConfig,
    ScenarioConfig,
)
from clau_doom.domain import Episode, Purpose
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import (
    AgentUnreachable,
    InfrastructureFailed,
    PolicyFailed,
    PolicyTimedOut,
    WorkerRefused,
)
from clau_doom.game import ScenarioFiles
from clau_doom.ports import EpisodeTask, EvaluationBackend, Glimpse
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb

__all__ = ["LocalBackend"]

_START_ATTEMPTS = 3
_WATCH_INTERVAL = 0.25
# One is played and one waits beside it, so that a worker never waits for this process between two episodes. Of short
# episodes so many wait that this process need not look at them one by one: for about so many seconds, in all, which is
# longer than answers lie unread. None takes less than the shortest, because beginning one takes longer than that.
_FEWEST = 2
_AHEAD = 0.08
_SHORTEST = 0.001
# How much an episode counts in the mean of their seconds, at least.
_NEWEST = 0.05


@dataclass
class _Slot:
    number: int
    worker: WorkerProcess | None = None
    episodes: int = 0
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)


class LocalBackend(EvaluationBackend):
    """Plays episodes in subprocesses of this process. Enter it in the main thread.

    The kernel ends a worker when the *thread* that spawned it ends, and only the main thread lives long enough.
    """

    def __init__(
        self,
        *,
        scenario: ScenarioConfig,
        policy: PolicyConfig,
        execution: ExecutionConfig,
        local: LocalConfig,
        facts: Provenance,
        cores: CoreAllocator | None = None,
        logs: Path | None = None,
        files: ScenarioFiles | None = None,
    ) -> None:
        """Prepare a backend; nothing is started before it is entered.

        Args:
            scenario: What to play.
            policy: How genomes play.
            execution: How many workers, how long an episode, whether to record.
            local: Pinning and the stall timeout.
            facts: What every worker's hello must say.
            cores: The places for workers, where they are shared with other backends; None: its own.
            logs: A folder for the workers' output, or None to drop it.
            files: Where the scenario's files lie that were brought from another machine; None: where its .cfg says.
        """
        self._cores = cores or CoreAllocator.of_machine(execution.workers, pin=local.pin)
        self._wanted = execution.workers
        self._slots = [_Slot(number) for number in range(len(self._cores.places))]
        self._share: Share | None = None
        self._launch = Launch(
            setup=pb.Setup(
                scenario_json=scenario.model_dump_json(),
                policy_json=policy.model_dump_json(),
                record=execution.record != "none",
                # By the actions of the episodes that judge it, a champion is replayed where the user's policy is gone.
                actions=isinstance(policy, CustomPolicyConfig | RemotePolicyConfig),
            ),
            facts=facts,
            episode_timeout=execution.episode_timeout,
            stall_timeout=local.stall_timeout,
            log=logs / "workers.log" if logs else None,
            log_size=local.log_size,
            remote=isinstance(policy, RemotePolicyConfig),
            files=files,
            folder=Path.cwd(),
        )
        self._ending = False
        self._played = 0
        self._seconds = execution.episode_timeout
        """How long an episode takes, the last ones counting most."""
        self._folders = WorkDirs()
        self._stack = contextlib.ExitStack()
        self._watchdog: asyncio.TimerHandle | None = None

    @property
    def slots(self) -> int:
        """How many episodes it takes at once: for each worker the one that it plays, and those that wait behind it."""
        depth = 1 + math.ceil(_AHEAD / max(self._seconds, _SHORTEST))
        places = len(self._share.places) if self._share else 0
        return max(depth, _FEWEST) * max(places, 1)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The process ids of the living workers, for whoever watches them."""
        return tuple(slot.worker.pid for slot in self._slots if slot.worker)

    async def __aenter__(self) -> Self:
        """Start a worker in every place at once; when one does not start, none is left."""
        with starting("the workers"):
            self._stack.enter_context(self._folders)
        self._share = self._stack.enter_context(self._cores.share(self._wanted))
        try:
            async with asyncio.TaskGroup() as group:
                for place in self._share.places:
                    group.create_task(self._start_patiently(self._slots[place]))
        except BaseExceptionGroup as errors:
            await self._end()
            raise errors.exceptions[0] from errors.exceptions[0].__cause__
        except BaseException:
            await self._end()
            raise
        self._watch()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all workers and remove their folders."""
        await self._end()

    def takes(self, task: EpisodeTask) -> bool:  # noqa: ARG002 - the port's
        """Say that there is room: any worker plays any agent."""
        return True

    async def end_generation(self, generation: int) -> None:
        """Do nothing: workers outlive generations."""

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return what can be seen of the episodes that are being played; see the port."""
        seen = [slot.worker.glimpse() for slot in self._slots if slot.worker and slot.episodes]
        return tuple([each for each in seen if each])

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode on the worker that has the fewest to play; see the port."""
        share = self._share
        assert share is not None, "entered first"
        await share.have_any()
        slot = min((self._slots[place] for place in share.places), key=lambda slot: slot.episodes)
        slot.episodes += 1
        share.plays_on(self._busy)
        try:
            while True:
                with contextlib.suppress(Requeued):
                    episode = await self._play_on(slot, task)
                    self._played += 1
                    self._seconds += (episode.timing.seconds - self._seconds) * max(1 / self._played, _NEWEST)
                    return replace(episode, actions=None) if task.purpose is Purpose.TRAINING else episode
        finally:
            slot.episodes -= 1
            share.plays_on(self._busy)

    @property
    def _busy(self) -> int:
        return sum(slot.episodes > 0 for slot in self._slots)

    async def _play_on(self, slot: _Slot, task: EpisodeTask) -> Episode:
        async with slot.starting:
            worker = slot.worker or await self._start(slot)
        try:
            return await worker.play(task)
        except PolicyTimedOut:
            await self._discard(slot, worker)
            raise
        except (AgentUnreachable, PolicyFailed):
            raise
        except BaseException:
            await self._discard(slot, worker)
            raise

    async def _start_patiently(self, slot: _Slot) -> None:
        for attempt in range(1, _START_ATTEMPTS + 1):
            try:
                await self._start(slot)
            except WorkerRefused:
                raise
            except InfrastructureFailed:
                if attempt == _START_ATTEMPTS:
                    raise
            else:
                return

    async def _start(self, slot: _Slot) -> WorkerProcess:
        with starting(f"worker {slot.number}"):
            folder = self._folders.make()
        try:
            core = self._cores.places[slot.number]
            slot.worker = await WorkerProcess.start(slot.number, core, folder, self._launch)
        except BaseException:
            self._folders.remove(folder)
            raise
        return slot.worker

    async def _discard(self, slot: _Slot, worker: WorkerProcess) -> None:
        if slot.worker is worker:
            slot.worker = None
            self._cores.restarts += not self._ending
            await worker.kill()
            self._folders.remove(worker.folder)

    def _watch(self) -> None:
        self._watchdog = asyncio.get_running_loop().call_later(_WATCH_INTERVAL, self._watch)
        for slot in self._slots:
            if slot.worker:
                slot.worker.watch()
                slot.worker.move_to(self._cores.places[slot.number])

    async def _end(self) -> None:
        self._ending = True
        if self._watchdog:
            self._watchdog.cancel()
        try:
            await asyncio.gather(*(self._discard(slot, slot.worker) for slot in self._slots if slot.worker))
        finally:
            self._stack.close()
