"""CPU and memory limits of this process, from its affinity mask, control groups and rlimits."""

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
"""Bytes from which on a limit of version 1 means no limit: the kernel writes the largest number of pages."""
_MEGABYTE = 1 << 20
# Measured with Python 3.11 on two cores: an orchestrator reserves 1,260 MB of addresses and uses 125 MB of memory; a
# worker with its engine uses 80 MB. With less address space the import of NumPy hangs, or a native library ends the
# process.
_ORCHESTRATOR, _WORKER = 130 * _MEGABYTE, 85 * _MEGABYTE
_ADDRESSES = {"run": 1536, "serve": 1536, "analyze": 1024, "export": 1024, "replay": 1024, "doctor": 0, "config": 0}
_ADDRESSES_OF_OTHERS = 640


def usable_cores() -> tuple[int, ...]:
    """Return the numbers of the CPUs that this process may run on; without an affinity mask, all CPUs."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def cpu_quota(root: Path = _ROOT) -> float | None:
    """Return the CPU quota of this process's control groups in CPUs, or None without a limit.

    Args:
        root: The folder that holds ``proc`` and the mount points.
    """
    quotas = [_v2_cpus(folder) if version == 2 else _v1_cpus(folder) for version, folder in _groups("cpu", root)]
    return min((quota for quota in quotas if quota is not None), default=None)


def default_workers(root: Path = _ROOT) -> int:
    """Return the default number of workers: one for each CPU that this process may use, at least 1."""
    cores, quota = len(usable_cores()), cpu_quota(root)
    return cores if quota is None else max(1, min(cores, int(quota)))


def memory_limit(root: Path = _ROOT) -> tuple[int, str] | None:
    """Return the memory limit of this process in bytes and its source, or None without a limit.

    The result is the smallest of the limits of address space (``ulimit -v``) and of the control groups.
    """
    limits = [*_group_memory(root)]
    if sys.platform == "linux":
        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            limits.append((soft, "ulimit -v"))
    return min(limits, default=None)


def memory_needed(workers: int) -> int:
    """Return the bytes of memory that an orchestrator and its local workers need, for a small policy."""
    return _ORCHESTRATOR + workers * _WORKER


def memory_problem(workers: int, root: Path = _ROOT) -> str | None:
    """Return the problem and its remedy if the workers exceed the memory limit, else None.

    The limit is that of the control groups. ``ulimit -v`` applies to each process separately.
    """
    limit = min(_group_memory(root), default=None)
    needed = memory_needed(workers)
    if limit is None or limit[0] >= needed:
        return None
    fitting = max((limit[0] - _ORCHESTRATOR) // _WORKER, 0)
    remedy = f"raise it to {_megabytes(needed)}" + (f", or use at most {fitting} workers" if fitting else "")
    return f"{limit[1]} allows {_megabytes(limit[0])} of memory, too little for {workers} workers: {remedy}"


def address_space_problem(command: str) -> str | None:
    """Return the problem and its remedy if a command exceeds the limit of address space, else None.

    Args:
        command: The name of the command, such as ``run``.
    """
    needed = _ADDRESSES.get(command, _ADDRESSES_OF_OTHERS) * _MEGABYTE
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return None
    return (
        f"ulimit -v allows {_megabytes(soft)} of address space, but clau-doom {command} needs {_megabytes(needed)}: "
        f"raise it (ulimit -v {needed // 1024}), or remove it (ulimit -v unlimited)"
    )


def _group_memory(root: Path) -> Iterator[tuple[int, str]]:
    """Yield the memory limit in bytes of each control group, with the source of the limit."""
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
        # In a container, the group's path may be the path on the host, and the mount may show only a part of the tree.
        inside = path.removeprefix(mounted_root.rstrip("/")).strip("/")
        parts = [part for part in inside.split("/") if part]
        for depth in range(len(parts), -1, -1):
            yield version, root / point.lstrip("/") / Path(*parts[:depth])


def _memberships(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each controller of this process with the path of its group; the name for version 2 is empty."""
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
