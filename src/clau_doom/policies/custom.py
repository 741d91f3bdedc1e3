"""Any Python class as a policy, named as ``module:Class``."""

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import cast

from clau_doom.config import CustomPolicyConfig
from clau_doom.errors import ConfigError, words
from clau_doom.ports import Policy, ScenarioFacts

__all__ = ["custom_source", "load_custom"]

_MEMBERS = ("needs", "space", "begin")


def load_custom(config: CustomPolicyConfig, facts: ScenarioFacts) -> Policy:
    """Return the policy that a configuration names, made as ``Class(facts, **options)``.

    The working directory is importable, so that a policy may lie beside its configuration.

    Raises:
        ConfigError: There is no such module or class, it cannot be imported or made, or it is no policy; the message
            says which.
    """
    made = _class(config.target)
    try:
        policy = made(facts, **config.options)
    except Exception as error:
        raise ConfigError(
            f"policy.target {config.target!r}: {made.__name__}(facts, **options) raised {type(error).__name__}: "
            f"{words(error)}"
        ) from error
    missing = [member for member in _MEMBERS if not hasattr(policy, member)]
    if missing:
        raise ConfigError(
            f"policy.target {config.target!r} is no policy: it lacks {', '.join(missing)};"
            " a policy has needs, space and begin (see clau_doom.ports.Policy)"
        )
    return cast("Policy", policy)


def custom_source(config: CustomPolicyConfig) -> Path:
    """Return the file that holds the module of a custom policy.

    Raises:
        ConfigError: The module cannot be found, or has no file.
    """
    _class(config.target)
    module = sys.modules[config.target.partition(":")[0]]
    if module.__file__ is None:
        raise ConfigError(f"policy.target {config.target!r}: the module has no source file")
    return Path(module.__file__)


def _class(target: str) -> type:
    name, _, attribute = target.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ConfigError(
                f"policy.target {target!r}: there is no module {name!r}; it must be importable from {here}"
            ) from error
        raise ConfigError(f"policy.target {target!r}: importing {name!r} needs {error.name!r}: {error}") from error
    except Exception as error:
        raise ConfigError(
            f"policy.target {target!r}: importing it raised {type(error).__name__}: {words(error)}"
        ) from error
    found = getattr(module, attribute, None)
    if not isinstance(found, type):
        classes = sorted(key for key, value in vars(module).items() if isinstance(value, type))
        raise ConfigError(
            f"policy.target {target!r}: {name!r} has no class {attribute!r}; it has {', '.join(classes) or 'none'}"
        )
    return found
