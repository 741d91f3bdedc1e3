"""Checks of the Docker daemon before a run is stored or started."""

from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.container_lifecycle import check_image
from clau_doom.backends.docker.daemon import Daemon
from clau_doom.backends.docker.network import check_network

__all__ = ["check_daemon"]


async def check_daemon(config: DockerConfig) -> None:
    """Check that containers of a configuration can be created.

    Raises:
        ContainerRefused: The image is missing, or the network lets containers reach other networks or each other.
        DockerUnreachable: No daemon answers.
    """
    async with Daemon() as daemon:
        await check_image(daemon, config.image)
        await check_network(daemon, config.network)
