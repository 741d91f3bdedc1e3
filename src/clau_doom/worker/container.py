"""Worker process in a container: ``python -m clau_doom.worker.container``.

The worker connects to the orchestrator that its environment names, receives episodes, and reports its progress every
second. The process ends when the stream ends for any reason.
"""

import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

import grpc

from clau_doom.config import ScenarioConfig
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError, InvalidMessage
from clau_doom.game import Scenario, ScenarioFiles, resolve
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.protos.claudoom.worker.v1.worker_pb2_grpc import WorkerServiceStub
from clau_doom.wire import MAX_FRAME, glimpse_message
from clau_doom.worker.process_setup import run_in_batch
from clau_doom.worker.progress_page import ProgressPage
from clau_doom.worker.shared_frame import SharedFrame
from clau_doom.worker.worker_loop import serve

ALIVE = Path("/tmp/alive")  # noqa: S108 - in the container; the image's HEALTHCHECK reads it
_FOLDER = Path("/tmp/worker")  # noqa: S108 - one worker in a container, which can write to /tmp only
_HEARTBEAT = 1.0
_GLIMPSE, _WATCHED = 0.1, 3.0
"""Seconds between two glimpses, and seconds for which glimpses are sent after the last request."""
_CONNECT, _LEAST = 10.0, 3.0
"""Seconds to connect to the orchestrator: from the start of this process, and at least from now."""
_LOST = 69  # EX_UNAVAILABLE of sysexits.h: the orchestrator is unreachable
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_FRAME),
    ("grpc.max_send_message_length", MAX_FRAME),
    # A broken connection sends no close. Ping every two seconds to detect it.
    ("grpc.keepalive_time_ms", 2000),
    ("grpc.keepalive_timeout_ms", 2000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
)


class StreamChannel:
    """The stream to the orchestrator. One thread reads it; when it ends, the process ends."""

    def __init__(self, stub: WorkerServiceStub, token: str) -> None:
        self._outgoing: queue.SimpleQueue[pb.FromWorker] = queue.SimpleQueue()
        self._incoming: queue.SimpleQueue[pb.ToWorker] = queue.SimpleQueue()
        self.watched = threading.Event()
        """Set while the orchestrator requests glimpses."""
        self._until = 0.0
        metadata = (("authorization", f"Bearer {token}"),)
        self._stream = stub.Attach(iter(self._outgoing.get, None), metadata=metadata)
        threading.Thread(target=self._read, daemon=True).start()

    def receive(self) -> pb.ToWorker | None:
        """Return the next message. The process ends when the stream ends."""
        return self._incoming.get()

    def waiting(self) -> bool:
        """Return whether a message can be received without waiting."""
        return not self._incoming.empty()

    def send(self, message: pb.FromWorker) -> None:
        """Send a message."""
        self._outgoing.put(message)

    def show(self, shared_frame: SharedFrame) -> None:
        """Send glimpses while the orchestrator requests them, and otherwise wait for a request; never returns."""
        while True:
            self.watched.wait()
            if frame := shared_frame.look():
                self.send(glimpse_message(frame))
            time.sleep(_GLIMPSE)
            if time.monotonic() > self._until:
                self.watched.clear()

    def _read(self) -> None:
        try:
            for message in self._stream:
                if message.HasField("watch"):
                    self._until = time.monotonic() + _WATCHED
                    self.watched.set()
                else:
                    self._incoming.put(message)
        except grpc.RpcError as error:
            _leave(_LOST, f"the connection to the orchestrator is lost: {error.code().name}: {error.details()}")
        _leave(0, "the orchestrator has no more episodes")


