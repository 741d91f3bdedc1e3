"""Experiments of a server (`clau-doom serve`), with the same objects as those of a folder."""

import atexit
import os
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from clau_doom.api.event_loop import run_blocking
from clau_doom.api.experiment import Experiment
from clau_doom.api.experiment_list import ExperimentList, list_experiments
from clau_doom.api.notebook_html import text_html
from clau_doom.api.output_dir import find_output_dir
from clau_doom.app.catalog.folder_source import RemoteServer
from clau_doom.config.path_expansion import expand_address, expand_home
from clau_doom.errors import ConfigError

if TYPE_CHECKING:
    from clau_doom.app.catalog.server_source import ServerSource

__all__ = ["Server", "connect"]

_VARIABLE = "CLAU_DOOM_SERVER"

StrPath = str | os.PathLike[str]


class Server:
    """Connection to a server. It is restored after a loss, and ends with `close`, a ``with`` block or the process.

    Attributes:
        address: Address of the server.
    """

    def __init__(self, address: str, source: "ServerSource", stack: AsyncExitStack) -> None:
        """Use `cd.connect` in place of the constructor."""
        self.address = address
        self._source = source
        self._stack = stack
        atexit.register(self.close)  # before the event loop ends

    def open(self, experiment: str) -> Experiment:
        """Open an experiment to read its results.

        Raises:
            ExperimentNotFound: The server does not have the experiment.
            ServerUnreachable: The server does not answer.
        """
        found = Experiment(self._source, experiment)
        found.check()
        return found

    def experiments(
        self,
        *,
        state: str | Iterable[str] | None = None,
        scenario: str | Iterable[str] | None = None,
        pattern: str | None = None,
    ) -> ExperimentList:
        """List the experiments of the server.

        Args:
            state: Only experiments in this state, or in one of several. None: all states.
            scenario: Only experiments of this scenario, or of one of several. None: all scenarios.
            pattern: Only experiments with a matching id, such as ``sweep-*``. None: all ids.

        Raises:
            ConfigError: A state does not exist.
            ServerUnreachable: The server does not answer.
        """
        return list_experiments(self._source, state=state, scenario=scenario, pattern=pattern)

    def close(self) -> None:
        """Close the connection. Experiments of the server cannot be read any more."""
        atexit.unregister(self.close)
        run_blocking(self._stack.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Server {self.address}>"

    def _repr_html_(self) -> str:
        return f"<div>server <strong>{text_html(self.address)}</strong></div>"


def connect(
    address: str | None = None,
    *,
    token_file: StrPath | None = None,
    ca: StrPath | None = None,
    certificate: StrPath | None = None,
    key: StrPath | None = None,
    output_dir: StrPath | None = None,
) -> Server:
    """Connect to a server, and check the address and the token.

    Args:
        address: ``host:port`` or ``unix:PATH``. A host beyond loopback requires TLS. None: ``$CLAU_DOOM_SERVER``.
        token_file: File with the server's token. None: ``$CLAU_DOOM_TOKEN``, or else the token file in `output_dir`,
            which is sent to servers on this machine only.
        ca: Certificate of the authority that signed the server's certificate (PEM).
        certificate: Client certificate (PEM), for a server that requires one.
        key: Key of the client certificate (PEM).
        output_dir: Folder of a server on this machine. None: ``$CLAU_DOOM_OUTPUT_DIR``, or else ``runs``.

    Raises:
        ConfigError: The address or a file cannot be used.
        NotAuthenticated: The token is missing or wrong.
        ServerUnreachable: The server does not answer.

    Example:
        >>> import clau_doom as cd
        >>> with cd.connect("127.0.0.1:50051") as server:  # doctest: +SKIP
        ...     print(server.open("quickstart").status.state)
        running
    """
    chosen = address or os.environ.get(_VARIABLE)
    if not chosen:
        raise ConfigError(f"connect needs an address: give host:port or unix:PATH, or set {_VARIABLE}")
    try:
        remote = RemoteServer(
            address=expand_address(chosen),
            token_file=_path(token_file),
            ca=_path(ca),
            certificate=_path(certificate),
            key=_path(key),
        )
    except ValueError as error:
        raise ConfigError(f"the address or a file {error}") from error
    return run_blocking(_connect(remote, find_output_dir(output_dir)))


async def _connect(remote: RemoteServer, output_dir: Path) -> Server:
    from clau_doom.app.catalog.server_source import ServerSource, reach  # noqa: PLC0415 - gRPC, which a folder does not need

    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(reach(remote, output_dir))
        await client.unreadable()  # the smallest answer that needs a token
        return Server(remote.address, ServerSource(client, remote=remote, output_dir=output_dir), stack.pop_all())


def _path(path: StrPath | None) -> Path | None:
    return None if path is None else Path(expand_home(os.fspath(path)))
