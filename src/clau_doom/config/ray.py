"""The section of the Ray backend: which cluster, and what each worker takes of it."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, StringConstraints

from clau_doom.config.paths import FilePath
from clau_doom.config.section import FromList, Section
from clau_doom.config.size import Size

__all__ = ["RayConfig"]

_ADDRESS = r"^(auto|[^\s:/]+:\d{1,5}|\[[0-9A-Fa-f:]+\]:\d{1,5})$"
ResourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.:-]{0,99}$")]


class RayConfig(Section):
    """The Ray backend: workers on the nodes of a cluster."""

    address: str | None = Field(
        default=None,
        pattern=_ADDRESS,
        description="The cluster's head as host:port, or auto for that of this machine; null: start one here.",
    )
    cpus: PositiveFloat = Field(default=1.0, le=1024.0, description="What each worker takes of a node's CPUs.")
    memory: Size | None = Field(
        default=None, description="What each worker takes of a node's memory; null: not counted."
    )
    resources: dict[ResourceName, PositiveFloat] = Field(
        default={},
        max_length=16,
        description="What each worker takes of the cluster's own resources.",
        examples=[{"doom": 1.0}],
    )
    placement: Literal["spread", "pack"] = Field(
        default="spread", description="Whether workers go to as many nodes as there are, or to few."
    )
    modules: Annotated[tuple[FilePath, ...], FromList] = Field(
        default=(),
        max_length=32,
        description="Python files and packages that a policy imports, sent to the nodes with it.",
    )
    pin: bool = Field(default=True, description="Keep each worker on a core of its own (Linux).")
    connect_timeout: PositiveFloat = Field(default=60.0, description="Seconds for the cluster to answer.")
    start_timeout: PositiveFloat = Field(
        default=120.0, description="Seconds for a first worker to have a place and be ready."
    )
    stall_timeout: PositiveFloat = Field(
        default=10.0,
        description="Seconds without a sign of life after which an engine, a worker or the head is lost.",
    )
