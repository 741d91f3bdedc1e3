"""The rule that an experiment's folder is named after the experiment, which a copy breaks."""

import shlex
from pathlib import Path

from clau_doom.errors import WrongState

__all__ = ["check_identity", "move_command"]


def check_identity(folder: Path, stored: str) -> None:
    """Do nothing if a folder is named after the experiment that it holds; writing to any other is refused.

    Args:
        folder: The folder.
        stored: The id of the experiment in its results.

    Raises:
        WrongState: The folder is a copy, or was renamed; the message gives the command that makes it writable.
    """
    if folder.name != stored:
        raise WrongState(
            f"the folder {folder} holds experiment {stored}: it is a copy or was renamed, so nothing is written to it; "
            f"to use it, run: {move_command(folder, stored)}"
        )


def move_command(folder: Path, stored: str) -> str:
    """Return the command that gives a folder its experiment's name, in another folder where the name is taken."""
    target = folder.with_name(stored)
    if not target.exists():
        return f"mv {shlex.quote(str(folder))} {shlex.quote(str(target))}"
    other = folder.absolute().parent
    other = other.with_name(f"{other.name}-copies")
    there = shlex.quote(str(other))
    return f"mkdir -p {there} && mv {shlex.quote(str(folder))} {there}/{stored}"
