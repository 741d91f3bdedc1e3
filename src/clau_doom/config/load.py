"""Loading of a validated configuration from a file, the environment and flags, with the origin of each value.

Flags override the environment, the environment overrides the file, and the file overrides defaults. In the Python
library, keyword arguments take the place of flags. Layers are merged field by field; a list or a mapping (``fitness``,
``policy.options``) replaces the lower one as a whole. Relative paths of a file belong to the folder of that file, all
others to the working folder.

If the environment or a flag selects another `kind` of policy or evolution than a lower layer, all values of that
section in lower layers are dropped. Fields of the same name are dropped, too, because for example `sigma` of `genetic`
has another meaning in `cma-es`. A section without a `kind` has the default kind.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from clau_doom.config.path_fields import PathKind, absolute_path
from clau_doom.config.schema import ExperimentConfig
from clau_doom.config.schema_introspection import (
    OTHER_ENVIRONMENT,
    PREFIX,
    default_kind,
    environment_names,
    fields,
    item_path_kinds,
    nearest,
    path_kinds,
    unions,
    values,
)
from clau_doom.config.validation_messages import Problem, dotted, problems_of, shown
from clau_doom.errors import ConfigError
from clau_doom.parsing_limits import MOST_PROBLEMS, check_entries
from clau_doom.strict_yaml import Place, YamlDocument, parse_document, parse_value, read_document

__all__ = ["Examine", "Resolved", "config_from_yaml", "load_config", "refuse_problems", "resolve", "resolve_fields"]

Examine = Callable[[ExperimentConfig], Sequence[Problem]]
"""Finds problems of a valid configuration, such as missing files and exceeded limits."""


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A valid configuration and the origins of its values.

    Attributes:
        config: The configuration.
        origins: Origin by dotted path: ``flag --seed``, ``argument seed``, ``environment CLAU_DOOM_SEED``,
            ``file config.yaml:7``, the name of a source without lines, or ``default``.
    """

    config: ExperimentConfig
    origins: Mapping[str, str]


def load_config(
    source: Path | YamlDocument | None,
    *,
    environ: Mapping[str, str],
    overrides: Mapping[str, object] = MappingProxyType({}),
    arguments: Mapping[str, object] = MappingProxyType({}),
    examine: Examine | None = None,
) -> Resolved:
    """Load the configuration from a file, the environment and flags.

    Args:
        source: The YAML file, or its content, or None for defaults.
        environ: The environment; only names with the prefix ``CLAU_DOOM_`` are read.
        overrides: Values of flags by dotted path; None for a flag that was not given.
        arguments: Values of keyword arguments by dotted path. None is a value.
        examine: Finds problems that the schema does not find. It receives defaults in place of invalid values, so that
            all problems are reported at once.

    Raises:
        ConfigError: The file cannot be read or parsed, or values are invalid. The message lists at most 20 problems
            with place, value and remedy.
    """
    document = read_document(source) if isinstance(source, Path) else source
    return resolve(document, environ=environ, overrides=overrides, arguments=arguments, examine=examine)


def config_from_yaml(
    text: str,
    *,
    name: str,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] = MappingProxyType({}),
    arguments: Mapping[str, object] = MappingProxyType({}),
) -> ExperimentConfig:
    """Load the configuration from a text, such as a stored configuration; messages call it `name`.

    Raises:
        ConfigError: As for `load_config`.
    """
    document = parse_document(text, name=name)
    return resolve(document, environ=environ or {}, overrides=overrides, arguments=arguments).config


def resolve(
    document: YamlDocument | None,
    *,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
    arguments: Mapping[str, object] = MappingProxyType({}),
    examine: Examine | None = None,
) -> Resolved:
    """Load the configuration as `load_config` does, from a parsed document."""
    problems: list[tuple[str, Problem]] = []
    name = document.name if document else "the configuration"
    check_entries(document.data if document else {}, name=name)
    layers = _Layers(document)
    layers.lay(_from_environment(environ, problems))
    layers.lay(_from_flags(overrides))
    layers.lay(_from_arguments(arguments))
    layers.name_kinds()
    config, found, more = _validate(layers.data, examine or (lambda _: ()))
    problems += [(layers.where(problem.path), problem) for problem in found]
    if problems or config is None:
        raise _refusal(name, problems, more)
    origins = {name: layers.origin(tuple(name.split("."))) for name in values(config)}
    return Resolved(config=config, origins=MappingProxyType(origins))


