"""Configuration section of the Docker backend: image, network and limits of agents' containers."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, PositiveFloat

from clau_doom.config.backend_registry import BackendSection
from clau_doom.config.base_section import Clash
from clau_doom.config.memory_size import Size
from clau_doom.config.policies import PolicyConfig, RemotePolicyConfig

__all__ = ["DockerConfig"]

_ADDRESS = r"^([^\s:/]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$"


class DockerConfig(BackendSection):
    """Docker backend: each agent in its own container."""

    image: str = Field(
        default="clau-doom-agent",
        pattern=r"^[a-z0-9][A-Za-z0-9._/:@-]{0,254}$",
        description="Image of the agents' containers, built by `make image` or FROM it; it must exist locally.",
    )
    network: str = Field(
        default="clau-doom-net",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
        description="Network of the containers; created if missing, internal, without traffic among containers.",
    )
    listen: str | None = Field(
        default=None,
        pattern=_ADDRESS,
        description="Address for workers' connections, as host:port; default: a free port of the network's gateway.",
    )
    advertise: str | None = Field(
        default=None, pattern=_ADDRESS, description="Address that containers connect to, if it differs from `listen`."
    )
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="For policies of kind remote: port of the image's own AgentService.",
    )
    memory: Size = Field(default=512 << 20, ge=64 << 20, description="Memory limit of a container, without swap.")
    cpus: PositiveFloat = Field(default=1.0, le=1024.0, description="CPU limit of a container, in cores.")
    pin: bool = Field(default=True, description="Pin each container to one core.")
    pids: int = Field(default=128, ge=16, le=100_000, description="Limit of processes and threads of a container.")
    tmpfs: Size = Field(default=64 << 20, description="Size of /tmp, the only folder that a container can write to.")
    verify: Literal["champions", "parents", "all", "none"] = Field(
        default="champions",
        description="Agents whose episodes are verified by replaying their actions; champions always, unless none.",
    )
    start_timeout: PositiveFloat = Field(default=60.0, description="Seconds until a container must be ready to play.")
    stall_timeout: PositiveFloat = Field(
        default=10.0,
        description="Seconds without progress or heartbeat after which a worker is considered hung.",
    )

    def conflicts(self, policy: PolicyConfig) -> Iterator[Clash]:
        """Yield a conflict if a remote policy lacks the port of the image's service."""
        if isinstance(policy, RemotePolicyConfig) and self.port is None:
            remedy = "is the port of the image's AgentService and required for a policy of kind remote: set it"
            yield "docker.port", ("policy.kind", "execution.backend"), remedy
