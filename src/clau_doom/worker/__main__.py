"""The worker's process: ``python -m clau_doom.worker``, started by a backend and spoken to over a socket.

It sends a hello, starts its engine, and then plays what it is asked to until the socket closes.
"""

import argparse
import gc
import select
import socket
from pathlib import Path

from pydantic import TypeAdapter

from clau_doom.config import PolicyConfig, RandomPolicyConfig, ScenarioConfig
from clau_doom.domain import Genome
from clau_doom.errors import AgentUnreachable, ClauDoomError, ConfigError, EngineCrashed, PolicyFailed, describe
from clau_doom.game import VizdoomEngine, resolve
from clau_doom.policies import make_policy
from clau_doom.ports import Engine, Needs, Observation, Policy
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import PREFIX, frame, frame_size, parse, played
from clau_doom.worker.facts import collect_facts
from clau_doom.worker.phase import PhasePage
from clau_doom.worker.process import die_with_parent, pin, run_in_batch
from clau_doom.worker.rollout import Rollout, play

# Observations hold no cycles, so that looking for them every few decisions finds nothing and empties the caches.
_GARBAGE_THRESHOLD = 100_000
_POLICY: TypeAdapter[PolicyConfig] = TypeAdapter(PolicyConfig)


class Channel:
    """The socket to the orchestrator."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        # An engine that inherited it would keep it open after this process.
        self._socket.set_inheritable(False)

    def receive(self) -> pb.ToWorker | None:
        """Return the next message, or None when the orchestrator has closed."""
        prefix = self._socket.recv(PREFIX, socket.MSG_WAITALL)
        if len(prefix) < PREFIX:
            return None
        return parse(pb.ToWorker, self._socket.recv(frame_size(prefix), socket.MSG_WAITALL))

    def waiting(self) -> bool:
        """Say whether there is something to receive."""
        return bool(select.select([self._socket], [], [], 0.0)[0])

    def send(self, message: pb.FromWorker) -> None:
        """Send a message."""
        self._socket.sendall(frame(message))


def main() -> None:
    """Run a worker until its orchestrator closes the socket."""
    parser = argparse.ArgumentParser(description="A clau-doom worker; started by a backend, not by hand.")
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--core", type=int)
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)
    if arguments.core is not None:
        pin(arguments.core)
        run_in_batch()
    channel = Channel(arguments.socket)
    setup = channel.receive()
    if setup is not None:
        with PhasePage(arguments.folder / "phase") as page:
            _serve(channel, setup.setup, arguments.folder, page)


def _serve(channel: Channel, setup: pb.Setup, folder: Path, page: PhasePage) -> None:
    scenario = resolve(ScenarioConfig.model_validate_json(setup.scenario_json))
    config = _POLICY.validate_json(setup.policy_json)
    try:
        policy = make_policy(config, scenario.facts)
    except ConfigError as error:  # it was made elsewhere: a file or a remote agent has gone since
        channel.send(_failed(0, pb.EpisodeFailed.FAULT_POLICY, error))
        return
    baseline = make_policy(RandomPolicyConfig(), scenario.facts)
    channel.send(pb.FromWorker(hello=pb.Hello(facts=dict(collect_facts(scenario, config, policy).facts))))
    engine = VizdoomEngine(scenario, folder)
    try:
        engine.start(_merge(policy.needs, baseline.needs), record=setup.record)
    except EngineCrashed as error:
        channel.send(_failed(0, pb.EpisodeFailed.FAULT_ENGINE, error))
        return
    channel.send(pb.FromWorker(ready=pb.Ready()))
    gc.set_threshold(_GARBAGE_THRESHOLD)
    gc.freeze()  # what is here now stays: it need not be looked at again
    try:
        _play_all(channel, engine, {False: policy, True: baseline}, page)
    finally:
        engine.close()


def _play_all(channel: Channel, engine: Engine, policies: dict[bool, Policy], page: PhasePage) -> None:
    """Play what is asked for until the orchestrator closes.

    Where the next task is waiting when an episode ends, it is begun before the answer is sent: the engine writes a
    recording out when the next episode begins, and beginning one for that alone costs a few per cent.
    """
    message, begun = channel.receive(), None
    while message is not None:
        request = message.play
        answer = _answer(request, engine, policies[request.baseline], page, begun)
        message, begun = channel.receive() if channel.waiting() else None, None
        if isinstance(answer, Rollout):
            try:
                begun = engine.begin(message.play.seed) if message else None
                reply = _played(request.task, answer, engine.recording())
            except EngineCrashed as error:
                reply = _failed(request.task, pb.EpisodeFailed.FAULT_ENGINE, error)
        else:
            reply = answer
        channel.send(reply)
        message = message or channel.receive()


def _played(task: int, rollout: Rollout, recording: bytes | None) -> pb.FromWorker:
    return played(task, rollout.outcome, recording, rollout.seconds, repeated=rollout.repeated)


def _merge(first: Needs, second: Needs) -> Needs:
    return Needs(objects=first.objects or second.objects, screen=first.screen or second.screen)


def _answer(
    request: pb.PlayEpisode, engine: Engine, policy: Policy, page: PhasePage, begun: Observation | None
) -> Rollout | pb.FromWorker:
    try:
        return play(engine, policy, Genome(tuple(request.genome)), request.seed, page, begun=begun)
    except PolicyFailed as error:
        return _failed(request.task, pb.EpisodeFailed.FAULT_POLICY, error)
    except EngineCrashed as error:
        return _failed(request.task, pb.EpisodeFailed.FAULT_ENGINE, error)
    except AgentUnreachable as error:
        return _failed(request.task, pb.EpisodeFailed.FAULT_UNREACHABLE, error)


def _failed(task: int, fault: pb.EpisodeFailed.Fault, error: ClauDoomError) -> pb.FromWorker:
    reason = describe(error)[:2000].encode("utf-8", "backslashreplace").decode()  # a policy's text may be no text
    return pb.FromWorker(failed=pb.EpisodeFailed(task=task, fault=fault, reason=reason))


if __name__ == "__main__":
    main()
