"""Paths that users give in Python, with ``~`` expanded."""

import os
from pathlib import Path

from clau_doom.config.path_expansion import expand_home
from clau_doom.errors import ConfigError

__all__ = ["expanded_path"]


def expanded_path(path: str | os.PathLike[str]) -> Path:
    """Return a path of a user.

    Raises:
        ConfigError: The path begins with an unknown home folder.
    """
    try:
        return Path(expand_home(os.fspath(path)))
    except ValueError as error:
        raise ConfigError(f"the path {os.fspath(path)!r} {error}") from error
