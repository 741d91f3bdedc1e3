"""The schema as a list of fields: their paths, environment names, and the kind of tagged union each belongs to."""

import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import get_args, get_origin

from pydantic import BaseModel, Discriminator
from pydantic.fields import FieldInfo

from clau_doom.config.schema import ExperimentConfig
from clau_doom.config.text_limits import shortened

__all__ = [
    "OTHER_ENVIRONMENT",
    "PREFIX",
    "Field",
    "default_kind",
    "environment_names",
    "fields",
    "item_model",
    "locate",
    "nearest",
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
"""Variables under our prefix that are read by the command line and are no configuration fields."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field that holds a value, not a section.

    Attributes:
        path: Its place, such as ``("evolution", "sigma")``.
        kind: The kind of the tagged union that it belongs to, or None.
        info: What the schema says about it.
    """

    path: tuple[str, ...]
    kind: str | None
    info: FieldInfo

    @property
    def name(self) -> str:
        """The dotted path."""
        return ".".join(self.path)

    @property
    def environment(self) -> str:
        """The name of its environment variable."""
        return PREFIX + "_".join(self.path).upper()


def union_members(info: FieldInfo) -> dict[str, type[BaseModel]]:
    """Return the models of a tagged union by kind; empty for any other field."""
    if not isinstance(info.discriminator, str):
        return {}
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(info.annotation)}


def section_model(info: FieldInfo) -> type[BaseModel] | None:
    """Return the model of a section; None for a value or a tagged union."""
    annotation = info.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


@cache
def fields() -> tuple[Field, ...]:
    """Return every field in the schema's order; one that several kinds of a union have comes once for each."""
    return tuple(_walk(ExperimentConfig, (), None))


def _walk(model: type[BaseModel], path: tuple[str, ...], kind: str | None) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        here = (*path, name)
        members, section = union_members(info), section_model(info)
        if section:
            yield from _walk(section, here, kind)
        for tag, member in members.items():
            yield from _walk(member, here, tag)
        if not members and not section:
            yield Field(path=here, kind=kind, info=info)


@cache
def environment_names() -> Mapping[str, tuple[str, ...]]:
    """Return the path that each environment variable sets."""
    return types.MappingProxyType({field.environment: field.path for field in fields()})


@cache
def unions() -> Mapping[str, Mapping[str, type[BaseModel]]]:
    """Return the tagged unions by field name; they are all at the root."""
    found = {name: union_members(info) for name, info in ExperimentConfig.model_fields.items()}
    return types.MappingProxyType({name: members for name, members in found.items() if members})


def default_kind(union: str) -> str:
    """Return the kind of a tagged union when none is given."""
    return str(ExperimentConfig.model_fields[union].get_default(call_default_factory=True).kind)


def values(config: ExperimentConfig) -> dict[str, object]:
    """Return every field's value by dotted path, in the schema's order, as plain data that YAML and JSON can carry."""
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
    """Return the candidate most like `word`, or None when none is like it."""
    found = get_close_matches(shortened(word), list(candidates), n=1, cutoff=cutoff)
    return found[0] if found else None


def locate(location: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], type[BaseModel] | None, FieldInfo | None]:
    """Return the path that a pydantic location means, the model that holds its last field, and that field.

    Pydantic puts the chosen kind of a union behind its name, and ``[key]`` behind the key of a mapping.
    """
    path: list[str | int] = []
    model: type[BaseModel] | None = ExperimentConfig
    holder, info = model, None
    rest = list(location)
    while rest:
        part = rest.pop(0)
        if part == "[key]" and path:
            break
        path.append(part)
        if isinstance(part, int) or model is None:
            model = item_model(info) if isinstance(part, int) and info else None
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
    """Return the model of a list's items, if they have one."""
    for item in get_args(info.annotation) if get_origin(info.annotation) is tuple else ():
        if isinstance(item, type) and issubclass(item, BaseModel):
            return item
    return None
