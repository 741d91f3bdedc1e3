"""Main loop of a worker on any channel: sends a hello, starts an engine, and plays one episode after another."""

import gc
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter

from clau_doom.config import PolicyConfig, RandomPolicyConfig, importing_from
from clau_doom.domain import Genome
from clau_doom.error_description import describe
from clau_doom.errors import AgentUnreachable, ClauDoomError, ConfigError, EngineCrashed, MeasureFailed, PolicyFailed
from clau_doom.game import Scenario, VizdoomEngine
from clau_doom.policies import make_policy
from clau_doom.ports import Engine, Needs, Policy
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import played
from clau_doom.worker.action_replay import ActionReplay
from clau_doom.worker.custom_measures import CustomMeasure, load_measures
from clau_doom.worker.processor_clock import processor_clock
from clau_doom.worker.progress_page import ProgressPage
from clau_doom.worker.provenance import collect_facts
from clau_doom.worker.rollout import Rollout, StartedEpisode, play
from clau_doom.worker.shared_frame import SharedFrame

__all__ = ["Channel", "failed", "serve"]

# Observations contain no reference cycles. Frequent collections would find nothing and would empty the CPU caches.
_GARBAGE_THRESHOLD = 100_000
_POLICY: TypeAdapter[PolicyConfig] = TypeAdapter(PolicyConfig)


class Channel(Protocol):
    """Interface for messages between a worker and its orchestrator."""

    def receive(self) -> pb.ToWorker | None:
        """Return the next message, or None when the orchestrator has closed the channel."""
        ...

    def waiting(self) -> bool:
        """Return whether a message can be received without waiting."""
        ...

    def send(self, message: pb.FromWorker) -> None:
        """Send a message."""
        ...


def serve(
    channel: Channel,
    setup: pb.Setup,
    scenario: Scenario,
    folder: Path,
    page: ProgressPage,
    *,
    shared_frame: SharedFrame,
) -> None:
    """Send a hello, start an engine, and play the requested episodes until the orchestrator closes the channel.

    Args:
        channel: Channel to the orchestrator.
        setup: Its first message.
        scenario: The scenario of the setup, with local paths.
        folder: A private folder for the engine.
        page: Progress page that records the start and end of each decision.
        shared_frame: Shared memory for requested pictures.
    """
    with importing_from(setup.import_paths):
        _serve(channel, setup, scenario, folder, page, shared_frame=shared_frame)


def _serve(
    channel: Channel,
    setup: pb.Setup,
    scenario: Scenario,
    folder: Path,
    page: ProgressPage,
    *,
    shared_frame: SharedFrame,
) -> None:
    config = _POLICY.validate_json(setup.policy_json)
    try:
        policy = make_policy(config, scenario.facts)
        measures = load_measures(json.loads(setup.measures_json or "{}"))
    except ConfigError as error:  # a file or a remote agent has disappeared since the run was planned
        channel.send(failed(0, pb.EpisodeFailed.FAULT_POLICY, error))
        return
    baseline = make_policy(RandomPolicyConfig(), scenario.facts)
    channel.send(pb.FromWorker(hello=pb.Hello(facts=dict(collect_facts(scenario, config, policy, measures).facts))))
    engine = VizdoomEngine(scenario, folder)
    try:
        engine.start(_merge(policy.needs, baseline.needs), record=setup.record)
    except EngineCrashed as error:
        channel.send(failed(0, pb.EpisodeFailed.FAULT_ENGINE, error))
        return
    channel.send(pb.FromWorker(ready=pb.Ready()))
    gc.set_threshold(_GARBAGE_THRESHOLD)
    gc.freeze()  # exclude long-lived objects from garbage collection
    try:
        _Player(
            channel,
            engine,
            policy,
            baseline,
            page,
            measures=measures,
            shared_frame=shared_frame,
            claims=setup.actions,
            clock=processor_clock(engine.process.pid if engine.process else None),
        ).play_all()
    finally:
        engine.close()


class _Player:
    def __init__(
        self,
        channel: Channel,
        engine: Engine,
        policy: Policy,
        baseline: Policy,
        page: ProgressPage,
        *,
        measures: tuple[CustomMeasure, ...],
        shared_frame: SharedFrame,
        claims: bool,
        clock: Callable[[], float],
    ) -> None:
        self._channel = channel
        self._engine = engine
        self._policies = {False: policy, True: baseline}
        self._page = page
        self._measures = measures
        self._shared_frame = shared_frame
        self._claims = claims
        self._clock = clock

    def play_all(self) -> None:
        """Play the requested episodes until the orchestrator closes the channel.

        If another task is waiting when an episode ends, the next episode begins before the answer is sent. The engine
        finishes a recording only when the next episode begins. A separate start for this purpose costs a few per cent.
        """
        channel, engine = self._channel, self._engine
        message, begun = channel.receive(), None
        while message is not None:
            request = message.play
            answer = self._answer(request, begun)
            message, begun = channel.receive() if channel.waiting() else None, None
            if isinstance(answer, Rollout):
                try:
                    begun = StartedEpisode.by(engine, message.play.seed, self._clock) if message else None
                    reply = self._played(request.task, answer, engine.recording())
                except EngineCrashed as error:
                    reply = failed(request.task, pb.EpisodeFailed.FAULT_ENGINE, error)
            else:
                reply = answer
            channel.send(reply)
            message = message or channel.receive()

    def _played(self, task: int, rollout: Rollout, recording: bytes | None) -> pb.FromWorker:
        return played(
            task,
            rollout.outcome,
            recording,
            rollout.seconds,
            repeated=rollout.repeated,
            actions=rollout.actions if self._claims else None,
            processor_seconds=None if math.isnan(rollout.processor_seconds) else rollout.processor_seconds,
        )

    def _answer(self, request: pb.PlayEpisode, begun: StartedEpisode | None) -> Rollout | pb.FromWorker:
        try:
            return play(
                self._engine,
                self._policy(request),
                Genome(request.genome),
                request.seed,
                self._page,
                begun=begun,
                shared_frame=self._shared_frame,
                task=request.task,
                measures=self._measures,
                clock=self._clock,
            )
        except PolicyFailed as error:
            return failed(request.task, pb.EpisodeFailed.FAULT_POLICY, error)
        except MeasureFailed as error:
            return failed(request.task, pb.EpisodeFailed.FAULT_MEASURE, error)
        except EngineCrashed as error:
            return failed(request.task, pb.EpisodeFailed.FAULT_ENGINE, error)
        except AgentUnreachable as error:
            return failed(request.task, pb.EpisodeFailed.FAULT_UNREACHABLE, error)

    def _policy(self, request: pb.PlayEpisode) -> Policy:
        if request.actions:
            return ActionReplay(self._engine.facts, request.actions)
        return self._policies[request.baseline]


def failed(task: int, fault: pb.EpisodeFailed.Fault, error: ClauDoomError) -> pb.FromWorker:
    """Return the message about the failure of a task, or (0) of the worker's start."""
    reason = describe(error)[:2000].encode("utf-8", "backslashreplace").decode()  # a policy's text may be invalid
    trace = error.traceback.encode("utf-8", "backslashreplace").decode() if isinstance(error, PolicyFailed) else ""
    return pb.FromWorker(failed=pb.EpisodeFailed(task=task, fault=fault, reason=reason, traceback=trace))


def _merge(first: Needs, second: Needs) -> Needs:
    return Needs(objects=first.objects or second.objects, screen=first.screen or second.screen)
