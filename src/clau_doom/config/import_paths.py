"""Folders that modules of users are imported from: `import_paths` of the configuration, or else the working folder.

The folders hold for a context of code, not for the process, because one process can plan and run experiments with
different folders. They follow all other entries of `sys.path`, so that a module of the user never replaces one of an
installed package.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path

from clau_doom.errors import ConfigError

__all__ = ["import_paths", "importing_from", "prepare_import", "user_folders"]

_chosen: ContextVar[tuple[str, ...]] = ContextVar("import_paths", default=())
_appended: set[str] = set()
"""Entries of `sys.path` that this module has appended."""


@contextmanager
def importing_from(folders: Iterable[str]) -> Iterator[None]:
    """Import modules of users from folders in this context of code.

    Args:
        folders: Absolute paths, in the order of the search. Empty: the working folder.

    Example:
        >>> with importing_from(["/home/me/agents"]):
        ...     import_paths()
        ('/home/me/agents',)
    """
    token = _chosen.set(tuple(folders))
    try:
        yield
    finally:
        _chosen.reset(token)


def import_paths() -> tuple[str, ...]:
    """Return the folders of the innermost `importing_from`; empty for the working folder."""
    return _chosen.get()


def user_folders() -> tuple[str, ...]:
    """Return the folders in which modules of users are searched for: `import_paths`, or else the working folder."""
    return import_paths() or (str(Path.cwd()),)


def prepare_import(name: str, *, replaceable: bool) -> None:
    """Make a module importable from `user_folders`, and from no folder of another configuration.

    A module of `import_paths` has priority over one of the working folder, which interactive sessions search first.

    Args:
        name: Name of the module, which may be part of a package.
        replaceable: Whether a module of that name from another folder was imported for another configuration.

    Raises:
        ModuleNotFoundError: Only a folder of another configuration contains the module.
        ConfigError: The user's own code has imported a module of that name from another folder.
    """
    first = name.partition(".")[0]
    spec, listed = _find(first)
    known = sys.modules.get(first)
    if known is not None and spec is not None and _folder_of(known.__spec__) not in {None, _folder_of(spec)}:
        if not replaceable:
            raise ConfigError(f"this process has imported {first!r} from another folder already: rename one of them")
        for each in [each for each in sys.modules if each == first or each.startswith(f"{first}.")]:
            del sys.modules[each]
    if spec is not None and not listed and first not in sys.modules:
        _load(first, spec)


def _find(first: str) -> tuple[ModuleSpec | None, bool]:
    """Return the location of a module, or None without a file, and whether `import` finds it there."""
    folders, here = user_folders(), str(Path.cwd())
    new = [folder for folder in folders if folder not in sys.path]
    _appended.update(new)
    others = [entry for entry in sys.path if entry in _appended and entry not in folders]
    entries = [entry for entry in sys.path if entry not in _appended]
    entries += [*(folder for folder in folders if folder in _appended), *others]
    if entries != sys.path:
        sys.path[:] = entries
    found, ours = PathFinder.find_spec(first), PathFinder.find_spec(first, [*folders])
    folder = _folder_of(found)
    if ours is None and folder in others:
        raise ModuleNotFoundError(f"No module named {first!r}", name=first)
    if ours is not None and folder != _folder_of(ours) and folder in {*others, here}:
        return ours, False
    return found, True


def _load(first: str, spec: ModuleSpec) -> None:
    """Import a module from its location."""
    assert spec.loader is not None, "only a package without a file has no loader"
    sys.modules[first] = module_from_spec(spec)
    try:
        spec.loader.exec_module(sys.modules[first])
    except BaseException:
        del sys.modules[first]
        raise


def _folder_of(spec: ModuleSpec | None) -> str | None:
    """Return the folder that contains a module or a package, or None if it has no file."""
    if spec is None:
        return None
    if spec.submodule_search_locations is not None:
        locations = [*spec.submodule_search_locations]
        return str(Path(locations[0]).absolute().parent) if locations else None
    return str(Path(spec.origin).absolute().parent) if spec.has_location and spec.origin else None
