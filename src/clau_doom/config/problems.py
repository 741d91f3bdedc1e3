"""What is wrong with a configuration, in words: the bad value and the remedy."""

import json
import re
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from clau_doom.config.fields import default_kind, fields, locate, nearest, unions
from clau_doom.config.section import Clash
from clau_doom.config.strict_yaml import Place
from clau_doom.config.text_limits import MOST_PROBLEMS, shortened
from clau_doom.redaction import without_logins

__all__ = ["Problem", "dotted", "problems_of", "shown"]

# What pydantic finds, in our words; {value} is the bad value, the other names are pydantic's.
_WORDING = {
    "bool_type": "{value} is neither true nor false",
    "dict_type": "{value} is no mapping: write `name: value` lines below it",
    "finite_number": "{value} is not finite: use an ordinary number",
    "float_type": "{value} is no number",
    "greater_than": "{value} is too small: use more than {gt}",
    "greater_than_equal": "{value} is too small: use {ge} or more",
    "int_type": "{value} is no whole number",
    "less_than": "{value} is too large: use less than {lt}",
    "less_than_equal": "{value} is too large: use {le} or less",
    "missing": "is missing: {description}",
    "string_pattern_mismatch": "{value} has not the right form: {description}",
    "string_too_short": "{value} is too short: use at least {min_length} character(s)",
    "string_type": "{value} is no text: put it in quotes",
    "string_unicode": "{value} is no valid text: use UTF-8",
    "too_long": "{value} has too many entries: use at most {max_length}",
    "too_short": "{value} has too few entries: use at least {min_length}",
    "tuple_type": "{value} is no list: write it as [1, 2]",
    "secret_value": "{message}",
    "value_error": "{value} {error}",
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        path: The value that is to be mended.
        text: What is wrong with it, and the remedy.
        partners: The paths of the values that it does not fit; empty when it is wrong by itself.
    """

    path: Place
    text: str
    partners: tuple[Place, ...] = ()


def dotted(path: Place) -> str:
    """Return a path as people write it, such as ``evolution.descriptors[0].low``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{shortened(part)}" for part in path)
    text = "".join(parts).removeprefix(".")
    return text if all(str(part).isprintable() for part in path) else f"'{text}'"


def shown(value: object) -> str:
    """Return a value as one short line of YAML."""
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
    """Return what pydantic found, in our words, and how many findings were left out.

    At most 20 findings are put into words: the suggestions for thousands would take minutes.
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
            continue  # the entries are enough, but some are wrong, and said so themselves
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
    """Put the kind of a union behind its name, as pydantic's locations have it."""
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
    return f"{shown(value)} is none of the choices: {hint}use {', '.join(choices)}"


def _unknown(location: Place, path: Place, holder: type[BaseModel] | None) -> str:
    name = str(path[-1])
    known = tuple(holder.model_fields) if holder else ()
    kinds = [kind for kind, model in unions().get(str(path[0]), {}).items() if name in model.model_fields]
    if kinds and len(path) == 2:
        return f"is no field of {path[0]} kind {location[1]}: it belongs to {' and '.join(kinds)}"
    if moved := next((field.name for field in fields() if field.path[-1] == name), None):
        return f"is an unknown field here: did you mean {moved}?"
    if guess := nearest(name, known):
        return f"is an unknown field: did you mean {dotted((*path[:-1], guess))}?"
    return f"is an unknown field: use {', '.join(known)}"


def _no_section(path: Place, value: object) -> str:
    if isinstance(value, str) and value in unions().get(str(path[-1]), {}):
        return f"{shown(value)} is no section: write `kind: {value}` on a line below it"
    if value is None:
        return "is empty: write its fields on indented lines below it, or leave it out"
    return f"{shown(value)} is no section: write its fields on indented lines below it"
