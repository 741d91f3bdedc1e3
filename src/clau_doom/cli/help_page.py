"""Renderer of help pages, without the parts of typer's renderer that no help page of clau-doom uses.

`typer.rich_utils` imports rich's Markdown and traceback renderers. Their import takes longer than that of all other
modules of a help page. clau-doom's help texts are not Markdown, and typer formats none of its tracebacks.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["print_help"]

_RENDERER = "typer.rich_utils"
_UNUSED = {"rich.markdown": "Markdown", "rich.traceback": "Traceback"}
"""Modules that typer's renderer imports, each with the class that it takes from there."""


def print_help(command: Any, context: Any) -> None:
    """Print the help page of a command or a group.

    Args:
        command: A `typer.core.TyperCommand` or `typer.core.TyperGroup`.
        context: Its context.
    """
    _renderer().rich_format_help(obj=command, ctx=context, markup_mode="rich")


def _renderer() -> ModuleType:
    if _RENDERER in sys.modules:
        return sys.modules[_RENDERER]
    absent = [name for name in _UNUSED if name not in sys.modules]
    for name in absent:
        sys.modules[name] = _placeholder(name, _UNUSED[name])
    try:
        return import_module(_RENDERER)
    finally:
        for name in absent:
            del sys.modules[name]


def _placeholder(name: str, attribute: str) -> ModuleType:
    module = ModuleType(name)
    setattr(module, attribute, type(attribute, (), {}))
    return module
