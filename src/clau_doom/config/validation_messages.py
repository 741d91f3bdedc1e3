"""Messages about invalid configurations, with value and remedy."""

import json
import re
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from clau_doom.config.base_section import Clash
from clau_doom.config.schema_introspection import default_kind, fields, locate, nearest, unions
from clau_doom.parsing_limits import MOST_PROBLEMS, shortened
from clau_doom.redaction import without_logins
from clau_doom.strict_yaml import Place

__all__ = ["Problem", "dotted", "problems_of", "shown"]

# Messages by pydantic's error type; {value} is the invalid value, the other names are pydantic's.
_WORDING = {
    "bool_type": "{value} is neither true nor false",
    "dict_type": "{value} is not a mapping: write `name: value` lines below it",
    "finite_number": "{value} is not finite: use a finite number",
    "float_type": "{value} is not a number",
    "greater_than": "{value} is too small: use more than {gt}",
    "greater_than_equal": "{value} is too small: use {ge} or more",
    "int_type": "{value} is not a whole number",
    "less_than": "{value} is too large: use less than {lt}",
    "less_than_equal": "{value} is too large: use {le} or less",
    "missing": "is missing: {description}",
    "string_pattern_mismatch": "{value} has the wrong form: {description}",
    "string_too_short": "{value} is too short: use at least {min_length} character(s)",
    "string_type": "{value} is not text: put it in quotes",
    "string_unicode": "{value} is not valid text: use UTF-8",
    "too_long": "{value} has too many entries: use at most {max_length}",
    "too_short": "{value} has too few entries: use at least {min_length}",
    "tuple_type": "{value} is not a list: write it as [1, 2]",
    "secret_value": "{message}",
    "union_tag_not_found": "{value} has no kind: write `kind: NAME` first",
    "value_error": "{value} {error}",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Problem of one value.

    Attributes:
        path: Path of the value.
        text: The problem and its remedy.
        partners: Paths of conflicting values; empty if the value itself is invalid.
    """

    path: Place
    text: str
    partners: tuple[Place, ...] = ()


def dotted(path: Place) -> str:
    """Format a path, such as ``evolution.descriptors[0].low``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{shortened(part)}" for part in path)
    text = "".join(parts).removeprefix(".")
    return text if all(str(part).isprintable() for part in path) else f"'{text}'"


def shown(value: object) -> str:
    """Format a value as one short line of YAML."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, str):
        value = without_logins(value)
        text = repr(value) if value.isprintable() else ascii(value)
    elif isinstance(value, float):
        text = repr(value)
    else:
        text = without_logins(json.dumps(value, default=str))
    return shortened(text)


def problems_of(error: ValidationError) -> tuple[list[Problem], int]:
    """Return the problems in a validation error, and the number of omitted ones.

    At most 20 problems are returned: computing suggestions for thousands of them would take minutes.
    """
    found: list[Problem] = []
    details = error.errors(include_url=False)
    for detail in details[:MOST_PROBLEMS]:
        path, holder, info = locate(detail["loc"])
        context = detail.get("ctx", {})
        if detail["type"] == "clash":
            found.extend(_clashes(detail["loc"], detail["input"], context["clashes"]))
        elif detail["type"] == "union_tag_invalid":
            value = detail["input"]["kind"]
            found.append(Problem(path=(*path, "kind"), text=_choice(value, context["expected_tags"])))
        elif detail["type"] == "literal_error":
            found.append(Problem(path=path, text=_choice(detail["input"], context["expected"])))
        elif detail["type"] == "extra_forbidden":
            found.append(Problem(path=path, text=_unknown(detail["loc"], path, holder)))
        elif detail["type"] in {"model_type", "model_attributes_type"}:
            found.append(Problem(path=path, text=_no_section(path, detail["input"])))
        elif detail["type"] == "too_short" and len(detail["input"]) >= context["min_length"]:
            continue  # there are enough entries, and the invalid ones are reported themselves
        else:
            found.append(Problem(path=path, text=_worded(detail, info)))
    return found, max(len(details) - MOST_PROBLEMS, 0)


def _worded(detail: ErrorDetails, info: FieldInfo | None) -> str:
    template = _WORDING.get(detail["type"], "{value}: {message}")
    description = (info.description if info else None) or "see `clau-doom config init`"
    known = {"value": shown(detail["input"]), "message": detail["msg"], "description": description.rstrip(".")}
    return template.format_map({**known, **detail.get("ctx", {})})


def _clashes(location: Place, data: object, clashes: list[Clash]) -> list[Problem]:
    path = locate(location)[0]
    found: list[Problem] = []
    for name, partners, message in clashes:
        parts = tuple(name.split("."))
        value, given = _dig(data, parts)
        if not given:
            info = locate((*location, *(parts if location else _tagged(parts, data))))[2]
            value = info.get_default(call_default_factory=True) if info else None
        text = f"{shown(value)}{'' if given else ' (the default)'} {message}"
        places = tuple((*path, *partner.split(".")) for partner in partners)
        found.append(Problem(path=(*path, *parts), text=text, partners=places))
    return found


def _tagged(parts: tuple[str, ...], data: object) -> tuple[str, ...]:
    """Append the kind of a union to its name, as in pydantic's locations."""
    if parts[0] not in unions():
        return parts
    kind, given = _dig(data, (parts[0], "kind"))
    return (parts[0], str(kind) if given else default_kind(parts[0]), *parts[1:])


def _dig(data: object, path: tuple[str, ...]) -> tuple[object, bool]:
    for part in path:
        if isinstance(data, BaseModel):
            data = data.__dict__
        if not isinstance(data, dict) or part not in data:
            return None, False
        data = data[part]
    return data, True


def _choice(value: object, expected: str) -> str:
    choices = re.findall(r"'([^']*)'", expected)
    guess = nearest(value, choices) if isinstance(value, str) else None
    hint = f"did you mean {guess}? " if guess else ""
    return f"{shown(value)} is not one of the choices: {hint}use {', '.join(choices)}"


def _unknown(location: Place, path: Place, holder: type[BaseModel] | None) -> str:
    name = str(path[-1])
    known = tuple(holder.model_fields) if holder else ()
    kinds = [kind for kind, model in unions().get(str(path[0]), {}).items() if name in model.model_fields]
    if kinds and len(path) == 2:
        return f"is not a field of {path[0]} kind {location[1]}: it belongs to {' and '.join(kinds)}"
    if name == "path" and path[0] in unions() and len(path) == 2:
        return "is an unknown field: name folders to import from in import_paths, at the top level"
    if moved := next((field.name for field in fields() if field.path[-1] == name), None):
        return f"is an unknown field in this section: did you mean {moved}?"
    if guess := nearest(name, known):
        return f"is an unknown field: did you mean {dotted((*path[:-1], guess))}?"
    return f"is an unknown field: use {', '.join(known)}"


def _no_section(path: Place, value: object) -> str:
    if isinstance(value, str) and value in unions().get(str(path[-1]), {}):
        return f"{shown(value)} is not a section: write `kind: {value}` on a line below it"
    if value is None:
        return "is empty: write its fields on indented lines below it, or leave it out"
    return f"{shown(value)} is not a section: write its fields on indented lines below it"