def main() -> None:
    """Play episodes until the orchestrator ends the stream."""
    # The kernel gives PID 1 of a container no default handler.
    signal.signal(signal.SIGTERM, lambda *_: _leave(0, "SIGTERM received"))
    run_in_batch()
    agent, endpoint, token = (_environment(name) for name in ("AGENT_ID", "GRPC_ENDPOINT", "CLAU_DOOM_TOKEN"))
    credentials = grpc.ssl_channel_credentials(_environment("CLAU_DOOM_CA").encode())
    print(f"{agent} dials {endpoint}", flush=True)  # noqa: T201 - the container's log
    with grpc.secure_channel(endpoint, credentials, options=_OPTIONS) as wire:
        try:
            grpc.channel_ready_future(wire).result(timeout=max(_CONNECT - _age(), _LEAST))
        except grpc.FutureTimeoutError:
            _leave(_LOST, f"no orchestrator responds at {endpoint}: not connected within {_CONNECT:g} s")
        channel = StreamChannel(WorkerServiceStub(wire), token)
        setup = _received(channel).setup
        _FOLDER.mkdir(exist_ok=True)
        try:
            scenario = _scenario(channel, setup)
        except ClauDoomError as error:
            _leave(1, describe(error))
        looking = SharedFrame(_FOLDER / "shared_frame", scenario.facts.resolution)
        with (
            ProgressPage(_FOLDER / "phase", create=True) as page,
            SharedFrame(_FOLDER / "shared_frame") as shared_frame,
            looking,
        ):
            threading.Thread(target=_beat, args=(channel, page), daemon=True).start()
            threading.Thread(target=channel.show, args=(looking,), daemon=True).start()
            serve(channel, setup, scenario, _FOLDER, page, shared_frame=shared_frame)


def _age() -> float:
    """Return the seconds since this process was started. Imports take several seconds on busy cores."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _environment(name: str) -> str:
    value = os.environ.pop(name, None)  # hide the token from the policy
    if value is None:
        _leave(2, f"{name} is not set: start this container with clau-doom")
    return value


def _received(channel: StreamChannel) -> pb.ToWorker:
    message = channel.receive()
    assert message is not None, "the process ends with the stream"
    return message


def _beat(channel: StreamChannel, page: ProgressPage) -> None:
    while True:
        channel.send(pb.FromWorker(heartbeat=pb.Heartbeat(turns=page.read()[0])))
        ALIVE.touch()
        time.sleep(_HEARTBEAT)


def _scenario(channel: StreamChannel, setup: pb.Setup) -> Scenario:
    config = ScenarioConfig.model_validate_json(setup.scenario_json)
    if not setup.files:
        return resolve(config)
    parts = _bytes(channel)
    paths = {file.role: _store(file, parts) for file in setup.files}
    files = ScenarioFiles(wad=paths.get(pb.ScenarioFile.ROLE_WAD), game=paths.get(pb.ScenarioFile.ROLE_GAME))
    cfg = paths[pb.ScenarioFile.ROLE_CFG]
    return resolve(config.model_copy(update={"name": str(cfg)}), files)


def _bytes(channel: StreamChannel) -> Iterator[bytes]:
    while True:
        yield _received(channel).part.data


def _store(file: pb.ScenarioFile, parts: Iterator[bytes]) -> Path:
    """Write a file from the next parts of the stream, and return its path."""
    ending = ".cfg" if file.role == pb.ScenarioFile.ROLE_CFG else ".wad"
    path, digest, missing = _FOLDER / f"scenario-{file.role}{ending}", sha256(), file.size
    with path.open("wb") as target:
        while missing > 0:
            data = next(parts)
            digest.update(data)
            target.write(data)
            missing -= len(data)
    if missing or digest.digest() != file.sha256:
        raise InvalidMessage(f"a scenario file arrived with the SHA-256 {digest.hexdigest()}, not {file.sha256.hex()}")
    return path


def _leave(code: int, why: str) -> NoReturn:
    """End the process immediately, even if its main thread waits for a hung engine."""
    with contextlib.suppress(OSError):
        print(why, flush=True)  # noqa: T201 - the container's log
    os._exit(code)


if __name__ == "__main__":
    main()
