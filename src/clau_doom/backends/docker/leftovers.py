"""Removal of Docker containers and networks of killed runs, which are found by their labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clau_doom.domain import check_experiment_id
from clau_doom.errors import ClauDoomError

if TYPE_CHECKING:
    from clau_doom.backends.docker.container_lifecycle import ContainerInfo
    from clau_doom.backends.docker.daemon import Daemon

__all__ = ["Leftovers", "Removed", "find_leftovers", "remove_leftovers"]


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """Containers and networks that can be removed.

    Attributes:
        containers: Agents' containers in any state, by agent.
        networks: Names of networks that clau-doom created and that have no containers.
    """

    containers: "tuple[ContainerInfo, ...]"
    networks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Removed:
    """Result of a cleanup.

    Attributes:
        containers: Number of removed containers.
        networks: Names of removed networks.
        errors: One error for each container or network that could not be removed.
    """

    containers: int
    networks: tuple[str, ...]
    errors: tuple[Exception, ...]


async def find_leftovers(experiment: str | None = None, generation: int | None = None) -> Leftovers:
    """Find the containers and networks that `remove_leftovers` would remove.

    Raises:
        ConfigError: The experiment's id is invalid.
        DockerUnreachable: The Docker daemon does not respond.
    """
    from clau_doom.backends.docker.daemon import Daemon  # noqa: PLC0415 - aiodocker, which no local run needs

    labels = _labels(experiment, generation)
    async with Daemon() as daemon:
        return await _find(daemon, labels)


async def remove_leftovers(experiment: str | None = None, generation: int | None = None) -> Removed:
    """Remove agents' containers and, if no experiment is given, networks.

    Each container has ten seconds to exit by itself. A network with a running container is kept, even if that container
    is removed: its run may continue on this network.

    Args:
        experiment: Remove only the containers of this experiment. None: containers of all experiments, and networks
            that clau-doom created.
        generation: Remove only the containers of agents of this generation.

    Raises:
        ConfigError: The experiment's id is invalid.
        DockerUnreachable: The Docker daemon does not respond.
    """
    from clau_doom.backends.docker.container_lifecycle import remove_containers  # noqa: PLC0415 - as above
    from clau_doom.backends.docker.daemon import Daemon  # noqa: PLC0415 - as above

    labels = _labels(experiment, generation)
    async with Daemon() as daemon:
        left = await _find(daemon, labels)
        errors: list[Exception] = []
        try:
            await remove_containers(daemon, left.containers)
        except ExceptionGroup as failed:
            errors += failed.exceptions
        count = len(left.containers) - len(errors)
        networks = await _remove_networks(daemon, left.networks, errors)
    return Removed(containers=count, networks=networks, errors=tuple(errors))


def _labels(experiment: str | None, generation: int | None) -> dict[str, str]:
    from clau_doom.backends.docker.container_lifecycle import EXPERIMENT, GENERATION  # noqa: PLC0415 - as above

    assert experiment is not None or generation is None, "a generation needs an experiment"
    labels = {} if experiment is None else {EXPERIMENT: check_experiment_id(experiment)}
    return labels if generation is None else labels | {GENERATION: str(generation)}


async def _find(daemon: "Daemon", labels: dict[str, str]) -> Leftovers:
    from clau_doom.backends.docker.container_lifecycle import list_containers  # noqa: PLC0415 - as above
    from clau_doom.backends.docker.network import list_networks  # noqa: PLC0415 - as above

    containers = await list_containers(daemon, labels)
    networks = () if labels else await list_networks(daemon)
    return Leftovers(containers=containers, networks=tuple(network.name for network in networks))


async def _remove_networks(daemon: "Daemon", names: Sequence[str], errors: list[Exception]) -> tuple[str, ...]:
    """Remove networks, add failures to `errors` and return the names of the removed networks."""
    from clau_doom.backends.docker.network import remove_network  # noqa: PLC0415 - as above

    gone = []
    for name in names:
        try:
            if await remove_network(daemon, name):
                gone.append(name)
        except ClauDoomError as error:
            errors.append(error)
    return tuple(gone)
