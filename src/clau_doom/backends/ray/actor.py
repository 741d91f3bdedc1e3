"""Ray actor on a node: owns one worker process, with its engine, its core and its watchdog."""

import asyncio
import contextlib
import json
import os
import platform
from dataclasses import replace
from pathlib import Path

import ray
from pydantic import TypeAdapter

from clau_doom.backends.core_allocator import CoreAllocator
from clau_doom.backends.local.backend import LocalBackend
from clau_doom.backends.local.configuration import LocalConfig
from clau_doom.backends.ray.error_mapping import fault_of
from clau_doom.backends.ray.scenario_cache import store
from clau_doom.config import ExecutionConfig, PolicyConfig, ScenarioConfig, importing_from
from clau_doom.domain import Genome, Purpose
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ClauDoomError
from clau_doom.game import ScenarioFiles
from clau_doom.ports import EpisodeTask
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import glimpse_message, parse, played
from clau_doom.worker.worker_loop import failed

__all__ = ["EpisodeActor"]

_POLICY: TypeAdapter[PolicyConfig] = TypeAdapter(PolicyConfig)


class EpisodeActor:
    """Actor that plays episodes. Arguments and results are bytes: messages of `worker/v1`, one for each call.

    The watchdog must run in another process than the engine, on the same node. So the actor contains a local backend
    with one worker. The backend kills a hung worker and starts a new one.
    """

    def __init__(self, hosting: bytes, *files: bytes) -> None:
        """Store the experiment's setup, as `ToWorker.hosting`, and the scenario's own files, each as a `FilePart`."""
        self._hosting = parse(pb.ToWorker, hosting).hosting
        self._files = files
        self._stack = contextlib.AsyncExitStack()
        self._backend: LocalBackend | None = None

    async def where(self) -> bytes:
        """Return the location of the actor, as `FromWorker.hosted`."""
        node = ray.get_runtime_context().get_node_id()
        hosted = pb.Hosted(node=node, machine=platform.node(), address=ray.util.get_node_ip_address(), pid=os.getpid())
        return pb.FromWorker(hosted=hosted).SerializeToString()

    async def start(self) -> bytes:
        """Start the worker, and return `FromWorker.ready`, or `failed` with the reason."""
        try:
            local = await self._local()
            await self._stack.enter_async_context(local)
        except ClauDoomError as error:
            await self._stack.aclose()
            return failed(0, fault_of(error), error).SerializeToString()
        self._backend = local
        return pb.FromWorker(ready=pb.Ready()).SerializeToString()

    async def play(self, request: bytes) -> bytes:
        """Play the episode of a `ToWorker.play` after earlier ones, and return `FromWorker.played` or `failed`."""
        play = parse(pb.ToWorker, request).play
        assert self._backend is not None, "started first"
        task = EpisodeTask(
            # A purpose that keeps actions. The orchestrator knows the real purpose and drops the actions of training.
            purpose=Purpose.HELD_OUT,
            agent="",
            genome=Genome(play.genome),
            number=play.task,
            seed=play.seed,
            baseline=play.baseline,
            actions=play.actions or None,
        )
        try:
            episode = await self._backend.play(task)
        except ClauDoomError as error:
            return failed(play.task, fault_of(error), error).SerializeToString()
        timing = episode.timing
        answer = played(
            play.task,
            episode.outcome,
            episode.recording,
            timing.seconds,
            repeated=timing.repeated,
            processor_seconds=timing.processor_seconds,
        )
        answer.played.actions = episode.actions or b""
        return answer.SerializeToString()

    async def beat(self) -> bytes:
        """Return `FromWorker.heartbeat`; an answer shows that the actor does not hang."""
        return pb.FromWorker(heartbeat=pb.Heartbeat()).SerializeToString()

    async def glimpse(self) -> bytes:
        """Return `FromWorker.glimpse` of the current episode, or empty bytes, and request the next picture."""
        seen = self._backend.glimpses() if self._backend else ()
        return b"".join(
            glimpse_message(replace(glimpse.frame, task=glimpse.task.number)).SerializeToString() for glimpse in seen
        )

    async def close(self) -> bytes:
        """End the worker, and remove its files from the node."""
        await self._stack.aclose()
        return b""

    async def _local(self) -> LocalBackend:
        hosting, setup = self._hosting, self._hosting.setup
        files, self._files = self._files, ()
        paths = await asyncio.to_thread(store, setup.files, files)
        with importing_from(setup.import_paths):
            return LocalBackend(
                scenario=_scenario(setup, paths),
                policy=_POLICY.validate_json(setup.policy_json),
                measures=json.loads(setup.measures_json or "{}"),
                execution=ExecutionConfig(
                    workers=1, episode_timeout=hosting.episode_timeout, record="all" if setup.record else "none"
                ),
                local=LocalConfig(stall_timeout=hosting.stall_timeout),
                facts=Provenance(facts=tuple(sorted(hosting.facts.items()))),
                cores=CoreAllocator.of_machine(1, pin=hosting.pin, announce=False),
                files=ScenarioFiles(wad=paths.get(pb.ScenarioFile.ROLE_WAD), game=paths.get(pb.ScenarioFile.ROLE_GAME))
                if paths
                else None,
            )


def _scenario(setup: pb.Setup, paths: "dict[pb.ScenarioFile.Role, Path]") -> ScenarioConfig:
    config = ScenarioConfig.model_validate_json(setup.scenario_json)
    cfg = paths.get(pb.ScenarioFile.ROLE_CFG)
    return config.model_copy(update={"name": str(cfg)}) if cfg else config
