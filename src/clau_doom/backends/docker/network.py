"""The containers' network: without a way out, and without traffic among those who are on it."""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import aiodocker

from clau_doom.backends.docker.daemon import Daemon, asking
from clau_doom.errors import ContainerRefused

__all__ = ["MADE_BY", "Network", "ensure_network", "find_network", "remove_network"]

MADE_BY = "clau-doom"
"""The label of networks that were made here."""
_NO_SUCH, _TAKEN = 404, 409
_SEPARATE = "com.docker.network.bridge.enable_icc"


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
    options, labels = found.get("Options") or {}, found.get("Labels") or {}
    return Network(
        name=name,
        gateway=_gateway(found, step),
        internal=bool(found.get("Internal")),
        separate=str(options.get(_SEPARATE, "true")).lower() == "false",
        ours=MADE_BY in labels,
    )


async def ensure_network(daemon: Daemon, name: str) -> Network:
    """Return a network that was made when absent.

    Raises:
        ContainerRefused: There is one of that name that lets its containers out, or to each other.
    """
    found = await find_network(daemon, name)
    if found is None:
        with asking(f"creating the network {name}"):
            try:
                await daemon.client.networks.create(
                    {
                        "Name": name,
                        "CheckDuplicate": True,
                        "Driver": "bridge",
                        "Internal": True,
                        "Options": {_SEPARATE: "false"},
                        "Labels": {MADE_BY: "network"},
                    }
                )
            except aiodocker.DockerError as error:
                if error.status != _TAKEN:  # another run was faster
                    raise
        found = await find_network(daemon, name)
        assert found is not None, "it was made just now"
    missing = [
        what
        for what, there in (("internal", found.internal), ("without traffic between containers", found.separate))
        if not there
    ]
    if missing:
        raise ContainerRefused(
            f"the network {name} is there and not {' and not '.join(missing)}: remove it (docker network rm {name}), "
            "so that it is made anew, or name another with docker.network"
        )
    return found


async def remove_network(daemon: Daemon, name: str) -> bool:
    """Remove a network that was made here, if nobody is on it; return whether it is gone."""
    found = await find_network(daemon, name)
    if found is None or not found.ours:
        return False
    with asking(f"removing the network {name}"):
        return bool(await (await daemon.client.networks.get(name)).delete())


def _gateway(found: dict[str, Any], step: str) -> str:
    pools = (found.get("IPAM") or {}).get("Config") or []
    for pool in pools:
        if pool.get("Gateway"):
            return str(pool["Gateway"]).partition("/")[0]
        if pool.get("Subnet"):
            return str(next(ip_network(pool["Subnet"]).hosts()))
    raise ContainerRefused(f"{step}: it has no subnet: remove it, so that it is made anew")
