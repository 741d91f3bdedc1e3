"""Certificates of the gRPC server, and check of the addresses that require none."""

import socket
import ssl
from pathlib import Path

import grpc

from clau_doom.config import GrpcConfig, is_loopback
from clau_doom.errors import ConfigError
from clau_doom.regular_files import read_regular

__all__ = ["addresses", "server_credentials"]


def addresses(host: str) -> tuple[str, ...]:
    """Return the addresses of a host to listen on.

    gRPC reports success if it can listen on one of several addresses; the caller therefore opens each separately.

    Raises:
        ConfigError: The host has no address.
    """
    host = host.strip("[]")
    if host == "localhost":
        return ("127.0.0.1",)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        message = f"{host!r} is not an address of this machine: use an address such as 127.0.0.1 or 0.0.0.0"
        raise ConfigError(f"grpc.host: {message}", (("grpc.host", message),)) from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def server_credentials(config: GrpcConfig) -> grpc.ServerCredentials | None:
    """Return the credentials of the listener, or None for plain text, which is allowed on loopback only.

    Raises:
        ConfigError: The address requires a certificate, or a file cannot be used.
    """
    if config.certificate is None or config.key is None:
        _check_plain(config)
        return None
    certificate, key = _read("grpc.certificate", config.certificate), _read("grpc.key", config.key)
    client_ca = _read("grpc.client_ca", config.client_ca) if config.client_ca else None
    _check_pair(config)
    return grpc.ssl_server_credentials(
        [(key, certificate)], root_certificates=client_ca, require_client_auth=client_ca is not None
    )


def _check_plain(config: GrpcConfig) -> None:
    given = [name for name in ("certificate", "key", "client_ca") if getattr(config, name)]
    missing = [name for name in ("certificate", "key") if not getattr(config, name)]
    if given:
        reason = f"grpc.{given[0]} is given without {' and '.join(f'grpc.{name}' for name in missing)}"
    elif not is_loopback(config.host):
        reason = f"a connection to {config.host} without TLS would reveal the token"
    else:
        return
    problems = tuple((f"grpc.{name}", "is missing: set it to a PEM file") for name in missing)
    remedy = "give grpc.certificate and grpc.key (PEM files), or listen on 127.0.0.1 without them"
    raise ConfigError(f"the gRPC server does not start: {reason}: {remedy}", problems)


def _check_pair(config: GrpcConfig) -> None:
    """Refuse a certificate and key here that gRPC would refuse without a reason."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(str(config.certificate), str(config.key), password="")
        if config.client_ca:
            context.load_verify_locations(config.client_ca)
    except (ssl.SSLError, OSError, ValueError) as error:
        files = f"grpc.certificate {config.certificate} and grpc.key {config.key}"
        if config.client_ca:
            files += f" (with grpc.client_ca {config.client_ca})"
        remedy = "use PEM files of one key pair, without a passphrase"
        raise ConfigError(f"{files} cannot be used: {error}: {remedy}") from error


def _read(name: str, path: str) -> bytes:
    try:
        return read_regular(Path(path))
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise ConfigError(f"{name}: {message}", ((name, message),)) from error
