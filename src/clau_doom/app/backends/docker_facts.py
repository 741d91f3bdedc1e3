"""What the Docker daemon has for a run."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clau_doom.config import DockerConfig
from clau_doom.errors import ContainerRefused, DockerUnreachable

if TYPE_CHECKING:
    from clau_doom.backends.docker import Network

__all__ = ["DockerFacts", "examine_docker"]

_PATIENCE = 10.0


@dataclass(frozen=True, kw_only=True)
class DockerFacts:
    """What was found of a configuration's needs.

    Attributes:
        version: Of the daemon.
        api: The newest version of its API that both ends speak.
        system: Its operating system and architecture.
        network: The containers' network, or None where there is none of that name.
        image: Whether the image is there.
    """

    version: str
    api: str
    system: str
    network: "Network | None"
    image: bool


async def examine_docker(config: DockerConfig) -> DockerFacts:
    """Return what the daemon has of a configuration's needs; nothing is made.

    Raises:
        ContainerRefused: The network cannot be used by anybody.
        DockerUnreachable: No daemon answers within ten seconds.
        InfrastructureFailed: It answers with a failure.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _facts(config)
    except TimeoutError:
        raise DockerUnreachable(f"the Docker daemon did not answer within {_PATIENCE:g} s: restart it") from None


async def _facts(config: DockerConfig) -> DockerFacts:
    from clau_doom.backends.docker import (  # noqa: PLC0415 - aiodocker, which no local run needs
        Daemon,
        check_image,
        find_network,
    )

    async with Daemon() as daemon:
        facts = await daemon.facts()
        try:
            await check_image(daemon, config.image)
            image = True
        except ContainerRefused:
            image = False
        network = await find_network(daemon, config.network)
        return DockerFacts(version=facts.version, api=facts.api, system=facts.system, network=network, image=image)
