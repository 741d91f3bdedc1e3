"""Who may come in: the token in its file, certificates, and the addresses that can do without them."""

import contextlib
import os
import secrets
import socket
import ssl
import stat
from pathlib import Path

import grpc

from clau_doom.config import GrpcConfig, is_loopback
from clau_doom.errors import ConfigError

__all__ = ["addresses", "read_token", "server_credentials", "token_of"]

_TOKEN_BYTES = 32
_LONGEST_TOKEN = 4096


def token_of(path: Path) -> str:
    """Return the token in a file that only its owner can read; make the file when there is none.

    Raises:
        ConfigError: The file cannot be used, or others could read it.
    """
    if not path.exists():
        try:
            _make_token(path)
        except OSError as error:
            raise ConfigError(f"the token file {path} cannot be made: {error.strerror}") from error
    return read_token(path)


def _make_token(path: Path) -> None:
    """Make the file with its content, so that whoever finds it finds all of it; one that is there by now stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(_TOKEN_BYTES) + "\n")
    try:
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()


def read_token(path: Path) -> str:
    """Return the token in a file that only its owner can read.

    Raises:
        ConfigError: The file cannot be used, or others could read it.
    """
    try:
        with path.open("rb") as file:
            _check_private(path, os.fstat(file.fileno()))
            token = file.read(_LONGEST_TOKEN + 1).decode("ascii").strip()
    except OSError as error:
        raise ConfigError(f"the token file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        token = ""
    if not token or len(token) > _LONGEST_TOKEN or not token.isprintable() or " " in token:
        raise ConfigError(f"the token file {path} holds no token: remove it, and the server makes a new one")
    return token


def _check_private(path: Path, facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ConfigError(f"the token file {path} is no file")
    if facts.st_uid != os.geteuid():
        raise ConfigError(
            f"the token file {path} belongs to user {facts.st_uid} and not to you ({os.geteuid()}): "
            "name a file of your own (grpc.token_file)"
        )
    if stat.S_IMODE(facts.st_mode) & 0o077:
        mode = stat.S_IMODE(facts.st_mode)
        raise ConfigError(f"the token file {path} can be read by others (mode {mode:04o}): chmod 600 {path}")


def addresses(host: str) -> tuple[str, ...]:
    """Return the addresses that a host to listen on means.

    gRPC is content when it can listen on one of several; we are given each by itself.

    Raises:
        ConfigError: There are none.
    """
    host = host.strip("[]")
    if host == "localhost":
        return ("127.0.0.1",)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        message = f"{host!r} is no host of this machine: use an address such as 127.0.0.1 or 0.0.0.0"
        raise ConfigError(f"grpc.host: {message}", (("grpc.host", message),)) from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def server_credentials(config: GrpcConfig) -> grpc.ServerCredentials | None:
    """Return what to listen with, or None for plain text, which only this machine itself may use.

    Raises:
        ConfigError: The address needs more than was given, or a file cannot be used.
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
        reason = f"whoever can reach {config.host} could read the token, because nothing encrypts it"
    else:
        return
    problems = tuple((f"grpc.{name}", "is missing: name a PEM file") for name in missing)
    remedy = "give grpc.certificate and grpc.key (PEM files), or listen on 127.0.0.1 without them"
    raise ConfigError(f"the gRPC server does not start: {reason}: {remedy}", problems)


def _check_pair(config: GrpcConfig) -> None:
    """Refuse here what gRPC would refuse without a reason."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(str(config.certificate), str(config.key), password="")
        if config.client_ca:
            context.load_verify_locations(config.client_ca)
    except (ssl.SSLError, OSError, ValueError) as error:
        files = f"grpc.certificate {config.certificate} and grpc.key {config.key}"
        if config.client_ca:
            files += f" (with grpc.client_ca {config.client_ca})"
        remedy = "use PEM files that belong together, the key without a passphrase"
        raise ConfigError(f"{files} cannot be used: {error}: {remedy}") from error


def _read(name: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise ConfigError(f"{name}: {message}", ((name, message),)) from error
