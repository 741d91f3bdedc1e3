"""The section of the Docker backend: what an agent's container is made of, and what it may have."""

from typing import Literal

from pydantic import Field, PositiveFloat

from clau_doom.config.section import Section
from clau_doom.config.size import Size

__all__ = ["DockerConfig"]

_ADDRESS = r"^([^\s:/]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$"


class DockerConfig(Section):
    """The Docker backend: each agent in a container of its own."""

    image: str = Field(
        default="clau-doom-agent",
        pattern=r"^[a-z0-9][A-Za-z0-9._/:@-]{0,254}$",
        description="The image of the agents' containers, built by `make image` or FROM it; it must be there already.",
    )
    network: str = Field(
        default="clau-doom-net",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
        description="The containers' network; made when absent, without a way out and without traffic among them.",
    )
    listen: str | None = Field(
        default=None,
        pattern=_ADDRESS,
        description="Where workers are waited for, as host:port; default: any free port of the network's gateway.",
    )
    advertise: str | None = Field(
        default=None, pattern=_ADDRESS, description="The address that containers dial, where it is not `listen`."
    )
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="For policies of kind remote: where the image's own AgentService listens.",
    )
    memory: Size = Field(default=512 << 20, ge=64 << 20, description="The most memory of a container; no swap.")
    cpus: PositiveFloat = Field(default=1.0, le=1024.0, description="The most processor time, in cores.")
    pin: bool = Field(default=True, description="Keep each container on a core of its own.")
    pids: int = Field(default=128, ge=16, le=100_000, description="The most processes and threads of a container.")
    tmpfs: Size = Field(default=64 << 20, description="Room under /tmp, the only place that a container can write to.")
    verify: Literal["champions", "parents", "all", "none"] = Field(
        default="champions",
        description="Whose episodes are proved by replaying their actions here; the judged ones always, unless none.",
    )
    start_timeout: PositiveFloat = Field(default=60.0, description="Seconds for a container to be ready to play.")
    stall_timeout: PositiveFloat = Field(
        default=10.0,
        description="Seconds without progress or a heartbeat after which a worker counts as hung.",
    )
