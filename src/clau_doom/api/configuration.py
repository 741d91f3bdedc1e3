"""Configurations as users give them in Python: a path, a mapping, an `ExperimentConfig`, and keyword arguments."""

import os
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from clau_doom.api.importable_objects import target_of
from clau_doom.api.user_paths import expanded_path
from clau_doom.config import ExperimentConfig, YamlDocument, has_fields_below
from clau_doom.errors import ConfigError

__all__ = ["ConfigSource", "configuration_source", "keyword_arguments"]

ConfigSource = str | os.PathLike[str] | Mapping[str, object] | ExperimentConfig | None
"""A path of a YAML file, nested or dotted values, a complete configuration, or None for the defaults."""

_NAME = "the configuration"
_CLASS_SECTIONS = {"policy", "evolution"}
"""Sections that a class of the user can replace."""


def configuration_source(config: ConfigSource) -> Path | YamlDocument | None:
    """Return a configuration in the form of `app.run_planning.plan_run`.

    Args:
        config: The configuration. Keys of a mapping may be nested (``{"execution": {"workers": 2}}``), dotted
            (``{"execution.workers": 2}``), or both.

    Raises:
        ConfigError: The value has another type, a key is not a text, or a field is given twice.
    """
    if config is None:
        return None
    if isinstance(config, str | os.PathLike):
        return expanded_path(config)
    if isinstance(config, ExperimentConfig):
        config = config.model_dump(mode="json")
    if not isinstance(config, Mapping):
        raise ConfigError(
            f"a configuration is the path of a YAML file, a dict or an ExperimentConfig, not {type(config).__name__}"
        )
    return YamlDocument(name=_NAME, data=_nested(_dotted(config)), lines={}, folder=Path.cwd())


def keyword_arguments(overrides: Mapping[str, object]) -> dict[str, object]:
    """Return the values of keyword arguments by dotted path. Sections are merged field by field.

    Raises:
        ConfigError: A key is not a text, or a field is given twice.
    """
    return _dotted(overrides)


def _dotted(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Return the values of fields by dotted path. A mapping that is itself a value, such as `fitness`, is kept."""
    found: dict[str, object] = {}
    for key, value in values.items():
        if not isinstance(key, str):
            raise ConfigError(f"{prefix or _NAME}: the key {key!r} is not a text")
        path = prefix + key
        given = _section(value) if path in _CLASS_SECTIONS and isinstance(value, type) else value
        below = _dotted(given, f"{path}.") if isinstance(given, Mapping) and has_fields_below(path) else {path: given}
        if twice := found.keys() & below.keys():
            raise ConfigError(f"{min(twice)} is given twice: as part of a section, and with a dotted name")
        found.update({name: _plain(each) for name, each in below.items()})
    return found


def _section(made: type) -> dict[str, object]:
    return {"kind": "class", "target": target_of(made)}


def _plain(value: object) -> object:
    """Return a value as plain data: numbers of NumPy, paths, and classes and functions of users are converted."""
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return target_of(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    converted = getattr(value, "tolist", None)  # of NumPy: a number, or a list
    return converted() if callable(converted) else value


def _nested(values: Mapping[str, object]) -> dict[str, object]:
    data: dict[str, object] = {}
    for name, value in values.items():
        *sections, field = name.split(".")
        section = data
        for part in sections:
            below = section.setdefault(part, {})
            if not isinstance(below, dict):
                raise ConfigError(f"{name} is given, but {part} is {below!r} and not a section")
            section = below
        section[field] = value
    return data
