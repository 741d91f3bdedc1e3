"""The sections of the service: how an orchestrator is reached, what it tells others, and what it allows.

None of them decides a result, and a resume may change them all.
"""

import contextlib
import ipaddress
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from clau_doom.config.duration import Duration
from clau_doom.config.limits import LimitsConfig
from clau_doom.config.section import FromList, Section

__all__ = ["SERVICE_SECTIONS", "GrpcConfig", "MetricsConfig", "NatsConfig", "ServerConfig", "WebConfig", "is_loopback"]


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine itself, to which nobody else can connect."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return False


class GrpcConfig(Section):
    """The gRPC API of `clau-doom serve`."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Where to listen; beyond loopback TLS is needed.")
    port: int = Field(default=50051, ge=0, le=65535, description="The port; 0: any that is free.")
    socket: str | None = Field(
        default=None, min_length=1, description="A Unix socket to listen on as well, which needs no token."
    )
    token_file: str | None = Field(
        default=None, min_length=1, description="The bearer token's file; default: one made in the output folder."
    )
    certificate: str | None = Field(default=None, min_length=1, description="The TLS certificate's file (PEM).")
    key: str | None = Field(default=None, min_length=1, description="The certificate's private key (PEM).")
    client_ca: str | None = Field(
        default=None, min_length=1, description="Ask clients for a certificate that this authority signed (PEM)."
    )


class NatsConfig(Section):
    """Events over NATS."""

    enabled: bool = Field(
        default=False, description="Publish every event; a server that cannot be reached is an error."
    )
    url: str = Field(default="nats://localhost:4222", min_length=1, description="The server.")
    jetstream: bool = Field(default=True, description="Keep what is published in a JetStream stream.")
    stream: str = Field(default="CLAU_DOOM", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="The stream's name.")
    control: bool = Field(default=False, description="Obey pause, resume and cancel on clau-doom.control subjects.")
    credentials: str | None = Field(
        default=None, min_length=1, description="A NATS credentials file; control needs one, or a user in the url."
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
    certificate: str | None = Field(default=None, min_length=1, description="The TLS certificate's file (PEM).")
    key: str | None = Field(default=None, min_length=1, description="The certificate's private key (PEM).")


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
