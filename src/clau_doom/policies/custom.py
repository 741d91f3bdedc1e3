"""Custom policies: Python classes named as ``module:Class``."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from clau_doom.config import CustomPolicyConfig
from clau_doom.error_description import error_text
from clau_doom.errors import ConfigError
from clau_doom.ports import Policy, ScenarioFacts

__all__ = ["custom_source", "load_custom"]

_MEMBERS = ("needs", "space", "begin")


def load_custom(config: CustomPolicyConfig, facts: ScenarioFacts) -> Policy:
    """Load the policy of a configuration as ``Class(facts, **options)``.

    The working directory is importable, so that a policy can lie in the folder of its configuration.

    Raises:
        ConfigError: The module or class does not exist, cannot be imported or instantiated, or is not a policy.
    """
    made = _class(config.target)
    with _reported(f"policy.target {config.target!r}: {made.__name__}(facts, **options)"):
        policy = made(facts, **config.options)
        missing = [member for member in _MEMBERS if not hasattr(policy, member)]
    if missing:
        raise ConfigError(
            f"policy.target {config.target!r} is not a policy: missing {', '.join(missing)}; see clau_doom.ports.Policy"
        )
    return cast("Policy", policy)


def custom_source(config: CustomPolicyConfig) -> Path:
    """Return the source file of a custom policy's module.

    Raises:
        ConfigError: The module cannot be imported, or has no file.
    """
    _class(config.target)
    module = sys.modules[config.target.partition(":")[0]]
    if module.__file__ is None:
        raise ConfigError(f"policy.target {config.target!r}: the module has no source file")
    return Path(module.__file__)


@contextmanager
def _reported(doing: str) -> Iterator[None]:
    """Report any error of a user's code, including `sys.exit`, as a `ConfigError`.

    Otherwise `sys.exit` would end the process that loads the policy: the command, the server or a worker.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ConfigError(f"{doing} raised {type(error).__name__}: {error_text(error)}") from error


def _class(target: str) -> type:
    name, _, attribute = target.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        with _reported(f"policy.target {target!r}: importing it"):
            module = importlib.import_module(name)
            found = getattr(module, attribute, None)
    except ConfigError as error:
        if isinstance(missing := error.__cause__, ModuleNotFoundError):
            raise _not_found(target, name, missing, here) from missing
        raise
    if not isinstance(found, type):
        classes = sorted(key for key, value in vars(module).items() if isinstance(value, type))
        raise ConfigError(
            f"policy.target {target!r}: {name!r} has no class {attribute!r}; use {', '.join(classes) or 'none'}"
        )
    return found


def _not_found(target: str, name: str, error: ModuleNotFoundError, here: str) -> ConfigError:
    if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
        return ConfigError(f"policy.target {target!r}: module {name!r} not found; it must be importable from {here}")
    return ConfigError(f"policy.target {target!r}: importing {name!r} needs {error.name!r}: {error}")
