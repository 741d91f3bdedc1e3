"""Import names of users' classes and functions. Workers import them by name, because nothing is pickled."""

import sys
from collections.abc import Callable
from typing import Any

from clau_doom.api.notebook import in_notebook
from clau_doom.errors import ConfigError

__all__ = ["target_of"]


def target_of(value: type | Callable[..., Any]) -> str:
    """Return the name under which workers import a class or a function: ``module:Name``.

    Raises:
        ConfigError: Workers cannot import it, because it is defined in a notebook, in the main script, or inside of a
            function.

    Example:
        >>> from fractions import Fraction
        >>> target_of(Fraction)
        'fractions:Fraction'
    """
    name, module = value.__qualname__, value.__module__
    kind = "class" if isinstance(value, type) else "function"
    if module == "__main__":
        raise ConfigError(_not_importable(kind, name))
    if not name.isidentifier():
        raise ConfigError(
            f"{kind} {module}.{name} cannot be imported by workers: define it at the top level of its module"
        )
    if getattr(sys.modules.get(module), name, None) is not value:
        raise ConfigError(
            f"{kind} {module}.{name} cannot be imported by workers: {module} has another or no {name}; "
            "import it again after an edit of its module"
        )
    return f"{module}:{name}"


def _not_importable(kind: str, name: str) -> str:
    file = f"my_{'policy' if kind == 'class' else 'measure'}.py"
    where = "in this notebook" if in_notebook() else "in the main script"
    how = f"begin its cell with %%writefile {file}" if in_notebook() else f"move it to a file such as {file}"
    return (
        f"workers cannot import {kind} {name}, which is defined {where}: {how}, "
        f"then use from {file.removesuffix('.py')} import {name}"
    )