def resolve_fields(data: dict[str, object], *, name: str) -> Resolved:
    """Load the configuration from values without a file, such as a request; messages call it `name`.

    Raises:
        ConfigError: As for `load_config`, but without line numbers.
    """
    return resolve(YamlDocument(name=name, data=data, lines={}), environ={}, overrides={})


@dataclass(frozen=True, kw_only=True)
class _Given:
    path: tuple[str, ...]
    value: object
    origin: str


class _Layers:
    """Merged values and the origin of each."""

    def __init__(self, document: YamlDocument | None) -> None:
        self._document = document
        self._origins: dict[Place, str] = {}
        self.data: dict[str, object] = copy.deepcopy(document.data) if document else {}
        if document and document.folder is not None:
            _make_paths_absolute(self.data, document.folder)

    def lay(self, layer: list[_Given]) -> None:
        """Merge a layer; values that select a kind go first, because they may drop others."""
        for given in sorted(layer, key=lambda given: given.path[-1] != "kind"):
            if given.path[-1] == "kind":
                self._choose(given)
            section = self.data
            for part in given.path[:-1]:
                below = section.setdefault(part, {})
                if not isinstance(below, dict):  # an invalid value of the file, reported later
                    break
                section = below
            else:
                section[given.path[-1]] = _absolute(given.path, given.value, Path.cwd())
                self._origins[given.path] = given.origin

    def _choose(self, given: _Given) -> None:
        union = given.path[0]
        before = self.data.get(union)
        if isinstance(before, dict) and before.get("kind", default_kind(union)) != given.value:
            self.data[union] = {}
            self._origins = {path: origin for path, origin in self._origins.items() if path[0] != union}

    def name_kinds(self) -> None:
        """Set the default kind of sections without a kind."""
        for union in unions():
            section = self.data.get(union)
            if isinstance(section, dict) and "kind" not in section:
                section["kind"] = default_kind(union)
                self._origins[union, "kind"] = "default"

    def origin(self, path: Place) -> str:
        """Return the origin of the value at `path`."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._origins:
                return self._origins[path[:length]]
        if not self._document or not _holds(self.data, path):
            return "default"
        line = self._document.line(path)
        return f"file {self._document.name}:{line}" if line else self._document.name

    def where(self, path: Place) -> str:
        """Return the place of a problem: a line of the file, a variable, a flag, or an empty text for a default."""
        for length in range(len(path), 0, -1):
            origin = self._origins.get(path[:length], "default")
            if origin != "default":
                return origin
        line = self._document.line(path) if self._document else None
        return f"line {line}" if line else ""


def _make_paths_absolute(data: dict[str, object], folder: Path) -> None:
    """Replace the relative paths in the data of a file."""
    for path in (*path_kinds(), *item_path_kinds()):
        section: object = data
        for part in path[:-1]:
            section = section.get(part) if isinstance(section, dict) else None
        if isinstance(section, dict) and path[-1] in section:
            section[path[-1]] = _absolute(path, section[path[-1]], folder)


def _absolute(path: Place, value: object, folder: Path) -> object:
    kind, items = path_kinds().get(path), item_path_kinds().get(path)
    if items and isinstance(value, list):
        return [_absolute_item(item, items, folder) for item in value]
    return absolute_path(value, kind, folder) if kind else value


def _absolute_item(item: object, kinds: Mapping[str, PathKind], folder: Path) -> object:
    if not isinstance(item, dict):
        return item
    return {name: absolute_path(value, kinds[name], folder) if name in kinds else value for name, value in item.items()}


def _holds(data: object, path: Place) -> bool:
    for part in path:
        if not isinstance(data, dict) or part not in data:
            return False
        data = data[part]
    return True


def _from_environment(environ: Mapping[str, str], problems: list[tuple[str, Problem]]) -> list[_Given]:
    known, layer = environment_names(), []
    texts = {field.path for field in fields() if field.info.annotation is str}
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        where, path, text = f"environment {variable}", known.get(variable), environ[variable]
        if path is None:
            if variable not in OTHER_ENVIRONMENT:
                problems.append((where, Problem(path=(), text=_unknown_variable(variable))))
        elif not text.strip():
            problems.append((where, Problem(path=path, text="is empty: unset the variable, or give it a value")))
        else:
            try:
                value = text if path in texts else parse_value(text)
            except ValueError as error:
                problems.append((where, Problem(path=path, text=f"{shown(text)} is not a valid value: {error}")))
            else:
                layer.append(_Given(path=path, value=value, origin=where))
    return layer


def _unknown_variable(variable: str) -> str:
    names = (*environment_names(), *OTHER_ENVIRONMENT)
    inside = [name for name in names if name.startswith(f"{variable}_")]
    if inside:
        return f"names a section: set one of its fields, such as {inside[0]}"
    return f"is an unknown variable: did you mean {nearest(variable, names, cutoff=0.0)}?"


def _from_flags(overrides: Mapping[str, object]) -> list[_Given]:
    given = ((tuple(name.split(".")), value) for name, value in overrides.items() if value is not None)
    return [_Given(path=path, value=value, origin=f"flag --{path[-1].replace('_', '-')}") for path, value in given]


def _from_arguments(arguments: Mapping[str, object]) -> list[_Given]:
    return [
        _Given(path=tuple(name.split(".")), value=value, origin=f"argument {name}") for name, value in arguments.items()
    ]


def refuse_problems(problems: Sequence[Problem]) -> None:
    """Raise a `ConfigError` with the problems of a valid configuration, if there are any."""
    if problems:
        raise _refusal("the configuration", [("", problem) for problem in problems], 0)


def _validate(data: dict[str, object], examine: Examine) -> tuple[ExperimentConfig | None, list[Problem], int]:
    """Return the configuration or None, the problems, and how many further problems were left out."""
    try:
        config = ExperimentConfig.model_validate(data)
        return config, [*examine(config)], 0
    except ValidationError as error:
        found, more = problems_of(error)
    # Pydantic checks combinations of values only if each value is valid: validate the valid ones again.
    sound = copy.deepcopy(data)
    dropped = [_drop(sound, problem.path) for problem in found if not problem.partners]
    if dropped and not more:
        try:
            others = [*examine(ExperimentConfig.model_validate(sound))]
        except ValidationError as error:
            others = [problem for problem in problems_of(error)[0] if problem.partners and problem not in found]
        found += [problem for problem in others if not _touches(problem, dropped)]
    return None, found, more


def _drop(data: dict[str, object], path: Place) -> Place:
    """Remove the value at `path`, or its nearest existing parent, from `data`; return the path of the removed value."""
    section, taken = data, 0
    while taken < len(path) - 1:
        below = section.get(str(path[taken]))
        if not isinstance(below, dict) or path[taken + 1] not in below:
            break
        section, taken = below, taken + 1
    section.pop(str(path[taken]), None) if path else None
    return path[: taken + 1]


def _touches(clash: Problem, dropped: list[Place]) -> bool:
    return any(
        place[: len(gone)] == gone or gone[: len(place)] == place
        for place in (clash.path, *clash.partners)
        for gone in dropped
    )


def _refusal(name: str, problems: list[tuple[str, Problem]], more: int) -> ConfigError:
    """Return an error with the problems and the number of further ones."""
    count = len(problems) + more
    problems = problems[:MOST_PROBLEMS]
    rows = [f"  {_row(where, problem)}" for where, problem in _in_order(problems)]
    if more := count - len(problems):
        rows.append(f"  and {more:,} more: correct these first")
    return ConfigError(
        "\n".join([f"{name}: {count:,} {'problem' if count == 1 else 'problems'}:", *rows]),
        tuple([(dotted(problem.path), problem.text) for _, problem in problems]),
        lines=tuple([int(where[5:]) if where.startswith("line ") else None for where, _ in problems]),
    )


def _in_order(problems: list[tuple[str, Problem]]) -> list[tuple[str, Problem]]:
    """Sort problems of the file by line, before those of the environment, flags and defaults."""
    return sorted(problems, key=lambda pair: int(pair[0][5:]) if pair[0].startswith("line ") else 1 << 30)


def _row(where: str, problem: Problem) -> str:
    if not problem.path:
        return f"{where} {problem.text}" if where else problem.text
    place = f" ({where})" if where else ""
    return f"{dotted(problem.path)}{place}: {problem.text}"
