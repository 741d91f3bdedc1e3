"""Each agent in a container of its own: limited, without a way out, and not trusted.

`ContainerManager` makes and removes containers, known by their labels alone; `Gate` is where their workers come in,
with a token that is good once; a `Session` hears one worker out and believes nothing; a `Tenant` is an agent's stay
from making to removal; `DockerBackend` gives the places out. The daemon is spoken to through aiodocker.
"""

from clau_doom.backends.docker.backend import DockerBackend
from clau_doom.backends.docker.container_lifecycle import (
    EXPERIMENT,
    GENERATION,
    ContainerManager,
    Found,
    SpawnAgent,
    check_image,
    cleanup,
    found,
)
from clau_doom.backends.docker.daemon import Daemon, DaemonFacts
from clau_doom.backends.docker.image_inspection import describe_image, describe_service
from clau_doom.backends.docker.network import Network, find_network, found_networks, remove_network
from clau_doom.backends.docker.preflight import check_daemon
from clau_doom.backends.docker.worker_connectors import Service
from clau_doom.backends.docker.worker_session import Hellos, Rules

__all__ = [
    "EXPERIMENT",
    "GENERATION",
    "ContainerManager",
    "Daemon",
    "DaemonFacts",
    "DockerBackend",
    "Found",
    "Hellos",
    "Network",
    "Rules",
    "Service",
    "SpawnAgent",
    "check_daemon",
    "check_image",
    "cleanup",
    "describe_image",
    "describe_service",
    "find_network",
    "found",
    "found_networks",
    "remove_network",
]
