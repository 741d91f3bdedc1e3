"""Checks of the host for the requirements of a run, each with a remedy."""

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from clau_doom.health_finding import Finding, HealthStatus
from clau_doom.machine_limits import (
    address_space_problem,
    cpu_quota,
    default_workers,
    memory_limit,
    memory_needed,
    memory_problem,
    usable_cores,
)
from clau_doom.stale_shared_memory import SHARED_MEMORY, find_shared_files

__all__ = [
    "TRY_ENGINE",
    "cores",
    "disk",
    "engine",
    "examine",
    "memory",
    "python",
    "shared_memory",
    "system",
    "terminal",
]

TRY_ENGINE = (sys.executable, "-P", "-c", "from clau_doom.app.scenario_catalog import try_engine; print(try_engine())")
"""Script that starts a real engine, plays ten tics, and prints a summary."""

_MEGABYTE = 1 << 20
_LITTLE_SPACE = 200 * _MEGABYTE
_LITTLE_SHARED_MEMORY = 16 * _MEGABYTE
_FIRST_PYTHON, _LAST_PYTHON = (3, 11), (3, 13)


def examine(output_dir: Path) -> Iterator[Finding]:
    """Yield the findings of all checks, the quick ones first; stop if memory is missing.

    Args:
        output_dir: The folder for experiments.
    """
    yield python(sys.version_info[:2])
    yield system(platform.system(), platform.machine())
    yield cores(len(usable_cores()), os.cpu_count() or 1, cpu_quota())
    yield (found := memory(default_workers()))
    if found.verdict is HealthStatus.MISSING:
        return  # the next checks import native libraries, which hang or crash without memory
    if platform.system() == "Linux":
        yield from shared_memory(SHARED_MEMORY)
    yield disk(output_dir)
    yield engine()
    yield terminal()


def python(version: tuple[int, ...]) -> Finding:
    """Return whether a Python version is supported."""
    found = ".".join(map(str, version))
    if _FIRST_PYTHON <= version <= _LAST_PYTHON:
        return Finding(name="Python", verdict=HealthStatus.FINE, found=f"{platform.python_version()}, {sys.executable}")
    return Finding(name="Python", verdict=HealthStatus.MISSING, found=found, remedy="use Python 3.11, 3.12 or 3.13")


def system(system: str, machine: str) -> Finding:
    """Return missing functions of the operating system."""
    found = f"{system} on {machine}"
    if system == "Linux":
        return Finding(name="system", verdict=HealthStatus.FINE, found=found)
    remedy = "on this system, workers are not pinned, and engines may outlive a killed run; use Linux"
    return Finding(name="system", verdict=HealthStatus.WARNING, found=found, remedy=remedy)


def cores(usable: int, present: int, quota: float | None = None) -> Finding:
    """Return whether each worker gets its own core.

    Args:
        usable: Number of cores that the affinity mask allows.
        present: Number of cores of the machine.
        quota: CPU quota of the control groups, or None without a limit.
    """
    found = f"{usable} usable of {present}"
    if quota is not None:
        found += f", CPU time limited to that of {quota:.4g}"
    if min(usable, usable if quota is None else quota) > 1:
        return Finding(name="cores", verdict=HealthStatus.FINE, found=found)
    remedy = "the worker and the orchestrator share one core; allow more with taskset or with cpus of the container"
    return Finding(name="cores", verdict=HealthStatus.WARNING, found=found, remedy=remedy)


def memory(workers: int) -> Finding:
    """Return whether the memory limits of this process are sufficient for a run.

    Args:
        workers: Number of local workers of the run.
    """
    name, limit = "memory", memory_limit()
    needed = f"{workers} workers need {memory_needed(workers) // _MEGABYTE:,} MB, and 1,536 MB of address space"
    found = f"{needed}; " + (f"{limit[1]} allows {limit[0] // _MEGABYTE:,} MB" if limit else "no limit")
    if problem := address_space_problem("run") or memory_problem(1):
        return Finding(name=name, verdict=HealthStatus.MISSING, found=found, remedy=problem)
    if problem := memory_problem(workers):
        return Finding(name=name, verdict=HealthStatus.WARNING, found=found, remedy=problem)
    return Finding(name=name, verdict=HealthStatus.FINE, found=found)


