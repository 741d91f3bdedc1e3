"""Listening addresses of the gRPC server, with errors that name a taken port or socket."""

import contextlib
import errno
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc

from clau_doom.errors import AddressTaken, ConfigError
from clau_doom.rpc.server_tls import addresses

__all__ = ["listen_on_host", "listen_on_socket"]

_LONGEST_PATH = 107  # the kernel's limit for the address of a Unix socket


def listen_on_host(server: grpc.aio.Server, host: str, port: int, credentials: grpc.ServerCredentials | None) -> int:
    """Make a server listen on a port of a host's addresses; return the port.

    Raises:
        AddressTaken: Another program listens there.
        ConfigError: This machine does not have the address.
    """
    for address in addresses(host):
        shown = f"[{address}]" if ":" in address else address
        try:
            if credentials is None:
                port = server.add_insecure_port(f"{shown}:{port}")
            else:
                port = server.add_secure_port(f"{shown}:{port}", credentials)
        except RuntimeError as error:
            raise _refusal(address, port) from error
    return port


def _refusal(address: str, port: int) -> AddressTaken | ConfigError:
    """Return the kernel's reason for refusing an address, which gRPC does not report."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    number = errno.EADDRINUSE
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            number = error.errno or number
    if number == errno.EADDRINUSE:
        return AddressTaken(f"{address}:{port} is in use by another program: stop it, or choose another grpc.port")
    message = f"this machine cannot listen on {address}:{port}: {os.strerror(number)}"
    return ConfigError(f"grpc.host: {message}", (("grpc.host", message),))


@contextmanager
def listen_on_socket(server: grpc.aio.Server, path: Path) -> Iterator[Path]:
    """Make a server listen on a Unix socket that only its owner can connect to; remove the socket on exit.

    Raises:
        AddressTaken: A running program listens there.
        ConfigError: The path cannot be used.
    """
    path = path.absolute()
    _check_path(path)
    _remove_stale(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = _make_socket(server, path)
    except FileExistsError as error:
        raise AddressTaken(f"{path} was taken by another program: choose another grpc.socket") from error
    except (OSError, RuntimeError) as error:
        message = f"{path} cannot be created: {error}"
        raise ConfigError(f"grpc.socket: {message}", (("grpc.socket", message),)) from error
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            if path.stat().st_ino == made:
                path.unlink()


def _make_socket(server: grpc.aio.Server, path: Path) -> int:
    """Create the socket in a private folder, and link it to its path after its permissions are set."""
    with tempfile.TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        hidden = Path(folder, "s")
        server.add_insecure_port(f"unix:{hidden}")
        hidden.chmod(0o600)
        os.link(hidden, path)
        return hidden.stat().st_ino


def _check_path(path: Path) -> None:
    if len(os.fsencode(path)) > _LONGEST_PATH:
        message = f"{path} is longer than {_LONGEST_PATH} bytes, the maximum for a socket: use a shorter path"
        raise ConfigError(f"grpc.socket: {message}", (("grpc.socket", message),))


def _remove_stale(path: Path) -> None:
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(facts.st_mode):
        message = f"{path} exists and is not a socket: choose another path"
        raise ConfigError(f"grpc.socket: {message}", (("grpc.socket", message),))
    if _answers(path):
        raise AddressTaken(f"{path} is in use by another program: stop it, or choose another grpc.socket")
    path.unlink(missing_ok=True)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # the socket is busy, or belongs to another user: a program listens there
    return True
