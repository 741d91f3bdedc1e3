"""Folder of experiments: an argument, the environment variable, or the default."""

import os
from pathlib import Path

from clau_doom.config.path_expansion import expand_home
from clau_doom.errors import ConfigError

__all__ = ["find_output_dir"]

_VARIABLE = "CLAU_DOOM_OUTPUT_DIR"
_DEFAULT = "runs"


def find_output_dir(output_dir: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of experiments.

    Args:
        output_dir: The folder. None: the environment variable ``CLAU_DOOM_OUTPUT_DIR``, or else ``runs``.

    Raises:
        ConfigError: The path begins with an unknown home folder.
    """
    path = os.environ.get(_VARIABLE) or _DEFAULT if output_dir is None else os.fspath(output_dir)
    try:
        return Path(expand_home(path))
    except ValueError as error:
        raise ConfigError(f"output_dir {path!r} {error}") from error
