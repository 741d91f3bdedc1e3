"""List of the schema's fields with paths, environment variables and kinds of tagged unions."""

import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Annotated, get_args, get_origin

from pydantic import BaseModel, Discriminator
from pydantic.fields import FieldInfo

from clau_doom.config.backend_registry import registered_backends
from clau_doom.config.path_fields import PathKind, path_kind
from clau_doom.config.schema import ExperimentConfig, experiment_model
from clau_doom.parsing_limits import shortened

__all__ = [
    "OTHER_ENVIRONMENT",
    "PREFIX",
    "Field",
    "default_kind",
    "environment_names",
    "fields",
    "has_fields_below",
    "item_members",
    "item_model",
    "item_path_kinds",
    "locate",
    "nearest",
    "path_kinds",
    "root_fields",
    "section_model",
    "union_members",
    "unions",
    "values",
]

PREFIX = "CLAU_DOOM_"
OTHER_ENVIRONMENT = (
    "CLAU_DOOM_OUTPUT_DIR",
    "CLAU_DOOM_SERVER",
    "CLAU_DOOM_TOKEN",
    "CLAU_DOOM_TOKEN_FILE",
    "CLAU_DOOM_CA",
    "CLAU_DOOM_CERTIFICATE",
    "CLAU_DOOM_KEY",
    "CLAU_DOOM_TRUST",
)
"""Variables with the prefix that belong to the command line, not to configuration fields."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """Field of the schema that holds a value, not a section.

    Attributes:
        path: Keys from the root, such as ``("evolution", "sigma")``.
        kind: Kind of the tagged union that contains the field, or None.
        info: Pydantic's description of the field.
    """

    path: tuple[str, ...]
    kind: str | None
    info: FieldInfo

    @property
    def name(self) -> str:
        """Dotted path."""
        return ".".join(self.path)

    @property
    def environment(self) -> str:
        """Name of the environment variable."""
        return PREFIX + "_".join(self.path).upper()


def union_members(info: FieldInfo) -> dict[str, type[BaseModel]]:
    """Return the models of a tagged union by kind; empty for any other field."""
    return _by_kind(info.annotation) if isinstance(info.discriminator, str) else {}


def item_members(info: FieldInfo) -> dict[str, type[BaseModel]]:
    """Return the models of a list's items by kind, if the items are a tagged union; empty for any other field."""
    items = get_args(info.annotation) if get_origin(info.annotation) is tuple else ()
    return _by_kind(get_args(items[0])[0]) if items and get_origin(items[0]) is Annotated else {}


def _by_kind(union: object) -> dict[str, type[BaseModel]]:
    models = [model for model in get_args(union) if isinstance(model, type) and issubclass(model, BaseModel)]
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in models}


