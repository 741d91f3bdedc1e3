"""Check that an experiment's folder has the experiment's name, which copies do not have."""

import shlex
from pathlib import Path

from clau_doom.errors import WrongState

__all__ = ["check_identity", "move_command"]


def check_identity(folder: Path, stored: str) -> None:
    """Refuse to write to a folder that does not have its experiment's name.

    Args:
        folder: Folder of the experiment.
        stored: Id of the experiment in its results.

    Raises:
        WrongState: The folder is a copy or was renamed; the message has a command that makes it writable.
    """
    if folder.name != stored:
        raise WrongState(
            f"the folder {folder} contains experiment {stored}: it is a copy or was renamed, and is read-only; "
            f"to use it, run: {move_command(folder, stored)}"
        )


def move_command(folder: Path, stored: str) -> str:
    """Return the command that gives a folder its experiment's name, in another folder if the name is taken."""
    target = folder.with_name(stored)
    if not target.exists():
        return f"mv {shlex.quote(str(folder))} {shlex.quote(str(target))}"
    other = folder.absolute().parent
    other = other.with_name(f"{other.name}-copies")
    there = shlex.quote(str(other))
    return f"mkdir -p {there} && mv {shlex.quote(str(folder))} {there}/{stored}"
