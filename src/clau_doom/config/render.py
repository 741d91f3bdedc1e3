"""Rendering of configurations as YAML, a commented starter file and JSON Schema."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from clau_doom.config.backend_registry import BackendName
from clau_doom.config.schema import ExperimentConfig, experiment_model
from clau_doom.config.schema_introspection import item_members, item_model, root_fields, section_model, union_members
from clau_doom.strict_yaml import resolve_plain

__all__ = ["flow", "json_schema", "starter", "to_yaml"]

_WIDTH = 100
_OLDER: Any = yaml.resolver.Resolver()
"""Resolves unquoted scalars by the rules of YAML 1.1."""
_PREAMBLE = """\
A clau-doom experiment. All fields are listed with their defaults; omitted lines keep their defaults.
Environment variables override this file: CLAU_DOOM_ and the path in upper case, such as
CLAU_DOOM_SCENARIO_FRAME_SKIP for frame_skip below. Flags of `clau-doom run` override both.
"""


def to_yaml(config: ExperimentConfig) -> str:
    """Format a configuration as YAML with all fields; loading the text gives an equal configuration."""
    plain = config.model_dump(mode="json")
    return "".join(f"{line}\n" for line in _block({name: plain[name] for name in root_fields()}))


def _block(section: dict[str, object]) -> Iterator[str]:
    for name, value in section.items():
        if isinstance(value, dict) and _has_fields(name):
            yield f"{name}:"
            yield from (f"  {line}" for line in _block(value))
        else:
            yield f"{name}: {flow(value)}"


def _has_fields(name: str) -> bool:
    """Return whether a field of the root is a section with fields."""
    info = experiment_model().model_fields.get(name)
    return info is not None and bool(section_model(info) or union_members(info))


def flow(value: object) -> str:
    """Format plain data as one line of YAML that YAML 1.1 and 1.2 read alike."""
    if isinstance(value, str):
        return _yaml_scalar(value)
    if isinstance(value, float):
        text = repr(value)
        mantissa, mark, exponent = text.partition("e")
        return text if "." in mantissa or not mark else f"{mantissa}.0e{exponent}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return json.dumps(value)


def _yaml_scalar(text: str) -> str:
    ordinary = text.isascii() and text.replace("-", "_").replace(".", "_").replace("/", "_").isidentifier()
    sized = text.isascii() and text.isalnum()
    if (ordinary or sized) and not text.startswith("-") and _plain_everywhere(text):
        return text
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _plain_everywhere(text: str) -> bool:
    older = _OLDER.resolve(yaml.ScalarNode, text, (True, False))
    return isinstance(resolve_plain(text), str) and older == "tag:yaml.org,2002:str"


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else f"\\U{ord(char):08X}"


def starter() -> str:
    """Return a commented configuration: all fields with description, bounds and default."""
    lines = [*_comment(_PREAMBLE), "", *_fields(root_fields(), spaced=True)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _fields(infos: Mapping[str, FieldInfo], *, spaced: bool = False) -> Iterator[str]:
    first = True
    for name, info in infos.items():
        members, section = union_members(info), section_model(info)
        if (members or section) and not first and spaced:
            yield ""
        first = False
        if name != "kind":
            yield from _comment(_documentation(info))
            yield from _item_comments(info)
        if section:
            yield f"{name}:"
            yield from (f"  {line}" for line in _fields(section.model_fields))
        elif members:
            yield f"{name}:"
            yield from (f"  {line}" for line in _union(info, members))
            yield ""
        else:
            yield f"{name}: {flow(_default(info))}"


def _union(info: FieldInfo, members: dict[str, type[BaseModel]]) -> Iterator[str]:
    chosen = info.get_default(call_default_factory=True).kind
    yield from _comment(f"Kind {chosen}: {members[chosen].__doc__}")
    yield from _fields(members[chosen].model_fields)
    for kind, member in members.items():
        if kind != chosen:
            yield from _comment(f"Or kind {kind}: {member.__doc__}")
            yield from (f"#   {line}" for line in _fields(member.model_fields))


def _comment(text: str) -> Iterator[str]:
    for line in textwrap.wrap(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False):
        yield f"# {line}"


def _item_comments(info: FieldInfo) -> Iterator[str]:
    model = item_model(info)
    for name, item in model.model_fields.items() if model else ():
        yield f"#   {name}: {_documentation(item)}"
    for kind, member in item_members(info).items():
        yield from _comment(f"Kind {kind}: {member.__doc__}")
        for name, item in member.model_fields.items():
            if name != "kind":
                yield f"#   {name}: {_documentation(item)}"


def _documentation(info: FieldInfo) -> str:
    """Return a field's description with its choices, bounds and an example in brackets."""
    choices = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
    choices += tuple(name for note in info.metadata if isinstance(note, BackendName) for name in note.choices())
    allowed = _bounds(info) or (", ".join(choices) if len(choices) > 1 else "")
    example = f"such as {flow(info.examples[0])}" if info.examples else ""
    notes = "; ".join(part for part in (allowed, example) if part)
    return f"{info.description} ({notes})" if notes else str(info.description)


def _bounds(info: FieldInfo) -> str:
    found = {
        name: getattr(note, name) for note in info.metadata for name in ("ge", "gt", "le", "lt") if hasattr(note, name)
    }
    if "ge" in found and "le" in found:
        return f"{found['ge']} to {found['le']}"
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    return ", ".join(f"{word} {found[name]}" for name, word in words.items() if name in found)


def _default(info: FieldInfo) -> object:
    if info.is_required():
        assert info.examples, "a required field needs an example"
        return info.examples[0]
    return _plain(info.get_default(call_default_factory=True))


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def json_schema() -> str:
    """Return the JSON Schema of configuration files, for editors."""
    schema = experiment_model().model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "clau-doom experiment"}
    return json.dumps({**schema, **head}, indent=2) + "\n"