def section_model(info: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a section; None for a value or a tagged union."""
    annotation = info.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def root_fields() -> Mapping[str, FieldInfo]:
    """Return the fields and sections of an experiment in the order of a file: backends follow `execution`."""
    every = experiment_model().model_fields
    backends = [backend.name for backend in registered_backends()]
    others = [name for name in every if name not in backends]
    split = others.index("execution") + 1
    return {name: every[name] for name in (*others[:split], *backends, *others[split:])}


def fields() -> tuple[Field, ...]:
    """Return all fields in the order of a file; a field of several kinds of a union is listed once for each kind."""
    return _fields(experiment_model())


@cache
def _fields(_: type[ExperimentConfig]) -> tuple[Field, ...]:
    return tuple(_walk(root_fields(), (), None))


def _walk(infos: Mapping[str, FieldInfo], path: tuple[str, ...], kind: str | None) -> Iterator[Field]:
    for name, info in infos.items():
        here = (*path, name)
        members, section = union_members(info), section_model(info)
        if section:
            yield from _walk(section.model_fields, here, kind)
        for tag, member in members.items():
            yield from _walk(member.model_fields, here, tag)
        if not members and not section:
            yield Field(path=here, kind=kind, info=info)


def has_fields_below(name: str) -> bool:
    """Return whether a dotted path names a section with fields, and not a value."""
    return any(field.name.startswith(f"{name}.") for field in fields())


def environment_names() -> Mapping[str, tuple[str, ...]]:
    """Return the paths of fields by environment variable."""
    return {field.environment: field.path for field in fields()}


def path_kinds() -> Mapping[tuple[str | int, ...], PathKind]:
    """Return the kind of each field that holds paths, by its path."""
    return _path_kinds(experiment_model())


@cache
def _path_kinds(model: type[ExperimentConfig]) -> Mapping[tuple[str | int, ...], PathKind]:
    found = {field.path: path_kind(field.info.annotation, field.info.metadata) for field in _fields(model)}
    return types.MappingProxyType({path: kind for path, kind in found.items() if kind})


def item_path_kinds() -> Mapping[tuple[str | int, ...], Mapping[str, PathKind]]:
    """Return the kinds of the path fields of sections in lists, such as trackers, by the path of the list."""
    return _item_path_kinds(experiment_model())


@cache
def _item_path_kinds(model: type[ExperimentConfig]) -> Mapping[tuple[str | int, ...], Mapping[str, PathKind]]:
    found: dict[tuple[str | int, ...], dict[str, PathKind]] = {}
    for field in _fields(model):
        for member in item_members(field.info).values():
            for name, info in member.model_fields.items():
                if kind := path_kind(info.annotation, info.metadata):
                    found.setdefault(field.path, {})[name] = kind
    return types.MappingProxyType(found)


@cache
def unions() -> Mapping[str, Mapping[str, type[BaseModel]]]:
    """Return the tagged unions, which are all at the root, by field name."""
    found = {name: union_members(info) for name, info in ExperimentConfig.model_fields.items()}
    return types.MappingProxyType({name: members for name, members in found.items() if members})


def default_kind(union: str) -> str:
    """Return the default kind of a tagged union."""
    return str(ExperimentConfig.model_fields[union].get_default(call_default_factory=True).kind)


def values(config: ExperimentConfig) -> dict[str, object]:
    """Return all values by dotted path, in schema order, as plain data for YAML and JSON."""
    plain = config.model_dump(mode="json")
    kinds = {union: plain[union]["kind"] for union in unions()}
    found: dict[str, object] = {}
    for field in fields():
        if field.kind in {None, kinds.get(field.path[0])}:
            value: object = plain
            for part in field.path:
                assert isinstance(value, dict)
                value = value[part]
            found[field.name] = value
    return found


def nearest(word: str, candidates: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the candidate most similar to `word`, or None if no candidate is similar."""
    found = get_close_matches(shortened(word), list(candidates), n=1, cutoff=cutoff)
    return found[0] if found else None


def locate(location: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], type[BaseModel] | None, FieldInfo | None]:
    """Return the path of a pydantic location, the model that contains its last field, and that field.

    Pydantic appends the kind of a union to its name, and ``[key]`` to the key of a mapping.
    """
    path: list[str | int] = []
    model: type[BaseModel] | None = experiment_model()
    holder, info = model, None
    rest = list(location)
    while rest:
        part = rest.pop(0)
        if part == "[key]" and path:
            break
        path.append(part)
        if isinstance(part, int) or model is None:
            model = item_model(info) if isinstance(part, int) and info else None
            if isinstance(part, int) and info and rest and (members := item_members(info)):
                model = members.get(str(rest.pop(0)))
            continue
        holder, info = model, model.model_fields.get(part)
        model = section_model(info) if info else None
        if info and rest and _is_tagged(info):
            model = union_members(info).get(str(rest.pop(0)))
            holder = model or holder
    return tuple(path), holder, info


def _is_tagged(info: FieldInfo) -> bool:
    return isinstance(info.discriminator, str) or any(isinstance(note, Discriminator) for note in info.metadata)


def item_model(info: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a list's items, or None."""
    for item in get_args(info.annotation) if get_origin(info.annotation) is tuple else ():
        if isinstance(item, type) and issubclass(item, BaseModel):
            return item
    return None
