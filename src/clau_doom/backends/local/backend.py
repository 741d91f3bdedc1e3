"""Local backend: a fixed number of slots, each with at most one living worker."""

import asyncio
import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from clau_doom.backends.core_allocator import CoreAllocator, CoreShare
from clau_doom.backends.local.configuration import LocalConfig
from clau_doom.backends.local.start_failure import starting
from clau_doom.backends.local.worker_channel import Requeued
from clau_doom.backends.local.worker_process import LaunchSettings, WorkerProcess
from clau_doom.backends.work_dirs import WorkDirs
from clau_doom.config import (
    CustomPolicyConfig,
    ExecutionConfig,
    PolicyConfig,
    RemotePolicyConfig,
    ScenarioConfig,
    import_paths,
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
from clau_doom.worker import load_measures

__all__ = ["LocalBackend"]

_START_ATTEMPTS = 3
_WATCH_INTERVAL = 0.25
# Each worker has at least `_MIN_EPISODES` episodes: one is played and one waits, so that a worker is never idle.
# Short episodes are queued for about `_QUEUE_SECONDS` seconds, so that this process can read their answers in batches.
# This time exceeds the interval between two reads. `_MIN_SECONDS` is the least duration assumed for an episode.
_MIN_EPISODES = 2
_QUEUE_SECONDS = 0.08
_MIN_SECONDS = 0.001
# Least weight of a new episode in the mean duration.
_MIN_WEIGHT = 0.05


@dataclass
class _Slot:
    number: int
    worker: WorkerProcess | None = None
    episodes: int = 0
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)


class LocalBackend(EvaluationBackend):
    """Plays episodes in subprocesses of this process. The kernel ends them with this process (Linux)."""

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
        measures: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Prepare a backend. Entering the context starts it.

        Args:
            scenario: The scenario.
            policy: The policy's configuration.
            execution: Number of workers, episode timeout, and recording.
            local: Pinning and the stall timeout.
            facts: The required content of a worker's hello.
            cores: Places for workers that other backends share; None: separate places for this backend.
            logs: A folder for the workers' output, or None to drop it.
            files: The scenario's files if they came from another machine; None: the files that its .cfg names.
            measures: Functions of the user's measures, by name.
        """
        self._cores = cores or CoreAllocator.of_machine(execution.workers, pin=local.pin)
        self._workers = execution.workers
        self._slots = [_Slot(number) for number in range(len(self._cores.places))]
        self._share: CoreShare | None = None
        self._launch = LaunchSettings(
            setup=pb.Setup(
                scenario_json=scenario.model_dump_json(),
                policy_json=policy.model_dump_json(),
                measures_json=json.dumps(dict(measures)),
                import_paths=import_paths(),
                record=execution.record != "none",
                # The actions of evaluation episodes allow a replay of the champion without the user's policy.
                actions=isinstance(policy, CustomPolicyConfig | RemotePolicyConfig),
            ),
            facts=facts,
            episode_timeout=execution.episode_timeout,
            stall_timeout=local.stall_timeout,
            log=logs / "workers.log" if logs else None,
            log_size=local.log_size,
            remote=isinstance(policy, RemotePolicyConfig),
            files=files,
            measures={each.name: each.declaration for each in load_measures(measures)},
            folder=Path.cwd(),
        )
        self._ending = False
        self._played = 0
        self._seconds = execution.episode_timeout
        """Mean duration of an episode in seconds; recent episodes have more weight."""
        self._folders = WorkDirs()
        self._stack = contextlib.ExitStack()
        self._watchdog: asyncio.TimerHandle | None = None

    @property
    def slots(self) -> int:
        """Maximum number of episodes at once: for each worker, the one that it plays and the waiting ones."""
        depth = 1 + math.ceil(_QUEUE_SECONDS / max(self._seconds, _MIN_SECONDS))
        places = len(self._share.places) if self._share else 0
        return max(depth, _MIN_EPISODES) * max(places, 1)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """Process ids of the living workers."""
        return tuple(slot.worker.pid for slot in self._slots if slot.worker)

    async def __aenter__(self) -> Self:
        """Start a worker in each place at once. If one of them does not start, end all."""
        with starting("the workers"):
            self._stack.enter_context(self._folders)
        self._share = self._stack.enter_context(self._cores.share(self._workers))
        try:
            async with asyncio.TaskGroup() as group:
                for place in self._share.places:
                    group.create_task(self._start_with_retries(self._slots[place]))
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
        """Return True: any worker can play any agent."""
        return True

    async def end_generation(self, generation: int) -> None:
        """Do nothing: workers are kept between generations."""

    def glimpses(self) -> tuple[Glimpse, ...]:
        """Return the newest pictures of running episodes; see the port."""
        found = [slot.worker.glimpse() for slot in self._slots if slot.worker and slot.episodes]
        return tuple([each for each in found if each])

    async def play(self, task: EpisodeTask) -> Episode:
        """Play one episode on the worker with the fewest episodes; see the port."""
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
                    self._seconds += (episode.timing.seconds - self._seconds) * max(1 / self._played, _MIN_WEIGHT)
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

    async def _start_with_retries(self, slot: _Slot) -> None:
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
            try:
                await worker.kill()
            finally:
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
