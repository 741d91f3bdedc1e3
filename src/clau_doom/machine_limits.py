"""Limits of the machine that hold for this process: CPUs and memory, by affinity, control groups and rlimits."""

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = [
    "address_space_problem",
    "cpu_quota",
    "default_workers",
    "memory_limit",
    "memory_needed",
    "memory_problem",
    "usable_cores",
]

_ROOT = Path("/")
_V1_NONE = 1 << 60
"""Bytes from which on a limit of version 1 means none: the kernel writes the largest number of pages."""
_MEGABYTE = 1 << 20
# Measured with Python 3.11 on two cores: an orchestrator reserves 1,260 MB of addresses and uses 125 MB of memory; a
# worker with its engine uses 80 MB. With less address space NumPy's import hangs, or a native library ends the process.
_ORCHESTRATOR, _WORKER = 130 * _MEGABYTE, 85 * _MEGABYTE
_ADDRESSES = {"run": 1536, "serve": 1536, "analyze": 1024, "export": 1024, "replay": 1024, "doctor": 0, "config": 0}
_ADDRESSES_OF_OTHERS = 640


def usable_cores() -> tuple[int, ...]:
    """Return the CPUs that this process may run on, by number; where there is no affinity mask, all of them."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def cpu_quota(root: Path = _ROOT) -> float | None:
    """Return how many CPUs' time the control groups of this process allow, or None without a limit.

    Args:
        root: The folder that holds ``proc``, and that the mount points lie in.
    """
    quotas = [_v2_cpus(folder) if version == 2 else _v1_cpus(folder) for version, folder in _groups("cpu", root)]
    return min((quota for quota in quotas if quota is not None), default=None)


def default_workers(root: Path = _ROOT) -> int:
    """Return the number of workers where none is configured: one for each CPU that this process may use, at least 1."""
    cores, quota = len(usable_cores()), cpu_quota(root)
    return cores if quota is None else max(1, min(cores, int(quota)))


def memory_limit(root: Path = _ROOT) -> tuple[int, str] | None:
    """Return the most bytes that this process may have and what sets that limit, or None without a limit.

    The limit of address space (``ulimit -v``) and those of the control groups are compared.
    """
    limits = [*_group_memory(root)]
    if sys.platform == "linux":
        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            limits.append((soft, "ulimit -v"))
    return min(limits, default=None)


def memory_needed(workers: int) -> int:
    """Return the bytes of memory that an orchestrator and its local workers need, with a policy that needs little."""
    return _ORCHESTRATOR + workers * _WORKER


def memory_problem(workers: int, root: Path = _ROOT) -> str | None:
    """Return why so many local workers do not fit into the limit of memory, and what to do, or None where they fit.

    The limit is that of the control groups. ``ulimit -v`` holds for each process by itself.
    """
    limit = min(_group_memory(root), default=None)
    needed = memory_needed(workers)
    if limit is None or limit[0] >= needed:
        return None
    fitting = max((limit[0] - _ORCHESTRATOR) // _WORKER, 0)
    remedy = f"raise it to {_megabytes(needed)}" + (f", or use at most {fitting} workers" if fitting else "")
    return f"{limit[1]} allows {_megabytes(limit[0])} of memory, too little for {workers} workers: {remedy}"


def address_space_problem(command: str) -> str | None:
    """Return why a command does not fit into the limit of address space, and what to do, or None where it fits.

    Args:
        command: The name of the command, such as ``run``.
    """
    needed = _ADDRESSES.get(command, _ADDRESSES_OF_OTHERS) * _MEGABYTE
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return None
    return (
        f"ulimit -v allows {_megabytes(soft)} of address space, and clau-doom {command} needs {_megabytes(needed)}: "
        f"raise it (ulimit -v {needed // 1024}), or remove it (ulimit -v unlimited)"
    )


def _group_memory(root: Path) -> Iterator[tuple[int, str]]:
    """Yield the bytes that each control group allows all of its processes together, and what sets the limit."""
    for version, folder in _groups("memory", root):
        text = _read(folder / ("memory.max" if version == 2 else "memory.limit_in_bytes"))
        if text.isdigit() and int(text) < _V1_NONE:
            yield int(text), "the control group (container or batch system)"


def _megabytes(size: int) -> str:
    return f"{size // _MEGABYTE:,} MB"


def _v2_cpus(folder: Path) -> float | None:
    quota, _, period = _read(folder / "cpu.max").partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def _v1_cpus(folder: Path) -> float | None:
    quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def _groups(controller: str, root: Path) -> Iterator[tuple[int, Path]]:
    """Yield the version and folder of each control group that limits this process, from its own up to the root."""
    paths = dict(_memberships(root))
    for version, mounted_root, point in _mounts(controller, root):
        path = paths.get(controller if version == 1 else "")
        if path is None:
            continue
        # In a container the group's path may be that of the host, and the mount shows a part of the tree.
        inside = path.removeprefix(mounted_root.rstrip("/")).strip("/")
        parts = [part for part in inside.split("/") if part]
        for depth in range(len(parts), -1, -1):
            yield version, root / point.lstrip("/") / Path(*parts[:depth])


def _memberships(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each controller of this process with its group's path; that of version 2 has an empty name."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for name in controllers.split(","):
            yield name, path


def _mounts(controller: str, root: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the version, the mounted part of the tree, and the mount point of each hierarchy with a controller."""
    for line in _read(root / "proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(" "), right.split(" ")
        if kind[0] == "cgroup2":
            yield 2, fields[3], fields[4]
        elif kind[0] == "cgroup" and controller in kind[2].split(","):
            yield 1, fields[3], fields[4]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
