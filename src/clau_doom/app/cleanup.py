"""What killed runs left in Docker: found by labels alone, and removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clau_doom.domain import check_experiment_id
from clau_doom.errors import ClauDoomError

if TYPE_CHECKING:
    from clau_doom.backends.docker import Daemon, Found

__all__ = ["Leftovers", "Removed", "find_leftovers", "remove_leftovers"]


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """What there is to be removed.

    Attributes:
        containers: Agents' containers, in whatever state, by agent.
        networks: The names of networks that were made here and that nobody is on.
    """

    containers: "tuple[Found, ...]"
    networks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What was removed, and what could not be.

    Attributes:
        containers: How many containers are gone.
        networks: The names of the networks that are gone.
        errors: What could not be removed, one error each.
    """

    containers: int
    networks: tuple[str, ...]
    errors: tuple[Exception, ...]


async def find_leftovers(experiment: str | None = None, generation: int | None = None) -> Leftovers:
    """Return what `remove_leftovers` would remove.

    Raises:
        ConfigError: That is no experiment's id.
        DockerUnreachable: No daemon answers.
    """
    from clau_doom.backends.docker import Daemon  # noqa: PLC0415 - aiodocker, which no local run needs

    labels = _labels(experiment, generation)
    async with Daemon() as daemon:
        return await _find(daemon, labels)


async def remove_leftovers(experiment: str | None = None, generation: int | None = None) -> Removed:
    """Remove agents' containers, each after ten seconds to end by itself; without an experiment networks as well.

    A network that a running container was on is kept, even if that container is removed: its run may go on there.

    Args:
        experiment: Only this one's containers; None: those of all, and the networks that were made here.
        generation: Only those of its agents of this generation.

    Raises:
        ConfigError: That is no experiment's id.
        DockerUnreachable: No daemon answers.
    """
    from clau_doom.backends.docker import Daemon, cleanup  # noqa: PLC0415 - as above

    labels = _labels(experiment, generation)
    async with Daemon() as daemon:
        left = await _find(daemon, labels)
        errors: list[Exception] = []
        try:
            await cleanup(daemon, left.containers)
        except ExceptionGroup as failed:
            errors += failed.exceptions
        count = len(left.containers) - len(errors)
        networks = await _remove_networks(daemon, left.networks, errors)
    return Removed(containers=count, networks=networks, errors=tuple(errors))


def _labels(experiment: str | None, generation: int | None) -> dict[str, str]:
    from clau_doom.backends.docker import EXPERIMENT, GENERATION  # noqa: PLC0415 - as above

    assert experiment is not None or generation is None, "a generation is some experiment's"
    labels = {} if experiment is None else {EXPERIMENT: check_experiment_id(experiment)}
    return labels if generation is None else labels | {GENERATION: str(generation)}


async def _find(daemon: "Daemon", labels: dict[str, str]) -> Leftovers:
    from clau_doom.backends.docker import found, found_networks  # noqa: PLC0415 - as above

    containers = await found(daemon, labels)
    networks = () if labels else await found_networks(daemon)
    return Leftovers(containers=containers, networks=tuple(network.name for network in networks))


async def _remove_networks(daemon: "Daemon", names: Sequence[str], errors: list[Exception]) -> tuple[str, ...]:
    """Remove networks and return those that are gone; what goes wrong is added to the errors."""
    from clau_doom.backends.docker import remove_network  # noqa: PLC0415 - as above

    gone = []
    for name in names:
        try:
            if await remove_network(daemon, name):
                gone.append(name)
        except ClauDoomError as error:
            errors.append(error)
    return tuple(gone)
