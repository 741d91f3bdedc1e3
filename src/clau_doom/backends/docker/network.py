"""Isolated Docker network: without access to other networks, and without traffic between its containers."""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import aiodocker

from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.daemon import Daemon, asking
from clau_doom.errors import ContainerRefused

__all__ = ["MADE_BY", "Network", "check_network", "ensure_network", "find_network", "list_networks", "remove_network"]

MADE_BY = "clau-doom"
"""The label of networks that clau-doom created."""
_NO_SUCH, _IN_USE = 404, 403
_SEPARATE = "com.docker.network.bridge.enable_icc"
_BRIDGE_NAME = "com.docker.network.bridge.name"


@dataclass(frozen=True, kw_only=True)
class Network:
    """A Docker network.

    Attributes:
        name: Name of the network.
        gateway: The host's address on the network.
        internal: Whether the network is isolated from other networks.
        separate: Whether its containers cannot reach each other.
        ours: Whether clau-doom created it.
    """

    name: str
    gateway: str
    internal: bool
    separate: bool
    ours: bool


async def find_network(daemon: Daemon, name: str) -> Network | None:
    """Return the network with a name, or None if it does not exist."""
    step = f"looking for the network {name}"
    with asking(step):
        try:
            found: dict[str, Any] = await (await daemon.client.networks.get(name)).show()
        except aiodocker.DockerError as error:
            if error.status == _NO_SUCH:
                return None
            raise
    return _network(name, found, step)


async def list_networks(daemon: Daemon) -> tuple[Network, ...]:
    """Return the networks that clau-doom created and that no running container uses, sorted by name."""
    step = "listing networks"
    with asking(step):
        rows = await daemon.client.networks.list(filters={"label": f"{MADE_BY}=network"})
        networks = []
        for row in sorted(rows, key=lambda row: str(row["Name"])):
            # The list does not name the containers, despite its filter `dangling`. Inspect each network.
            try:
                shown: dict[str, Any] = await (await daemon.client.networks.get(row["Id"])).show()
            except aiodocker.DockerError as error:
                if error.status == _NO_SUCH:  # another process has just removed it
                    continue
                raise
            if not shown.get("Containers"):
                networks.append(_network(str(shown["Name"]), shown, step))
    return tuple(networks)


async def ensure_network(daemon: Daemon, name: str) -> Network:
    """Return the network with a name. Create it if it does not exist.

    Raises:
        ContainerRefused: The existing network lets containers reach other networks or each other, or the daemon cannot
            create an isolated network.
    """
    found = await find_network(daemon, name)
    if found is None:
        found = await _made(daemon, name)
        if lacks := _lacks(found):
            await remove_network(daemon, name)
            raise ContainerRefused(
                f"this daemon cannot create a network that is {lacks} (Podman cannot): use Docker, "
                "or create one and set docker.network"
            )
    _refuse(found)
    return found


async def check_network(daemon: Daemon, name: str) -> None:
    """Check that a network is absent, or isolates its containers.

    Raises:
        ContainerRefused: The network does not isolate its containers.
    """
    if found := await find_network(daemon, name):
        _refuse(found)


def _refuse(network: Network) -> None:
    if lacks := _lacks(network):
        raise ContainerRefused(
            f"the network {network.name} is not {lacks}: remove it (docker network rm {network.name}), "
            "and the next run creates it again, or set docker.network"
        )


async def _made(daemon: Daemon, name: str) -> Network:
    settings = {
        "Name": name,
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Internal": True,
        "Options": {_SEPARATE: "false", **_named(name)},
        "Labels": {MADE_BY: "network"},
    }
    with asking(f"creating the network {name}"):
        try:
            await daemon.client.networks.create(settings)
        except aiodocker.DockerError:
            if found := await find_network(daemon, name):  # another run has created it
                return found
            raise
    found = await find_network(daemon, name)
    assert found is not None, "created just now"
    return found


def _lacks(network: Network) -> str:
    """Return the required properties that a network lacks."""
    parts = (("internal", network.internal), ("without traffic between containers", network.separate))
    return " and not ".join(what for what, there in parts if not there)


async def remove_network(daemon: Daemon, name: str) -> bool:
    """Remove a network that clau-doom created, if no container uses it; return whether it is gone."""
    found = await find_network(daemon, name)
    if found is None or not found.ours:
        return False
    with asking(f"removing the network {name}"):
        try:
            return bool(await (await daemon.client.networks.get(name)).delete())
        except aiodocker.DockerError as error:
            if error.status == _IN_USE:
                return False
            raise


def _named(network: str) -> dict[str, str]:
    """Return the options that give the bridge of the default network a fixed name, which firewall rules can use."""
    return {_BRIDGE_NAME: "clau-doom0"} if network == DockerConfig().network else {}


def _network(name: str, found: dict[str, Any], step: str) -> Network:
    options, labels = found.get("Options") or {}, found.get("Labels") or {}
    return Network(
        name=name,
        gateway=_gateway(found, step),
        internal=bool(found.get("Internal")),
        separate=str(options.get(_SEPARATE, "true")).lower() == "false",
        ours=MADE_BY in labels,
    )


def _gateway(found: dict[str, Any], step: str) -> str:
    pools = (found.get("IPAM") or {}).get("Config") or []
    for pool in pools:
        if pool.get("Gateway"):
            return str(pool["Gateway"]).partition("/")[0]
        if pool.get("Subnet"):
            return str(next(ip_network(pool["Subnet"]).hosts()))
    raise ContainerRefused(f"{step}: it has no subnet: remove it to have it created again")
