"""Table of commands: agreement with the commands' modules, and modules that help and status must not import."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from clau_doom.cli.command_table import COMMANDS, CommandEntry
from clau_doom.domain.events import Event

COMMAND_MODULES = "clau_doom.cli.commands."
NOT_FOR_HELP = {
    "asyncio",
    "clau_doom.config",
    "clau_doom.domain",
    "clau_doom.errors",
    "grpc",
    "markdown_it",
    "numpy",
    "pydantic",
    "pygments",
    "rich.markdown",
    "rich.traceback",
    "sqlite3",
    "yaml",
}
NOT_FOR_STATUS = {
    "clau_doom.analysis.sections",
    "clau_doom.config",
    "clau_doom.ports",
    "google.protobuf",
    "grpc",
    "markdown_it",
    "matplotlib",
    "pandas",
    "pyarrow",
    "pygments",
    "scipy",
    "statsmodels",
    "typer.rich_utils",
    "vizdoom",
}


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_summary_is_that_of_the_command(entry: CommandEntry) -> None:
    module, _, attribute = entry.target.partition(":")
    target: Any = getattr(import_module(COMMAND_MODULES + module), attribute)
    described = target.info.help if isinstance(target, typer.Typer) else inspect.getdoc(target)
    assert str(described).split("\n\n")[0] == entry.summary
    assert bool(entry.examples) != isinstance(target, typer.Typer)


def _imported(folder: Path, *arguments: str) -> set[str]:
    """Return the modules of a process that has run a command."""
    code = (
        "import sys; from clau_doom.cli import run_command; status = run_command(sys.argv[1:]);"
        "print('imported', *sys.modules); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return {*done.stdout.splitlines()[-1].split()}


def test_help_imports_no_command_and_no_large_library(tmp_path: Path) -> None:
    imported = _imported(tmp_path, "--help")
    assert "typer.rich_utils" in imported
    assert not NOT_FOR_HELP & imported
    assert not [name for name in imported if name.startswith(COMMAND_MODULES)]


@pytest.mark.parametrize("arguments", [("status",), ("status", "tiny"), ("status", "tiny", "--json")])
def test_status_imports_no_statistics_and_no_server(
    arguments: tuple[str, ...], tmp_path: Path, keep: Callable[..., None], story: list[Event]
) -> None:
    keep(story)
    imported = _imported(tmp_path, *arguments)
    assert "clau_doom.storage" in imported
    assert not NOT_FOR_STATUS & imported
