"""Docker backend: each agent in its own container, with limits and without a network.

`ContainerManager` creates and removes containers, which are known by their labels. Workers connect to `WorkerServer`
with a token that is valid once. A `WorkerSession` checks the messages of one worker. An `AgentContainer` is one agent's
container from creation to removal. `DockerBackend` assigns the places. The daemon is reached through aiodocker.
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
from clau_doom.backends.docker.worker_session import ExpectedIdentity, SessionLimits

__all__ = [
    "EXPERIMENT",
    "GENERATION",
    "ContainerManager",
    "Daemon",
    "DaemonFacts",
    "DockerBackend",
    "ExpectedIdentity",
    "Found",
    "Network",
    "Service",
    "SessionLimits",
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
