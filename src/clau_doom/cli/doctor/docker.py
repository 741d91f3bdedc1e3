"""Is everything here that agents in containers need? Nothing of it is missing to a run with local workers."""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.cli.doctor.host import Finding, Verdict
from clau_doom.errors import InfrastructureFailed, describe

if TYPE_CHECKING:
    from clau_doom.app.backends.docker_facts import DockerFacts

__all__ = ["daemon", "examine_docker", "image", "listening", "network", "no_daemon", "services"]

_SOCKETS = Path("/proc/net")
_LISTENS = "0A"
_EVERYWHERE = {"00000000", "0" * 32, "0000000000000000FFFF000000000000"}
"""0.0.0.0, [::] and [::ffff:0.0.0.0], in words of the machine's byte order."""
_MANY_PORTS = 20


def examine_docker() -> Iterator[Finding]:
    """Yield what each check of Docker finds, only that there is none where no daemon answers."""
    from clau_doom.app.backends import docker_facts
    from clau_doom.config import DockerConfig

    wanted = DockerConfig()
    try:
        facts = asyncio.run(docker_facts.examine_docker(wanted))
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
    """Return why agents cannot play in containers, which is no reason for others not to play."""
    remedy = f"only execution.backend: docker needs it; {describe(error)}"
    return Finding(name="Docker", verdict=Verdict.WARNING, found="cannot be used", remedy=remedy)


def daemon(facts: "DockerFacts") -> Finding:
    """Return what the daemon is."""
    found = f"{facts.version}, API {facts.api}, {facts.system}"
    return Finding(name="Docker", verdict=Verdict.FINE, found=found)


def network(wanted: str, facts: "DockerFacts") -> Finding:
    """Return whether the containers' network lets them out, or to each other."""
    name, there = "Docker network", facts.network
    if there is None:
        return Finding(name=name, verdict=Verdict.FINE, found=f"{wanted} is made at the first run")
    faults = [
        fault
        for fault, is_there in (
            ("has a way out", not there.internal),
            ("lets containers reach each other", not there.separate),
        )
        if is_there
    ]
    if faults:
        remedy = f"remove it (docker network rm {wanted}), so that it is made anew, or name another with docker.network"
        found = f"{wanted} {' and '.join(faults)}"
        return Finding(name=name, verdict=Verdict.WARNING, found=found, remedy=remedy)
    return Finding(name=name, verdict=Verdict.FINE, found=f"{wanted}, internal, without traffic between containers")


def image(wanted: str, facts: "DockerFacts") -> Finding:
    """Return whether there is something to make agents' containers of."""
    name = "Docker image"
    if facts.image:
        return Finding(name=name, verdict=Verdict.FINE, found=wanted)
    remedy = "make image builds it"
    return Finding(name=name, verdict=Verdict.WARNING, found=f"there is no image {wanted}", remedy=remedy)


def services(ports: tuple[int, ...]) -> Finding:
    """Return which services of this machine containers could reach: no network of Docker's keeps them from its host."""
    name = "open ports"
    if not ports:
        return Finding(name=name, verdict=Verdict.FINE, found="no service listens on all interfaces")
    shown = ", ".join(map(str, ports[:_MANY_PORTS]))
    more = f" and {len(ports) - _MANY_PORTS} more" if len(ports) > _MANY_PORTS else ""
    found = f"services listen on all interfaces, and agents in containers could reach them: TCP {shown}{more}"
    remedy = "let them listen on 127.0.0.1, or set the firewall's rule in docs/docker.md"
    return Finding(name=name, verdict=Verdict.WARNING, found=found, remedy=remedy)


def listening(tables: Iterable[str]) -> tuple[int, ...]:
    """Return the ports on which something listens on all interfaces, sorted.

    Args:
        tables: The texts of Linux's tables of TCP sockets, such as ``/proc/net/tcp``.
    """
    rows = (line.split() for table in tables for line in table.splitlines()[1:])
    locals_ = (row[1].rpartition(":") for row in rows if len(row) > 3 and row[3] == _LISTENS)
    return tuple(sorted({int(port, 16) for address, _, port in locals_ if address in _EVERYWHERE}))
