"""Base class of configuration sections: strict, frozen and without unknown fields."""

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

__all__ = ["Clash", "ConfigSection", "FromList", "refuse"]

Clash = tuple[str, tuple[str, ...], str]
"""Conflicting values: path to correct, paths of all values in the conflict, problem and remedy."""


def refuse(clashes: list[Clash]) -> None:
    """Raise a validation error for clashes, if there are any."""
    if clashes:
        text = "; ".join(f"{path} {message}" for path, _, message in clashes)
        raise PydanticCustomError("clash", "{text}", {"text": text, "clashes": clashes})


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


FromList = BeforeValidator(_as_tuple)
"""Converts a list to a tuple."""


class ConfigSection(BaseModel):
    """Section of the configuration, or the whole configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
