"""Import of classes and functions of users, which a configuration names as ``module:Name`` or as a plugin.

The working folder is importable, so that a module can lie next to its configuration.
"""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clau_doom.config.plugins import GROUPS, find_plugin
from clau_doom.error_description import error_text
from clau_doom.errors import ConfigError

__all__ = ["TARGET_PATTERN", "ImportedTarget", "import_target", "reporting_errors"]

TARGET_PATTERN = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$|^[A-Za-z][\w.-]*$"
"""Pattern of a target: ``module:Name``, or the name of a plugin."""


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
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    if name == "__main__":
        raise ConfigError(
            f"{where}: workers cannot import from a script or a notebook; write the {GROUPS[group]} to a file "
            f"(in a notebook with %%writefile my_{GROUPS[group]}.py), and use my_{GROUPS[group]}:{attribute}"
        )
    try:
        with reporting_errors(f"{where}: importing it"):
            module = importlib.import_module(name)
            found = getattr(module, attribute, None)
    except ConfigError as error:
        if isinstance(missing := error.__cause__, ModuleNotFoundError):
            raise _not_found(where, name, missing, here) from missing
        raise
    fits: Callable[[object], bool] = _is_function if functions else _is_class
    if not fits(found):
        known = ", ".join(sorted(key for key, value in vars(module).items() if fits(value))) or "none"
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


def _identified(target: str, where: str, group: str) -> tuple[str, str]:
    """Return the identity and ``module:Name`` of a target."""
    if ":" in target:
        return target.partition(":")[0], target
    try:
        plugin = find_plugin(group, target)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    return f"{plugin.name} {plugin.distribution} {plugin.version} {plugin.target}", plugin.target


def _is_class(value: object) -> bool:
    return isinstance(value, type)


def _is_function(value: object) -> bool:
    return callable(value) and not isinstance(value, type)


def _not_found(where: str, name: str, error: ModuleNotFoundError, here: str) -> ConfigError:
    if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
        return ConfigError(f"{where}: module {name!r} not found; it must be importable from {here}")
    return ConfigError(f"{where}: importing {name!r} needs {error.name!r}: {error}")
