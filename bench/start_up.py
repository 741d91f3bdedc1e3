"""Processor time of commands that only print: the import of the package, the help, and the status of an experiment."""

import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from bench.child_processes import python_path, run_children
from bench.throughput_sample import MeasurementFailed, Spread

__all__ = ["StartUp", "start_up_round", "start_up_table"]

_REPETITIONS = 5
"""Processes of each command in a round, in turns."""
_PATIENCE = 120.0
_CONFIG = """\
name: small
generations: 2
population: 4
episodes: 1
holdout: {validation: 1, episodes: 2}
execution: {workers: 1}
"""
_COMMANDS = {
    "libraries": ["-c", "import typer, rich"],
    "package": ["-c", "import clau_doom"],
    "help": ["-m", "clau_doom", "--help"],
    "status": ["-m", "clau_doom", "status", "small"],
}


@dataclass(frozen=True, kw_only=True)
class StartUp:
    """Median processor seconds of one process, user and system.

    Attributes:
        libraries: ``import typer, rich``.
        package: ``import clau_doom``.
        help: ``clau-doom --help``.
        status: ``clau-doom status`` of an experiment with eight agents.
    """

    libraries: float
    package: float
    help: float
    status: float


def start_up_round(folder: Path) -> StartUp:
    """Run a small experiment in a folder, and measure the commands there."""
    (folder / "small.yaml").write_text(_CONFIG)
    runs = str(folder / "runs")
    arguments = ["-m", "clau_doom", "run", "-c", str(folder / "small.yaml"), "--output-dir", runs]
    run_children([arguments], folder / "run.log", _PATIENCE)
    environment = {**os.environ, "PYTHONPATH": python_path(), "CLAU_DOOM_OUTPUT_DIR": runs}
    taken: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for _ in range(_REPETITIONS):
        for name, command in _COMMANDS.items():
            taken[name].append(_processor_seconds(command, environment, folder / f"{name}.log"))
    return StartUp(**{name: statistics.median(values) for name, values in taken.items()})


def _processor_seconds(command: Sequence[str], environment: dict[str, str], log: Path) -> float:
    with log.open("wb") as output:
        actions = [(os.POSIX_SPAWN_DUP2, output.fileno(), descriptor) for descriptor in (1, 2)]
        child = os.posix_spawn(sys.executable, [sys.executable, *command], environment, file_actions=actions)
        _, code, usage = os.wait4(child, 0)
    if code:
        raise MeasurementFailed(f"{' '.join(command)} ended with {code}: {log.read_text(errors='replace').strip()}")
    return usage.ru_utime + usage.ru_stime


def start_up_table(rounds: Sequence[StartUp]) -> Table:
    """Return the results as a table."""
    table = Table(title="start-up", title_justify="left", header_style="bold")
    table.add_column("command")
    for heading in ("processor seconds", "more than", "seconds more", "goal"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = (
        ("import typer, rich", [each.libraries for each in rounds], "", None, ""),
        ("import clau_doom", [each.package for each in rounds], "", None, "at most 0.15 in all"),
        (
            "clau-doom --help",
            [each.help for each in rounds],
            "import typer, rich",
            [each.help - each.libraries for each in rounds],
            "at most 0.10 more",
        ),
        (
            "clau-doom status small",
            [each.status for each in rounds],
            "clau-doom --help",
            [each.status - each.help for each in rounds],
            "at most 0.30 more",
        ),
    )
    for name, seconds, base, more, goal in rows:
        difference = "" if more is None else Spread(tuple(more)).text(".3f")
        table.add_row(name, Spread(tuple(seconds)).text(".3f"), base, difference, goal)
    return table
