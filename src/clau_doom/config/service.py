"""Configuration sections of the service: gRPC, NATS, metrics, dashboard and server limits.

They do not affect results, and a resume may change all of them.
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

from clau_doom.config.base_section import ConfigSection, FromList
from clau_doom.config.duration import Duration
from clau_doom.config.experiment_limits import LimitsConfig
from clau_doom.config.memory_size import Size
from clau_doom.config.path_fields import AgentAddress, FilePath, ScenarioName

__all__ = ["SERVICE_SECTIONS", "GrpcConfig", "MetricsConfig", "NatsConfig", "ServerConfig", "WebConfig", "is_loopback"]

_NATS_SCHEMES = ("nats", "tls", "ws", "wss")


def is_loopback(host: str) -> bool:
    """Return whether a host is a loopback address or localhost."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return False


def _check_nats_url(text: str) -> str:
    """Refuse URLs that nats-py cannot use. Messages do not show the value, because it may hold a password."""
    for url in re.split(r",\s*(?=[a-z]+://)", text):
        if problem := _nats_url_problem(url):
            raise PydanticCustomError("secret_value", "{problem}", {"problem": problem})
    return text


def _nats_url_problem(url: str) -> str:
    scheme, mark, rest = url.rpartition("://")
    login, _, address = rest.rpartition("@")
    if (mark and scheme not in _NATS_SCHEMES) or "://" in scheme:
        return "is not an address of a NATS server: begin it with nats://, tls://, ws:// or wss://"
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
        return "is not an address of a NATS server: write nats://HOST:PORT, with a port from 1 to 65535"
    return ""


class GrpcConfig(ConfigSection):
    """gRPC API of `clau-doom serve`."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Host to listen on; TLS unless loopback.")
    port: int = Field(default=50051, ge=0, le=65535, description="Port; 0: any free port.")
    socket: FilePath | None = Field(
        default=None, description="Additional Unix socket to listen on, which needs no token."
    )
    token_file: FilePath | None = Field(
        default=None, description="File of the bearer token; default: a file created in the output folder."
    )
    certificate: FilePath | None = Field(default=None, description="File of the TLS certificate (PEM).")
    key: FilePath | None = Field(default=None, description="File of the certificate's private key (PEM).")
    client_ca: FilePath | None = Field(
        default=None, description="File of the authority (PEM) that must have signed clients' certificates."
    )


class NatsConfig(ConfigSection):
    """Events over NATS."""

    enabled: bool = Field(default=False, description="Publish all events; an unreachable server is an error.")
    url: Annotated[str, AfterValidator(_check_nats_url)] = Field(
        default="nats://localhost:4222",
        min_length=1,
        description="URL of the server, or several URLs separated by commas.",
    )
    jetstream: bool = Field(default=True, description="Keep published events in a JetStream stream.")
    stream: str = Field(default="CLAU_DOOM", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Name of the stream.")
    max_bytes: Size | None = Field(
        default=None, description="Maximum size of the stream; while it is full, events wait."
    )
    control: bool = Field(default=False, description="Accept pause, resume and cancel on clau-doom.control subjects.")
    credentials: FilePath | None = Field(
        default=None, description="NATS credentials file; control needs one, or a user in the url."
    )


class MetricsConfig(ConfigSection):
    """Prometheus metrics of `clau-doom serve`."""

    enabled: bool = Field(default=True, description="Serve /metrics, /healthz and /readyz.")
    host: str = Field(default="127.0.0.1", min_length=1, description="Host to listen on.")
    port: int = Field(default=9464, ge=0, le=65535, description="Port; 0: any free port.")


class WebConfig(ConfigSection):
    """Dashboard of `clau-doom serve` and `clau-doom run --web`."""

    enabled: bool = Field(default=True, description="Serve the dashboard (`run` serves it only with --web).")
    host: str = Field(default="127.0.0.1", min_length=1, description="Host to listen on; TLS unless loopback.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port; 0: any free port.")
    certificate: FilePath | None = Field(default=None, description="File of the TLS certificate (PEM).")
    key: FilePath | None = Field(default=None, description="File of the certificate's private key (PEM).")


class ServerConfig(ConfigSection):
    """Limits, allow-lists and shutdown of `clau-doom serve`."""

    grace: Duration = Field(default=10.0, description="Time after SIGTERM in which running episodes may end.")
    measures: Annotated[tuple[str, ...], FromList] = Field(
        default=(), description="Measures (module:function) that experiments of clients may use."
    )
    policies: Annotated[tuple[str, ...], FromList] = Field(
        default=(),
        description="Policy classes that clients may use.",
        examples=[["my_policy:MyPolicy"]],
    )
    strategies: Annotated[tuple[str, ...], FromList] = Field(
        default=(),
        description="Strategy classes that clients may use.",
        examples=[["my_es:OpenAIES"]],
    )
    scenarios: Annotated[tuple[ScenarioName, ...], FromList] = Field(
        default=(), description="Scenario files (.cfg) that clients may use.", examples=[["/srv/maze.cfg"]]
    )
    agents: Annotated[tuple[AgentAddress, ...], FromList] = Field(
        default=(), description="Addresses of remote agents that clients may use.", examples=[["localhost:50061"]]
    )
    images: Annotated[tuple[str, ...], FromList] = Field(
        default=(), description="Images that clients may use.", examples=[["gatherer"]]
    )
    max_experiments: int = Field(
        default=10_000, ge=1, description="Maximum number of experiments; at the limit, no experiment starts."
    )
    max_stored: Size = Field(
        default=1 << 40,
        description="Maximum size of the folder's databases; at the limit, no experiment starts.",
    )


SERVICE_SECTIONS: Mapping[str, type[ConfigSection]] = MappingProxyType(
    {
        "grpc": GrpcConfig,
        "nats": NatsConfig,
        "metrics": MetricsConfig,
        "web": WebConfig,
        "server": ServerConfig,
        "limits": LimitsConfig,
    }
)
"""Sections of the service by name; experiments store their defaults."""
