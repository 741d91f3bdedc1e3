"""Tests of CPU and memory limits, read from simulated kernel files."""

import os
import resource
from collections.abc import Mapping
from pathlib import Path

import pytest

from clau_doom.machine_limits import (
    address_space_problem,
    cpu_quota,
    default_workers,
    memory_limit,
    memory_needed,
    memory_problem,
    usable_cores,
)

V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate"
V1 = """\
32 31 0:29 {root} /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 {root} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory"""


def tree(folder: Path, *, mounts: str, groups: str, files: Mapping[str, str]) -> Path:
    texts = {"proc/self/mountinfo": mounts, "proc/self/cgroup": groups}
    texts |= {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, text in texts.items():
        (path := folder / name).parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return folder


def test_cgroup_v2_uses_the_tightest_limit_of_all_parents(tmp_path: Path) -> None:
    files = {
        "slurm/cpu.max": "150000 100000",
        "slurm/job/cpu.max": "400000 100000",
        "slurm/job/memory.max": "1000000",
        "slurm/memory.max": "max",
    }
    root = tree(tmp_path, mounts=V2, groups="0::/slurm/job", files=files)
    assert cpu_quota(root) == 1.5
    assert memory_limit(root) == (1_000_000, "the control group (container or batch system)")
    assert default_workers(root) == 1


@pytest.mark.parametrize(("shown", "inside"), [("/docker/ab", ""), ("/", "docker/ab/")], ids=["container", "host"])
def test_cgroup_v1_is_read_in_container_and_on_host(tmp_path: Path, shown: str, inside: str) -> None:
    """The mount shows the whole tree or the container's part of it."""
    files = {
        f"cpu,cpuacct/{inside}cpu.cfs_quota_us": "250000",
        f"cpu,cpuacct/{inside}cpu.cfs_period_us": "100000",
        f"memory/{inside}memory.limit_in_bytes": "2000000",
    }
    groups = "4:memory:/docker/ab\n1:cpu,cpuacct:/docker/ab\n0::/"
    root = tree(tmp_path, mounts=V1.format(root=shown), groups=groups, files=files)
    assert cpu_quota(root) == 2.5
    assert default_workers(root) == min(len(usable_cores()), 2)
    assert memory_limit(root) == (2_000_000, "the control group (container or batch system)")


def test_missing_limit_is_none(tmp_path: Path) -> None:
    """Version 1 writes -1 or a large number for an unlimited resource."""
    files = {
        "cpu,cpuacct/cpu.cfs_quota_us": "-1",
        "cpu,cpuacct/cpu.cfs_period_us": "100000",
        "memory/memory.limit_in_bytes": "9223372036854771712",
    }
    root = tree(tmp_path, mounts=V1.format(root="/"), groups="4:memory:/\n1:cpu,cpuacct:/", files=files)
    assert cpu_quota(root) is None
    assert memory_limit(root) is None
    assert default_workers(root) == len(usable_cores())
    assert cpu_quota(tmp_path / "nothing") is None


def test_address_space_limit_is_a_memory_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`ulimit -v` limits each process separately, so the number of workers does not matter."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (350 << 20, resource.RLIM_INFINITY))
    assert memory_limit(tmp_path) == (350 << 20, "ulimit -v")
    assert memory_problem(100, tmp_path) is None


def test_too_many_workers_for_memory_are_refused(tmp_path: Path) -> None:
    """The message has the limit, the required memory and the largest possible number of workers."""
    files = {"job/memory.max": str(400 << 20)}
    root = tree(tmp_path, mounts=V2, groups="0::/job", files=files)
    assert memory_problem(3, root) is None
    assert memory_needed(4) == 470 << 20
    assert memory_problem(4, root) == (
        "the control group (container or batch system) allows 400 MB of memory, too little for 4 workers: "
        "raise it to 470 MB, or use at most 3 workers"
    )


def test_command_above_address_space_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the command that raises the limit. `doctor` always runs."""
    assert address_space_problem("run") is None
    monkeypatch.setattr(resource, "getrlimit", lambda _: (600 << 20, resource.RLIM_INFINITY))
    assert address_space_problem("run") == (
        "ulimit -v allows 600 MB of address space, but clau-doom run needs 1,536 MB: "
        "raise it (ulimit -v 1572864), or remove it (ulimit -v unlimited)"
    )
    assert "needs 640 MB" in str(address_space_problem("status"))
    assert address_space_problem("doctor") is None


def test_affinity_mask_limits_workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`taskset` and SLURM set the mask."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 2})
    assert usable_cores() == (2, 7)
    assert default_workers(tmp_path) == 2
