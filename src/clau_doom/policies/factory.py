"""From a configuration to a policy, and to the digests of the source that it plays by."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, assert_never, cast

from clau_doom.config import (
    CustomPolicyConfig,
    NeuralPolicyConfig,
    PolicyConfig,
    RandomPolicyConfig,
    RemotePolicyConfig,
    RulesPolicyConfig,
)
from clau_doom.policies.custom import custom_source, load_custom
from clau_doom.policies.neural import NeuralPolicy
from clau_doom.policies.random_policy import RandomPolicy
from clau_doom.policies.rules import RulesPolicy
from clau_doom.ports import Policy, ScenarioFacts

if TYPE_CHECKING:
    from clau_doom.policies.remote import RemotePolicy

__all__ = ["make_policy", "source_facts"]

_ROOMS = Path(__file__).parent.parent
_DECIDING = ("domain", "evolution", "game", "policies", "worker")


def make_policy(config: PolicyConfig, facts: ScenarioFacts) -> Policy:
    """Return the policy that a configuration asks for, for a scenario.

    Raises:
        ConfigError: A custom class cannot be found or made, or is no policy; a remote agent does not answer, or
            what it says of itself cannot be used.
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
        case RemotePolicyConfig():
            from clau_doom.policies.remote import RemotePolicy  # noqa: PLC0415 - gRPC, which no other policy needs

            return RemotePolicy(facts, config)
        case _:
            assert_never(config)


def source_facts(config: PolicyConfig, policy: Policy) -> tuple[tuple[str, str], ...]:
    """Return name and SHA-256 (hexadecimal) of the source that decides results beside the scenario's own files.

    Each room that decides a seed, an action, a measure, a hash or an offspring is one source; a custom policy adds the
    file of its module, a remote one what its agent says of itself.

    Args:
        config: How genomes play.
        policy: What `make_policy` made of it.

    Raises:
        ConfigError: A custom policy's module cannot be found.
    """
    facts = [(f"source.{room}", _digest(sorted((_ROOMS / room).rglob("*.py")))) for room in _DECIDING]
    if isinstance(config, CustomPolicyConfig):
        facts.append(("source.policy", _digest([custom_source(config)])))
    if isinstance(config, RemotePolicyConfig):
        facts += [("source.wire.agent", _digest([_ROOMS / "wire" / "agent.py"])), *cast("RemotePolicy", policy).facts]
    return tuple(facts)


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
