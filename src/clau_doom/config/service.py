"""The sections of the service: how an orchestrator is reached, what it tells others, and what it allows.

None of them decides a result, and a resume may change them all.
"""

import contextlib
import ipaddress
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from clau_doom.config.duration import Duration
from clau_doom.config.limits import LimitsConfig
from clau_doom.config.paths import FilePath
from clau_doom.config.section import FromList, Section
from clau_doom.config.size import Size

__all__ = ["SERVICE_SECTIONS", "GrpcConfig", "MetricsConfig", "NatsConfig", "ServerConfig", "WebConfig", "is_loopback"]

_NATS_SCHEMES = ("nats", "tls", "ws", "wss")


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine itself, to which nobody else can connect."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return False


def _check_nats_url(text: str) -> str:
    """Refuse what nats-py cannot connect to. The value may hold a password, so that no message shows it."""
    for url in re.split(r",\s*(?=[a-z]+://)", text):
        if problem := _nats_url_problem(url):
            raise PydanticCustomError("secret_value", "{problem}", {"problem": problem})
    return text


def _nats_url_problem(url: str) -> str:
    scheme, mark, rest = url.rpartition("://")
    login, _, address = rest.rpartition("@")
    if (mark and scheme not in _NATS_SCHEMES) or "://" in scheme:
        return "is no address of a NATS server: begin it with nats://, tls://, ws:// or wss://"
    if login and not mark:
        return "has a user without a scheme: write nats:// before it"
    if set(login) & set("/#?[]") or not login.isprintable():
        return "has a user or a password with '/', '#', '?', '[' or ']': change it, or use nats.credentials"
    try:
        parts = urlsplit(f"nats://{address}")
        fine = bool(parts.hostname) and parts.port != 0 and not parts.query and not parts.fragment
    except ValueError:
        fine = False
    if not fine or not address.isprintable() or " " in address:
        return "is no address of a NATS server: write nats://HOST:PORT, with a port from 1 to 65535"
    return ""


class GrpcConfig(Section):
    """The gRPC API of `clau-doom serve`."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Where to listen; beyond loopback TLS is needed.")
    port: int = Field(default=50051, ge=0, le=65535, description="The port; 0: any that is free.")
    socket: FilePath | None = Field(
        default=None, description="A Unix socket to listen on as well, which needs no token."
    )
    token_file: FilePath | None = Field(
        default=None, description="The bearer token's file; default: one made in the output folder."
    )
    certificate: FilePath | None = Field(default=None, description="The TLS certificate's file (PEM).")
    key: FilePath | None = Field(default=None, description="The certificate's private key (PEM).")
    client_ca: FilePath | None = Field(
        default=None, description="Ask clients for a certificate that this authority signed (PEM)."
    )


class NatsConfig(Section):
    """Events over NATS."""

    enabled: bool = Field(
        default=False, description="Publish every event; a server that cannot be reached is an error."
    )
    url: Annotated[str, AfterValidator(_check_nats_url)] = Field(
        default="nats://localhost:4222", min_length=1, description="The server, or several with commas between them."
    )
    jetstream: bool = Field(default=True, description="Keep what is published in a JetStream stream.")
    stream: str = Field(default="CLAU_DOOM", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The stream's name.")
    max_bytes: Size | None = Field(
        default=None, description="Most bytes of the stream; a full one takes no more events, which wait for room."
    )
    control: bool = Field(default=False, description="Obey pause, resume and cancel on clau-doom.control subjects.")
    credentials: FilePath | None = Field(
        default=None, description="A NATS credentials file; control needs one, or a user in the url."
    )


class MetricsConfig(Section):
    """Prometheus metrics of `clau-doom serve`."""

    enabled: bool = Field(default=True, description="Serve /metrics, /healthz and /readyz.")
    host: str = Field(default="127.0.0.1", min_length=1, description="Where to listen.")
    port: int = Field(default=9464, ge=0, le=65535, description="The port; 0: any that is free.")


class WebConfig(Section):
    """The dashboard of `clau-doom serve` and `clau-doom run --web`."""

    enabled: bool = Field(default=True, description="Serve the dashboard (`run` does with --web only).")
    host: str = Field(default="127.0.0.1", min_length=1, description="Where to listen; beyond loopback TLS is needed.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port; 0: any that is free.")
    certificate: FilePath | None = Field(default=None, description="The TLS certificate's file (PEM).")
    key: FilePath | None = Field(default=None, description="The certificate's private key (PEM).")


class ServerConfig(Section):
    """What `clau-doom serve` allows, and how it ends."""

    grace: Duration = Field(default=10.0, description="How long running episodes may take to end at SIGTERM.")
    policies: Annotated[tuple[str, ...], FromList] = Field(
        default=(),
        description="Policy classes that clients may name.",
        examples=[["my_policy:MyPolicy"]],
    )
    scenarios: Annotated[tuple[str, ...], FromList] = Field(
        default=(), description="Scenario files (.cfg) that clients may name.", examples=[["/srv/maze.cfg"]]
    )
    agents: Annotated[tuple[str, ...], FromList] = Field(
        default=(), description="Addresses of remote agents that clients may name.", examples=[["localhost:50061"]]
    )
    images: Annotated[tuple[str, ...], FromList] = Field(
        default=(), description="Images that clients may name.", examples=[["gatherer"]]
    )
    max_experiments: int = Field(
        default=10_000, ge=1, description="Most experiments in the folder; a server that has as many starts no others."
    )
    max_stored: Size = Field(
        default=1 << 40,
        description="Most bytes of the folder's databases; a server that has as many starts no others.",
    )


SERVICE_SECTIONS: Mapping[str, type[Section]] = MappingProxyType(
    {
        "grpc": GrpcConfig,
        "nats": NatsConfig,
        "metrics": MetricsConfig,
        "web": WebConfig,
        "server": ServerConfig,
        "limits": LimitsConfig,
    }
)
"""The sections of the service by name; what an experiment stores of them is their defaults."""
