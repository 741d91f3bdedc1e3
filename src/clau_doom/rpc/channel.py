"""Creation of a client's channel to an address, and lookup of its token."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import grpc

from clau_doom.access import is_token, read_token
from clau_doom.config import is_loopback
from clau_doom.errors import ConfigError
from clau_doom.parameter_names import parameter
from clau_doom.regular_files import read_regular
from clau_doom.rpc.tls_diagnosis import TlsFiles

__all__ = ["LARGEST_ANSWER", "TOKEN_VARIABLE", "dial", "find_token", "is_plain"]

LARGEST_ANSWER = 1 << 30
"""Maximum size of a server's message in bytes: 8 a gene; a generation in a log has at most 90 million."""

TOKEN_VARIABLE = "CLAU_DOOM_TOKEN"  # noqa: S105 - the name of a variable

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", LARGEST_ANSWER),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    # A separate connection, which ends with its client.
    ("grpc.use_local_subchannel_pool", 1),
    # Otherwise a reconnection to a restarted server takes minutes.
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5_000),
)


def find_token(
    address: str, token_file: Path | None, default_token_file: Path | None, environ: Mapping[str, str]
) -> str | None:
    """Return the token from the named file, the environment variable, or the default file.

    Raises:
        ConfigError: A file cannot be used, or the variable holds no token.
    """
    if token_file is not None:
        return read_token(token_file)
    if token := environ.get(TOKEN_VARIABLE, "").strip():
        if not is_token(token):
            raise ConfigError(
                f"{TOKEN_VARIABLE} is not a token, which is printable ASCII without spaces: "
                f"copy it from the server's token file, or use {parameter('token_file', metavar='FILE')}"
            )
        return token
    if default_token_file is None or not is_loopback(address.rpartition(":")[0]) or not default_token_file.exists():
        return None  # the local token is never sent to another machine
    return read_token(default_token_file)


@asynccontextmanager
async def dial(address: str, files: TlsFiles) -> AsyncIterator[grpc.aio.Channel]:
    """Yield a channel to an address; the connection is made by the first call.

    Args:
        address: ``host:port`` or ``unix:PATH``.
        files: The client's files for TLS.

    Raises:
        ConfigError: The address is malformed, or a file cannot be read.
    """
    target, _ = _target(address)
    if (files.certificate is None) != (files.key is None):
        missing = "key" if files.certificate else "certificate"
        raise ConfigError(
            f"a client certificate needs its key: give {parameter(missing)} (CLAU_DOOM_{missing.upper()}), too"
        )
    if is_plain(address, files):
        # A proxy from the environment would redirect the connection.
        channel = grpc.aio.insecure_channel(target, options=(*_OPTIONS, ("grpc.enable_http_proxy", 0)))
    else:
        ca, key, certificate = _read(files.ca), _read(files.key), _read(files.certificate)
        _check(files)
        credentials = grpc.ssl_channel_credentials(ca, key, certificate)
        channel = grpc.aio.secure_channel(target, credentials, options=_OPTIONS)
    async with channel:
        yield channel


def is_plain(address: str, files: TlsFiles) -> bool:
    """Return whether the connection to an address uses plain text, which is allowed on this machine only."""
    return _target(address)[1] and not files.given


def _check(files: TlsFiles) -> None:
    """Refuse errors here that gRPC would refuse without a reason."""
    try:
        files.context()
    except (ssl.SSLError, ValueError) as error:
        named = [f"{name} {path}" for name, path in vars(files).items() if path]
        raise ConfigError(
            f"{', '.join(named)} cannot be used: {error}: use PEM files of one key pair, without a passphrase"
        ) from error


def _target(address: str) -> tuple[str, bool]:
    """Return the address in gRPC's form, and whether the connection stays on this machine."""
    scheme, _, path = address.partition(":")
    if scheme == "unix" and path:
        return f"unix:{Path(path).absolute()}", True
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not (port.isdecimal() and 0 < int(port) < 65536):
        raise ConfigError(f"{address!r} is not a server address: use host:port, such as 127.0.0.1:50051, or unix:PATH")
    return f"dns:///{host}:{port}", is_loopback(host)


def _read(path: Path | None) -> bytes | None:
    try:
        return read_regular(path) if path else None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
