"""Worker process: ``python -m clau_doom.worker``. A backend starts it and sends requests over a socket.

The worker sends a hello, starts its engine, and plays the requested episodes until the socket closes.
"""

import argparse
import select
import socket
from pathlib import Path

from clau_doom.config import ScenarioConfig
from clau_doom.game import ScenarioFiles, resolve
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.wire import PREFIX, frame, frame_size, parse
from clau_doom.worker.process_setup import die_with_parent, pin, run_in_batch
from clau_doom.worker.progress_page import ProgressPage
from clau_doom.worker.shared_frame import SharedFrame
from clau_doom.worker.worker_loop import serve


class SocketChannel:
    """Socket channel to the orchestrator."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        # An engine with an inherited socket would keep it open after the end of this process.
        self._socket.set_inheritable(False)
        # Not `select`: it rejects descriptors of 1024 and above, which an orchestrator with many connections can pass.
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def receive(self) -> pb.ToWorker | None:
        """Return the next message, or None when the orchestrator has closed the socket."""
        prefix = self._socket.recv(PREFIX, socket.MSG_WAITALL)
        if len(prefix) < PREFIX:
            return None
        return parse(pb.ToWorker, self._socket.recv(frame_size(prefix), socket.MSG_WAITALL))

    def waiting(self) -> bool:
        """Return whether a message can be received without waiting."""
        return bool(self._poll.poll(0))

    def send(self, message: pb.FromWorker) -> None:
        """Send a message."""
        self._socket.sendall(frame(message))


def main() -> None:
    """Run a worker until its orchestrator closes the socket."""
    parser = argparse.ArgumentParser(description="Worker of clau-doom, which a backend starts.")
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--core", type=int)
    parser.add_argument("--files", nargs=2, metavar=("WAD", "GAME"))
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)
    if arguments.core is not None:
        pin(arguments.core)
        run_in_batch()
    channel = SocketChannel(arguments.socket)
    message = channel.receive()
    if message is not None:
        wad, game = (Path(path) if path else None for path in arguments.files or ("", ""))
        files = ScenarioFiles(wad=wad, game=game) if arguments.files else None
        scenario = resolve(ScenarioConfig.model_validate_json(message.setup.scenario_json), files)
        folder, resolution = arguments.folder, scenario.facts.resolution
        with ProgressPage(folder / "phase") as page, SharedFrame(folder / "shared_frame", resolution) as shared_frame:
            serve(channel, message.setup, scenario, folder, page, shared_frame=shared_frame)


if __name__ == "__main__":
    main()
