"""Facts of the Docker daemon for a run: version, network and image."""

import asyncio
from dataclasses import dataclass

from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.container_lifecycle import check_image
from clau_doom.backends.docker.daemon import Daemon
from clau_doom.backends.docker.network import Network, find_network
from clau_doom.errors import ContainerRefused, DockerUnreachable

__all__ = ["DockerFacts", "examine_daemon"]

_PATIENCE = 10.0


@dataclass(frozen=True, kw_only=True)
class DockerFacts:
    """Facts of the daemon that concern a configuration.

    Attributes:
        version: Version of the daemon.
        api: The newest API version that client and daemon both support.
        system: Operating system and architecture.
        network: The containers' network, or None if it does not exist.
        image: Whether the image exists.
    """

    version: str
    api: str
    system: str
    network: Network | None
    image: bool


async def examine_daemon(config: DockerConfig) -> DockerFacts:
    """Return the daemon's facts for a configuration, without creating anything.

    Raises:
        ContainerRefused: The network cannot be used.
        DockerUnreachable: No daemon answers within ten seconds.
        InfrastructureFailed: The daemon has failed.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _facts(config)
    except TimeoutError:
        raise DockerUnreachable(f"the Docker daemon did not answer within {_PATIENCE:g} s: restart it") from None


async def _facts(config: DockerConfig) -> DockerFacts:
    async with Daemon() as daemon:
        facts = await daemon.facts()
        try:
            await check_image(daemon, config.image)
            image = True
        except ContainerRefused:
            image = False
        network = await find_network(daemon, config.network)
        return DockerFacts(version=facts.version, api=facts.api, system=facts.system, network=network, image=image)
