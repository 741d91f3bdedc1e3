"""Health checks of the Docker daemon, its network and its image."""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

from clau_doom.backends.docker.configuration import DockerConfig
from clau_doom.backends.docker.daemon_facts import DockerFacts, examine_daemon
from clau_doom.error_description import describe
from clau_doom.errors import InfrastructureFailed
from clau_doom.health_finding import Finding, HealthStatus

__all__ = ["daemon", "examine_docker", "image", "listening", "network", "no_daemon", "services"]

_SOCKETS = Path("/proc/net")
_LISTENS = "0A"
_EVERYWHERE = {"00000000", "0" * 32, "0000000000000000FFFF000000000000"}
"""Addresses 0.0.0.0, [::] and [::ffff:0.0.0.0] in Linux's format, as words in the machine's byte order."""
_MANY_PORTS = 20


def examine_docker() -> Iterator[Finding]:
    """Yield the findings of the Docker checks; without a daemon, a single finding."""
    wanted = DockerConfig()
    try:
        facts = asyncio.run(examine_daemon(wanted))
    except InfrastructureFailed as error:
        yield no_daemon(error)
        return
    yield daemon(facts)
    yield network(wanted.network, facts)
    yield image(wanted.image, facts)
    tables = [table for table in (_SOCKETS / "tcp", _SOCKETS / "tcp6") if table.exists()]
    if tables:
        yield services(listening(table.read_text() for table in tables))


def no_daemon(error: InfrastructureFailed) -> Finding:
    """Return the reason why containers are unavailable; other agents do not need Docker."""
    remedy = f"only execution.backend: docker needs it; {describe(error)}"
    return Finding(name="Docker", verdict=HealthStatus.WARNING, found="cannot be used", remedy=remedy)


def daemon(facts: DockerFacts) -> Finding:
    """Return the version and kind of the daemon."""
    found = f"{facts.version}, API {facts.api}, {facts.system}"
    return Finding(name="Docker", verdict=HealthStatus.FINE, found=found)


def network(wanted: str, facts: DockerFacts) -> Finding:
    """Return whether the containers' network isolates them from the internet and from each other."""
    name, there = "Docker network", facts.network
    if there is None:
        return Finding(name=name, verdict=HealthStatus.FINE, found=f"{wanted} is created at the first run")
    faults = [
        fault
        for fault, is_there in (
            ("is not internal", not there.internal),
            ("allows traffic between containers", not there.separate),
        )
        if is_there
    ]
    if faults:
        remedy = f"remove it (docker network rm {wanted}), and the next run creates it again, or set docker.network"
        found = f"{wanted} {' and '.join(faults)}"
        return Finding(name=name, verdict=HealthStatus.WARNING, found=found, remedy=remedy)
    return Finding(
        name=name, verdict=HealthStatus.FINE, found=f"{wanted}, internal, without traffic between containers"
    )


def image(wanted: str, facts: DockerFacts) -> Finding:
    """Return whether an image for the agents' containers exists."""
    name = "Docker image"
    if facts.image:
        return Finding(name=name, verdict=HealthStatus.FINE, found=wanted)
    remedy = "make image builds it"
    return Finding(name=name, verdict=HealthStatus.WARNING, found=f"image {wanted} not found", remedy=remedy)


def services(ports: tuple[int, ...]) -> Finding:
    """Return the services of this machine that containers can reach; Docker networks do not isolate the host."""
    name = "open ports"
    if not ports:
        return Finding(name=name, verdict=HealthStatus.FINE, found="no service listens on all interfaces")
    shown = ", ".join(map(str, ports[:_MANY_PORTS]))
    more = f" and {len(ports) - _MANY_PORTS} more" if len(ports) > _MANY_PORTS else ""
    found = f"services listen on all interfaces, which agents in containers could reach: TCP {shown}{more}"
    remedy = "make them listen on 127.0.0.1, or use the firewall rule in docs/docker.md"
    return Finding(name=name, verdict=HealthStatus.WARNING, found=found, remedy=remedy)


def listening(tables: Iterable[str]) -> tuple[int, ...]:
    """Return the TCP ports that are open on all interfaces, sorted.

    Args:
        tables: The texts of Linux's tables of TCP sockets, such as ``/proc/net/tcp``.
    """
    rows = (line.split() for table in tables for line in table.splitlines()[1:])
    locals_ = (row[1].rpartition(":") for row in rows if len(row) > 3 and row[3] == _LISTENS)
    return tuple(sorted({int(port, 16) for address, _, port in locals_ if address in _EVERYWHERE}))
