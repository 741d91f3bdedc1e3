"""The containers' network: without a way out, and without traffic among those who are on it."""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import aiodocker

from clau_doom.backends.docker.daemon import Daemon, asking
from clau_doom.config import DockerConfig
from clau_doom.errors import ContainerRefused

__all__ = ["MADE_BY", "Network", "check_network", "ensure_network", "find_network", "found_networks", "remove_network"]

MADE_BY = "clau-doom"
"""The label of networks that were made here."""
_NO_SUCH, _IN_USE = 404, 403
_SEPARATE = "com.docker.network.bridge.enable_icc"
_BRIDGE_NAME = "com.docker.network.bridge.name"


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network.

    Attributes:
        name: Its name.
        gateway: The host's own address on it.
        internal: Whether it has no way out.
        separate: Whether its containers cannot reach each other.
        ours: Whether it was made here.
    """

    name: str
    gateway: str
    internal: bool
    separate: bool
    ours: bool


async def find_network(daemon: Daemon, name: str) -> Network | None:
    """Return a network, or None where there is none of that name."""
    step = f"looking for the network {name}"
    with asking(step):
        try:
            found: dict[str, Any] = await (await daemon.client.networks.get(name)).show()
        except aiodocker.DockerError as error:
            if error.status == _NO_SUCH:
                return None
            raise
    return _network(name, found, step)


async def found_networks(daemon: Daemon) -> tuple[Network, ...]:
    """Return the networks that were made here and that no running container is on, by name."""
    step = "listing networks"
    with asking(step):
        rows = await daemon.client.networks.list(filters={"label": f"{MADE_BY}=network"})
        networks = []
        for row in sorted(rows, key=lambda row: str(row["Name"])):
            # A list tells of nobody's containers, whatever its filter `dangling` promises: each is looked at.
            try:
                shown: dict[str, Any] = await (await daemon.client.networks.get(row["Id"])).show()
            except aiodocker.DockerError as error:
                if error.status == _NO_SUCH:  # somebody else removed it just now
                    continue
                raise
            if not shown.get("Containers"):
                networks.append(_network(str(shown["Name"]), shown, step))
    return tuple(networks)


async def ensure_network(daemon: Daemon, name: str) -> Network:
    """Return a network that was made when absent.

    Raises:
        ContainerRefused: There is one of that name that lets its containers out, or to each other; or the daemon can
            make none that does not.
    """
    found = await find_network(daemon, name)
    if found is None:
        found = await _made(daemon, name)
        if lacks := _lacks(found):
            await remove_network(daemon, name)
            raise ContainerRefused(
                f"this daemon makes no network that is {lacks} (Podman's does not): use Docker, "
                "or make one by hand and name it with docker.network"
            )
    _refuse(found)
    return found


async def check_network(daemon: Daemon, name: str) -> None:
    """Do nothing if a network is absent, or keeps its containers in and apart.

    Raises:
        ContainerRefused: It does not.
    """
    if found := await find_network(daemon, name):
        _refuse(found)


def _refuse(network: Network) -> None:
    if lacks := _lacks(network):
        raise ContainerRefused(
            f"the network {network.name} is there and not {lacks}: remove it (docker network rm {network.name}), "
            "so that it is made anew, or name another with docker.network"
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
            if found := await find_network(daemon, name):  # another run was faster
                return found
            raise
    found = await find_network(daemon, name)
    assert found is not None, "it was made just now"
    return found


def _lacks(network: Network) -> str:
    """Return what a network must be and is not."""
    parts = (("internal", network.internal), ("without traffic between containers", network.separate))
    return " and not ".join(what for what, there in parts if not there)


async def remove_network(daemon: Daemon, name: str) -> bool:
    """Remove a network that was made here, if nobody is on it; return whether it is gone."""
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
    """Give the bridge of the usual network a name that a firewall's rules can count on."""
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
    raise ContainerRefused(f"{step}: it has no subnet: remove it, so that it is made anew")
