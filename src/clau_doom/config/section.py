"""What every section of the configuration is: strict, frozen, and without unknown fields."""

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

__all__ = ["Clash", "FromList", "Section", "refuse"]

Clash = tuple[str, tuple[str, ...], str]
"""Values that do not fit together: the path to mend, all paths that take part, what is wrong and the remedy."""


def refuse(clashes: list[Clash]) -> None:
    """Raise what a validator raises for clashes, if there are any."""
    if clashes:
        text = "; ".join(f"{path} {message}" for path, _, message in clashes)
        raise PydanticCustomError("clash", "{text}", {"text": text, "clashes": clashes})


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


FromList = BeforeValidator(_as_tuple)
"""Takes a list where a tuple is kept."""


class Section(BaseModel):
    """A section, or the whole."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
