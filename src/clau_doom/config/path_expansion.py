"""Expansion of ``~`` in paths of configurations and the environment, as by a shell."""

from pathlib import Path

__all__ = ["expand_address", "expand_home"]

_UNIX = "unix:"


def expand_home(path: str) -> str:
    """Replace a leading ``~`` or ``~user`` of a path by the home folder.

    Raises:
        ValueError: The user or the home folder does not exist.
    """
    if not path.startswith("~"):
        return path
    try:
        return str(Path(path).expanduser())
    except RuntimeError as error:
        raise ValueError("begins with an unknown home folder: write the full path") from error


def expand_address(address: str) -> str:
    """Expand the home folder in an address such as ``unix:~/PATH``.

    Raises:
        ValueError: See `expand_home`.
    """
    return _UNIX + expand_home(address.removeprefix(_UNIX)) if address.startswith(f"{_UNIX}~") else address
