"""Import of classes and functions of users, which a configuration names as ``module:Name`` or as a plugin.

`import_paths` of the configuration are importable, or else the working folder; see `config.import_paths`.
"""

import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from clau_doom.config.import_paths import prepare_import, user_folders
from clau_doom.config.plugins import GROUPS, find_plugin
from clau_doom.error_description import error_text
from clau_doom.errors import ConfigError

__all__ = ["TARGET_PATTERN", "ImportedTarget", "import_target", "reporting_errors"]

TARGET_PATTERN = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$|^[A-Za-z][\w.-]*$"
"""Pattern of a target: ``module:Name``, or the name of a plugin."""


class _Imported(NamedTuple):
    """A module, and the content of its file when it was imported."""

    module: ModuleType
    text: bytes


_imported: dict[str, _Imported] = {}
_lock = threading.RLock()


@dataclass(frozen=True, kw_only=True)
class ImportedTarget:
    """Imported class or function of a user.

    Attributes:
        value: The class or function.
        name: Name for messages: field and target, such as ``policy.target 'hasty:Hasty'``.
        identity: Name for the digest of its source: the module, or name, package, version and target of a plugin.
        file: Source file of its module, or None without a file.
    """

    value: Any
    name: str
    identity: str
    file: Path | None

    @property
    def source(self) -> tuple[str, Path]:
        """Identity and source file, for `policies.source_digest.digest_sources`.

        Raises:
            ConfigError: The module has no file.
        """
        if self.file is None:
            raise ConfigError(f"{self.name}: the module has no source file")
        return self.identity, self.file


def import_target(target: str, *, field: str, group: str, functions: bool = False) -> ImportedTarget:
    """Import a class or a function.

    Args:
        target: ``module:Name``, or the name of a plugin.
        field: Field of the configuration for messages, such as ``policy.target``.
        group: Group of plugins, one of `plugins.GROUPS`.
        functions: Whether the target is a function and not a class.

    Raises:
        ConfigError: The plugin, module or object does not exist, or the import fails.
    """
    where = f"{field} {target!r}"
    identity, path = _identified(target, where, group)
    name, _, attribute = path.partition(":")
    if name == "__main__":
        raise ConfigError(
            f"{where}: workers cannot import from a script or a notebook; write the {GROUPS[group]} to a file "
            f"(in a notebook with %%writefile my_{GROUPS[group]}.py), and use my_{GROUPS[group]}:{attribute}"
        )
    try:
        with reporting_errors(f"{where}: importing it"):
            module = _current_module(name)
            found = getattr(module, attribute, None)
    except ConfigError as error:
        if isinstance(missing := error.__cause__, ModuleNotFoundError):
            raise _not_found(where, name, missing) from missing
        raise
    fits: Callable[[object], bool] = _is_function if functions else _is_class
    if not fits(found):
        known = ", ".join(_names(module, fits)) or "none"
        kind = "function" if functions else "class"
        raise ConfigError(f"{where}: {name!r} has no {kind} {attribute!r}; use {known}")
    file: str | None = getattr(module, "__file__", None)
    return ImportedTarget(value=found, name=where, identity=identity, file=None if file is None else Path(file))


@contextmanager
def reporting_errors(doing: str) -> Iterator[None]:
    """Report any error of a user's code, including `sys.exit`, as a `ConfigError`.

    Otherwise `sys.exit` would end the process that loads the code: the command, the server or a worker.

    Args:
        doing: Name of the operation for the message, such as ``policy.target 'a:B': importing it``.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ConfigError(f"{doing} raised {type(error).__name__}: {error_text(error)}") from error


def _current_module(name: str) -> ModuleType:
    """Import a module, again if its file has changed since this function imported it.

    The digest of a source file is part of the provenance, so that the code of this process must be the code of the
    file. A server and a notebook run for a long time.
    """
    with _lock:
        first = name.partition(".")[0]
        prepare_import(name, replaceable=any(each.partition(".")[0] == first for each in _imported))
        before = _imported.get(name)
        if before is not None and sys.modules.get(name) is before.module and before.text != _text_of(before.module):
            cached = importlib.util.cache_from_source(str(before.module.__file__))
            Path(cached).unlink(missing_ok=True)  # Python does not notice two changes within a second
            del sys.modules[name]
        module = importlib.import_module(name)
        _imported[name] = _Imported(module, _text_of(module))
        return module


def _text_of(module: ModuleType) -> bytes:
    """Return the content of a module's file, or nothing without a readable file."""
    file = getattr(module, "__file__", None)
    try:
        return Path(file).read_bytes() if file else b""
    except OSError:
        return b""


def _identified(target: str, where: str, group: str) -> tuple[str, str]:
    """Return the identity and ``module:Name`` of a target."""
    if ":" in target:
        return target.partition(":")[0], target
    try:
        plugin = find_plugin(group, target)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    return f"{plugin.name} {plugin.distribution} {plugin.version} {plugin.target}", plugin.target


def _names(module: ModuleType, fits: Callable[[object], bool]) -> list[str]:
    """Return the names of fitting objects that the module defines, or else of those that it imports."""
    every = {key: value for key, value in vars(module).items() if fits(value)}
    own = [key for key, value in every.items() if getattr(value, "__module__", None) == module.__name__]
    return sorted(own or every)


def _is_class(value: object) -> bool:
    return isinstance(value, type)


def _is_function(value: object) -> bool:
    return callable(value) and not isinstance(value, type)


def _not_found(where: str, name: str, error: ModuleNotFoundError) -> ConfigError:
    if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
        if name.endswith(".py"):
            return ConfigError(f"{where}: {name!r} is a file: use the name of its module, {name.removesuffix('.py')!r}")
        folders = ", ".join(user_folders())
        return ConfigError(f"{where}: module {name!r} not found; it must be importable from {folders}")
    return ConfigError(f"{where}: importing {name!r} needs {error.name!r}: {error}")
