"""Paths in a configuration or the environment, with ``~`` expanded as a shell does it."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

__all__ = ["FilePath", "expand_address", "expand_home"]

_UNIX = "unix:"


def expand_home(path: str) -> str:
    """Return a path with a leading ``~`` or ``~user`` replaced by the home folder; other paths as they are.

    Raises:
        ValueError: There is no such user, or no home folder.
    """
    if not path.startswith("~"):
        return path
    try:
        return str(Path(path).expanduser())
    except RuntimeError as error:
        raise ValueError("begins with a home folder that is not known here: write the whole path") from error


def expand_address(address: str) -> str:
    """Return an address with the home folder of ``unix:~/PATH`` expanded; other addresses as they are.

    Raises:
        ValueError: See `expand_home`.
    """
    return _UNIX + expand_home(address.removeprefix(_UNIX)) if address.startswith(f"{_UNIX}~") else address


FilePath = Annotated[str, Field(min_length=1), AfterValidator(expand_home)]
