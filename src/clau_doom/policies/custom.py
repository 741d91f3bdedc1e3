"""Custom policies: Python classes named as ``module:Class``, or plugins."""

from pathlib import Path
from typing import cast

from clau_doom.config import CustomPolicyConfig, ImportedTarget, import_target, reporting_errors
from clau_doom.domain import GenomeSpace
from clau_doom.errors import ConfigError
from clau_doom.ports import Needs, Policy, ScenarioFacts

__all__ = ["custom_source", "load_custom"]

_MEMBERS = ("needs", "space", "begin")


def load_custom(config: CustomPolicyConfig, facts: ScenarioFacts) -> Policy:
    """Load the policy of a configuration as ``Class(facts, **options)``.

    The working directory is importable, so that a policy can lie in the folder of its configuration.

    Raises:
        ConfigError: The module or class does not exist, cannot be imported or instantiated, or is not a policy.
    """
    found = _imported(config)
    with reporting_errors(f"{found.name}: {found.value.__name__}(facts, **options)"):
        policy = found.value(facts, **config.options)
        missing = [member for member in _MEMBERS if not hasattr(policy, member)]
    if missing:
        raise ConfigError(f"{found.name} is not a policy: missing {', '.join(missing)}; see clau_doom.ports.Policy")
    for member, kind in (("needs", Needs), ("space", GenomeSpace)):
        with reporting_errors(f"{found.name}: {member}"):
            value = getattr(policy, member)
        if not isinstance(value, kind):
            raise ConfigError(f"{found.name} has a {member} of the type {type(value).__name__}: use {kind.__name__}")
    return cast("Policy", policy)


def custom_source(config: CustomPolicyConfig) -> tuple[str, Path]:
    """Return the identity and the source file of a custom policy's module; see `ImportedTarget.source`.

    Raises:
        ConfigError: The module cannot be imported, or has no file.
    """
    return _imported(config).source


def _imported(config: CustomPolicyConfig) -> ImportedTarget:
    return import_target(config.target, field="policy.target", group="clau_doom.policies")
