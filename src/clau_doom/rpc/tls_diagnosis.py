"""Causes of a failed connection to a server, found with a separate TLS handshake.

gRPC reports a refused certificate as a closed connection. Python's `ssl` gives the alert that the server sent.
"""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from clau_doom.errors import ClauDoomError, NotAuthenticated, ServerUnreachable
from clau_doom.parameter_names import parameter

__all__ = ["TlsFiles", "explain"]

_PATIENCE = 3.0
"""Seconds for the connection, for the handshake and for the server's first bytes."""

_CLOSED = "it closed the connection after the handshake"


@dataclass(frozen=True, kw_only=True)
class TlsFiles:
    """A client's files for TLS (PEM).

    Attributes:
        ca: The authority of the server's certificate, or None for those of the system.
        certificate: The client's certificate, or None.
        key: The key of the client's certificate, or None.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def given(self) -> bool:
        """Whether any file is set. TLS is then used on loopback, too."""
        return bool(self.ca or self.certificate or self.key)

    def context(self) -> ssl.SSLContext:
        """Return a context with the files.

        Raises:
            OSError: A file cannot be read.
            ssl.SSLError: A file is not PEM, or the key does not belong to the certificate.
        """
        context = ssl.create_default_context(cafile=self.ca)
        context.set_alpn_protocols(["h2"])
        if self.certificate:
            # Without the empty password, OpenSSL asks for one on the terminal.
            context.load_cert_chain(self.certificate, self.key, password="")
        return context


def explain(address: str, files: TlsFiles, *, plain: bool) -> ClauDoomError | None:
    """Return the cause of a failed connection, or None if TLS is not the cause.

    Args:
        address: The server's ``host:port``.
        files: The client's files.
        plain: Whether the connection was in plain text.
    """
    host, _, port = address.rpartition(":")
    context = files.context()
    if plain:  # only checks whether the server uses TLS
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    shaken = False
    try:
        with (
            socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE) as raw,
            context.wrap_socket(raw, server_hostname=host.strip("[]")) as secure,
        ):
            shaken = True
            # In TLS 1.3, the client's handshake ends before the server checks the client's certificate.
            closed = not plain and not secure.recv(1)
    except ssl.SSLCertVerificationError as error:
        return ServerUnreachable(
            f"the certificate of the server at {address} is not valid: {error.verify_message}: "
            f"use {parameter('ca', metavar='FILE')} for its authority, and an address from its certificate"
        )
    except ssl.SSLError as error:
        return None if plain and not shaken else _from_alert(address, files, error.reason or "")
    except UnicodeError:  # the host is not a valid name, for example with a label of 64 characters
        return None
    except OSError as error:
        closed = shaken and isinstance(error, ConnectionError)
    if plain and shaken:
        return ServerUnreachable(
            f"the server at {address} uses TLS: give the authority of its certificate with "
            f"{parameter('ca', metavar='FILE')}"
        )
    return _refused(address, files, _CLOSED) if closed else None


def _from_alert(address: str, files: TlsFiles, reason: str) -> ClauDoomError | None:
    if "ALERT" in reason:
        return _refused(address, files, reason.rpartition("ALERT_")[2].lower().replace("_", " "))
    if reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return ServerUnreachable(
            f"the server at {address} does not use TLS: omit {parameter('ca')} and {parameter('certificate')}"
        )
    return None


def _refused(address: str, files: TlsFiles, reason: str) -> ClauDoomError:
    if files.certificate is None:
        return NotAuthenticated(
            f"the server at {address} requires a client certificate ({reason}): "
            f"give {parameter('certificate', metavar='FILE')} and {parameter('key', metavar='FILE')}, or set "
            "CLAU_DOOM_CERTIFICATE and CLAU_DOOM_KEY"
        )
    return NotAuthenticated(
        f"the server at {address} refuses the client certificate {files.certificate} ({reason}): "
        "use one signed by the authority in its grpc.client_ca"
    )
