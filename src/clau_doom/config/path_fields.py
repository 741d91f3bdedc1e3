"""Fields that hold paths of files, and the folder that relative paths belong to.

Paths of a file are relative to the folder of that file. Paths of variables, flags and Python data are relative to the
working folder. `absolute_paths` converts them when a configuration is loaded, so that a stored configuration and a
request to a server do not depend on a working folder.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field

from clau_doom.config.path_expansion import expand_address, expand_home

__all__ = ["AgentAddress", "AgentName", "FilePath", "PathKind", "ScenarioName", "absolute_path", "path_kind"]

_UNIX = "unix:"


@dataclass(frozen=True, slots=True)
class PathKind:
    """Annotation of a field with paths.

    Attributes:
        form: ``file``: each text is a path; ``address``: a text that begins with ``unix:`` contains a path;
            ``scenario``: a text that ends with ``.cfg`` is a path; ``agent``: a text that ends with ``.json`` is.
    """

    form: Literal["file", "address", "scenario", "agent"]


FilePath = Annotated[str, Field(min_length=1), AfterValidator(expand_home), PathKind("file")]
"""Path of a file or a folder."""

AgentAddress = Annotated[str, AfterValidator(expand_address), PathKind("address")]
"""Address as ``host:port`` or ``unix:PATH``."""

ScenarioName = Annotated[str, PathKind("scenario")]
"""Name of a bundled scenario, or path of a .cfg file."""

AgentName = Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(expand_home), PathKind("agent")]
"""Id of an agent or an experiment, or path of an agent file (.json)."""


def path_kind(annotation: Any, metadata: tuple[Any, ...] | list[Any] = ()) -> PathKind | None:
    """Return the kind of paths in a field, from its annotation and pydantic's metadata; None for other fields."""
    found = (each for each in metadata if isinstance(each, PathKind))
    nested = (path_kind(each) for each in (*getattr(annotation, "__metadata__", ()), *get_args(annotation)))
    if isinstance(annotation, PathKind):
        return annotation
    return next(found, None) or next((each for each in nested if each), None)


def absolute_path(value: object, kind: PathKind, folder: Path) -> object:
    """Return a value of a path field with absolute paths. Values of other types are returned unchanged.

    Args:
        value: A text or a list.
        kind: Kind of the field.
        folder: Folder of relative paths.
    """
    if isinstance(value, list | tuple):
        return [absolute_path(item, kind, folder) for item in value]
    if isinstance(value, Mapping) or not isinstance(value, str):
        return value
    match kind.form:
        case "file":
            return _joined(value, folder)
        case "address":
            rest = value.removeprefix(_UNIX)
            return _UNIX + _joined(rest, folder) if rest != value else value
        case "scenario":
            return _joined(value, folder) if value.lower().endswith(".cfg") else value
        case "agent":
            return _joined(value, folder) if value.lower().endswith(".json") else value


def _joined(path: str, folder: Path) -> str:
    # An empty path, and one that `expand_home` expands, are left to the validation.
    return path if not path or path.startswith("~") else os.path.normpath(folder.absolute() / path)
