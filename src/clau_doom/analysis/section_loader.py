"""Loading of section modules by name."""

from collections.abc import Sequence
from importlib import import_module

from clau_doom.analysis.document import Section

__all__ = ["describe_all"]


def describe_all(package: str, names: Sequence[str], data: object) -> tuple[Section, ...]:
    """Call `describe` of section modules.

    Args:
        package: Package of the modules.
        names: Names of the sections. The file name of a module has underscores instead of dashes.
        data: Argument of `describe`.
    """
    modules = (import_module(f"{package}.{name.replace('-', '_')}") for name in names)
    return tuple(module.describe(data) for module in modules)
