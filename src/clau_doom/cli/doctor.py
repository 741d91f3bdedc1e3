"""`clau-doom doctor`: is everything needed here, and what to do where it is not."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text

from clau_doom.cli.console import ExitCode, data_console, print_json
from clau_doom.cli.options import DEFAULT_OUTPUT_DIR, AsJson, OutputDir
from clau_doom.errors import describe

__all__ = ["Finding", "Verdict", "doctor"]

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where ViZDoom's engines meet their games, not a file of ours
_MEGABYTE = 1 << 20
_LITTLE_SPACE = 200 * _MEGABYTE
_LITTLE_SHARED_MEMORY = 16 * _MEGABYTE
_FIRST_PYTHON, _LAST_PYTHON = (3, 11), (3, 13)


class Verdict(StrEnum):
    """What a check came to."""

    FINE = "fine"
    WARNING = "warning"
    """A run works, but not as well as it could."""
    MISSING = "missing"
    """A run does not work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: What was looked at.
        verdict: What it came to.
        found: What is there.
        remedy: What to do, or empty where nothing is to be done.
    """

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""


def doctor(*, as_json: AsJson = False, output_dir: OutputDir = DEFAULT_OUTPUT_DIR) -> None:
    """Check that everything needed is here: a real engine starts and plays. Exit 1 when something is missing."""
    findings = list(_examine(output_dir))
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        data_console().print(_view(findings))
    if any(finding.verdict is Verdict.MISSING for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


def _examine(output_dir: Path) -> Iterator[Finding]:
    yield _python(sys.version_info[:2])
    yield _system(platform.system(), platform.machine())
    yield _cores(_usable_cores(), os.cpu_count() or 1)
    if platform.system() == "Linux":
        yield from _shared_memory(_SHARED_MEMORY)
    yield _disk(output_dir)
    yield _engine()
    yield _terminal()


def _python(version: tuple[int, ...]) -> Finding:
    found = ".".join(map(str, version))
    if _FIRST_PYTHON <= version <= _LAST_PYTHON:
        return Finding(name="Python", verdict=Verdict.FINE, found=f"{platform.python_version()}, {sys.executable}")
    return Finding(name="Python", verdict=Verdict.MISSING, found=found, remedy="use Python 3.11, 3.12 or 3.13")


def _system(system: str, machine: str) -> Finding:
    found = f"{system} on {machine}"
    if system == "Linux":
        return Finding(name="system", verdict=Verdict.FINE, found=found)
    remedy = "workers are not pinned and engines may outlive a killed run; Linux has both"
    return Finding(name="system", verdict=Verdict.WARNING, found=found, remedy=remedy)


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cores(usable: int, present: int) -> Finding:
    found = f"{usable} usable of {present}"
    if usable > 1:
        return Finding(name="cores", verdict=Verdict.FINE, found=found)
    remedy = "one worker will play beside the orchestrator on one core; allow more with taskset or the container's cpus"
    return Finding(name="cores", verdict=Verdict.WARNING, found=found, remedy=remedy)


def _shared_memory(folder: Path) -> Iterator[Finding]:
    name = "shared memory"
    if problem := _unwritable(folder):
        remedy = f"mount a tmpfs there that this user may write (docker run --shm-size=256m): {problem}"
        yield Finding(name=name, verdict=Verdict.MISSING, found=f"{folder} cannot be written", remedy=remedy)
        return
    free = shutil.disk_usage(folder).free
    found = f"{folder}, {free // _MEGABYTE:,} MB free"
    scarce = free < _LITTLE_SHARED_MEMORY
    remedy = "make it larger (docker run --shm-size=256m), or remove leftovers" if scarce else ""
    yield Finding(name=name, verdict=Verdict.MISSING if scarce else Verdict.FINE, found=found, remedy=remedy)
    left = sorted(path.name for path in folder.glob("ViZDoom*"))
    if left:
        remedy = f"those of running engines belong there; when none runs: rm {folder}/ViZDoom*"
        yield Finding(name="leftovers", verdict=Verdict.WARNING, found=f"{len(left)} ViZDoom files", remedy=remedy)
    else:
        yield Finding(name="leftovers", verdict=Verdict.FINE, found=f"no ViZDoom files in {folder}")


def _disk(output_dir: Path) -> Finding:
    name, there = "output folder", output_dir.absolute()
    while not there.exists():
        there = there.parent
    if problem := _unwritable(there):
        remedy = f"choose another with --output-dir: {problem}"
        return Finding(name=name, verdict=Verdict.MISSING, found=f"{there} cannot be written", remedy=remedy)
    free = shutil.disk_usage(there).free
    found = f"{output_dir}, {free // _MEGABYTE:,} MB free"
    if free < _LITTLE_SPACE:
        remedy = "free some space, or choose another folder with --output-dir"
        return Finding(name=name, verdict=Verdict.WARNING, found=found, remedy=remedy)
    return Finding(name=name, verdict=Verdict.FINE, found=found)


def _engine() -> Finding:
    from clau_doom import bootstrap

    return _tried(bootstrap.try_engine)


def _tried(attempt: Callable[[], str]) -> Finding:
    """Return what came of an attempt to play; whatever it raises is the finding."""
    try:
        return Finding(name="ViZDoom", verdict=Verdict.FINE, found=attempt())
    except Exception as error:
        remedy = "reinstall it (pip install --force-reinstall vizdoom); on a bare image see its list of system packages"
        return Finding(name="ViZDoom", verdict=Verdict.MISSING, found=describe(error), remedy=remedy)


def _terminal() -> Finding:
    name = "terminal"
    if not sys.stderr.isatty():
        return Finding(name=name, verdict=Verdict.FINE, found="none: progress comes as plain lines")
    size = shutil.get_terminal_size()
    if size.columns < 80:
        remedy = "widen it to 80 columns or more for the live display"
        return Finding(name=name, verdict=Verdict.WARNING, found=f"{size.columns} columns", remedy=remedy)
    return Finding(
        name=name, verdict=Verdict.FINE, found=f"{size.columns} columns, {os.environ.get('TERM', 'no TERM')}"
    )


def _unwritable(folder: Path) -> str | None:
    """Return why no file can be made in a folder, or None."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def _view(findings: list[Finding]) -> Table:
    marks = {Verdict.FINE: ("✓", "green"), Verdict.WARNING: ("!", "bold yellow"), Verdict.MISSING: ("✗", "bold red")}
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        text = Text(finding.found)
        if finding.remedy:
            text.append(f"\n→ {finding.remedy}", "yellow")
        table.add_row(Text(*marks[finding.verdict]), finding.name, text)
    return table
