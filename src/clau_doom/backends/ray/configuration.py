"""Configuration section of the Ray backend: cluster and resources of each worker."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, StringConstraints

from clau_doom.config.backend_registry import BackendSection
from clau_doom.config.base_section import FromList
from clau_doom.config.memory_size import Size
from clau_doom.config.path_fields import FilePath

__all__ = ["RayConfig"]

_ADDRESS = r"^(auto|[^\s:/]+:\d{1,5}|\[[0-9A-Fa-f:]+\]:\d{1,5})$"
ResourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:-]{0,99}$")]


class RayConfig(BackendSection):
    """Ray backend: workers on the nodes of a cluster."""

    address: str | None = Field(
        default=None,
        pattern=_ADDRESS,
        description="Address of the cluster's head, host:port, or auto for a cluster on this machine; null: start one.",
    )
    cpus: PositiveFloat = Field(default=1.0, le=1024.0, description="CPUs reserved for each worker.")
    memory: Size | None = Field(default=None, description="Memory reserved for each worker; null: no reservation.")
    resources: dict[ResourceName, PositiveFloat] = Field(
        default={},
        max_length=16,
        description="Custom resources reserved for each worker.",
        examples=[{"doom": 1.0}],
    )
    placement: Literal["spread", "pack"] = Field(
        default="spread", description="Spread workers over all nodes, or pack them onto few nodes."
    )
    modules: Annotated[tuple[FilePath, ...], FromList] = Field(
        default=(),
        max_length=32,
        description="Python files and packages that a policy imports, sent to the nodes with it.",
    )
    pin: bool = Field(default=True, description="Pin each worker to one core (Linux).")
    connect_timeout: PositiveFloat = Field(default=60.0, description="Seconds until the cluster must answer.")
    start_timeout: PositiveFloat = Field(
        default=120.0, description="Seconds until the first worker must be placed and ready."
    )
    stall_timeout: PositiveFloat = Field(
        default=10.0,
        description="Seconds without a response after which an engine, a worker or the head is considered lost.",
    )