def shared_memory(folder: Path) -> Iterator[Finding]:
    """Yield whether shared memory has space for engines, and files left by dead engines."""
    name = "shared memory"
    if problem := _unwritable(folder):
        remedy = f"mount a tmpfs that this user may write (docker run --shm-size=256m): {problem}"
        yield Finding(name=name, verdict=HealthStatus.MISSING, found=f"{folder} cannot be written", remedy=remedy)
        return
    free = shutil.disk_usage(folder).free
    found = f"{folder}, {free // _MEGABYTE:,} MB free"
    scarce = free < _LITTLE_SHARED_MEMORY
    remedy = "make it larger (docker run --shm-size=256m), or remove leftovers" if scarce else ""
    yield Finding(name=name, verdict=HealthStatus.MISSING if scarce else HealthStatus.FINE, found=found, remedy=remedy)
    items = find_shared_files(folder)
    found = f"{len(items.stale)} ViZDoom files of ended engines, {len(items.used)} in use or new, in {folder}"
    verdict = HealthStatus.WARNING if items.stale else HealthStatus.FINE
    remedy = f"the next run removes those of ended engines, such as {items.stale[0].name}" if items.stale else ""
    yield Finding(name="leftovers", verdict=verdict, found=found, remedy=remedy)


def disk(output_dir: Path) -> Finding:
    """Return whether results can be written to a folder, which need not exist."""
    name, there = "output folder", output_dir.absolute()
    while not there.exists():
        there = there.parent
    if problem := _unwritable(there):
        remedy = f"choose another folder with --output-dir: {problem}"
        return Finding(name=name, verdict=HealthStatus.MISSING, found=f"{there} cannot be written", remedy=remedy)
    free = shutil.disk_usage(there).free
    found = f"{output_dir}, {free // _MEGABYTE:,} MB free"
    if free < _LITTLE_SPACE:
        remedy = "free some space, or choose another folder with --output-dir"
        return Finding(name=name, verdict=HealthStatus.WARNING, found=found, remedy=remedy)
    return Finding(name=name, verdict=HealthStatus.FINE, found=found)


def engine(command: Sequence[str] = TRY_ENGINE, *, seconds: float = 60.0) -> Finding:
    """Return whether a command that starts an engine and plays succeeds.

    The command is a separate process, because an incompatible engine can crash Python, or hang.

    Args:
        command: The command; its last line of output is the summary.
        seconds: The timeout in seconds.
    """
    name = "ViZDoom"
    remedy = "reinstall it (pip install --force-reinstall vizdoom), or install the system packages that ViZDoom lists"
    with tempfile.TemporaryFile("w+") as output:  # a file instead of a pipe, which an orphaned engine would keep open
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            found = f"an engine started and did not respond within {seconds:g} s"
            return Finding(name=name, verdict=HealthStatus.MISSING, found=found, remedy=remedy)
        output.seek(0)
        lines = output.read().strip().splitlines() or [f"its process ended with {code}"]
    if code:
        return Finding(name=name, verdict=HealthStatus.MISSING, found=lines[-1], remedy=remedy)
    return Finding(name=name, verdict=HealthStatus.FINE, found=lines[-1])


def terminal() -> Finding:
    """Return the form of the live display on this terminal."""
    name = "terminal"
    if not sys.stderr.isatty():
        return Finding(name=name, verdict=HealthStatus.FINE, found="not a terminal: progress is printed as plain lines")
    size = shutil.get_terminal_size()
    if size.columns < 80:
        remedy = "widen it to 80 columns or more for the live display"
        return Finding(name=name, verdict=HealthStatus.WARNING, found=f"{size.columns} columns", remedy=remedy)
    return Finding(
        name=name, verdict=HealthStatus.FINE, found=f"{size.columns} columns, {os.environ.get('TERM', 'no TERM')}"
    )


def _unwritable(folder: Path) -> str | None:
    """Return the reason why a folder is not writable, or None."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)
