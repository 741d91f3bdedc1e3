"""From a configuration to a policy, and to the digests of the source that it plays by."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import assert_never

from clau_doom.config import (
    CustomPolicyConfig,
    NeuralPolicyConfig,
    PolicyConfig,
    RandomPolicyConfig,
    RulesPolicyConfig,
)
from clau_doom.policies.baseline import RandomPolicy
from clau_doom.policies.custom import custom_source, load_custom
from clau_doom.policies.neural import NeuralPolicy
from clau_doom.policies.rules import RulesPolicy
from clau_doom.ports import Policy, ScenarioFacts

__all__ = ["make_policy", "source_facts"]

_ROOMS = Path(__file__).parent.parent
_DECIDING = ("domain", "evolution", "game", "policies", "worker")


def make_policy(config: PolicyConfig, facts: ScenarioFacts) -> Policy:
    """Return the policy that a configuration asks for, for a scenario.

    Raises:
        ConfigError: A custom class cannot be found or made, or is no policy.
    """
    match config:
        case RandomPolicyConfig():
            return RandomPolicy(facts)
        case RulesPolicyConfig():
            return RulesPolicy(facts)
        case NeuralPolicyConfig():
            return NeuralPolicy(facts, config)
        case CustomPolicyConfig():
            return load_custom(config, facts)
        case _:
            assert_never(config)


def source_facts(config: PolicyConfig) -> tuple[tuple[str, str], ...]:
    """Return name and SHA-256 (hexadecimal) of the source that decides results beside the scenario's own files.

    Each room that decides a seed, an action, a measure, a hash or an offspring is one source; a custom policy adds the
    file of its module.

    Raises:
        ConfigError: A custom policy's module cannot be found.
    """
    facts = [(f"source.{room}", _digest(sorted((_ROOMS / room).rglob("*.py")))) for room in _DECIDING]
    if isinstance(config, CustomPolicyConfig):
        facts.append(("source.policy", _digest([custom_source(config)])))
    return tuple(facts)


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
