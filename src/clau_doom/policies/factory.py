"""Construction of policies, and digests of the source code that decides their results."""

from functools import cache
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
from clau_doom.policies.source_digest import digest_sources, package_sources
from clau_doom.ports import Policy, ScenarioFacts

if TYPE_CHECKING:
    from clau_doom.policies.remote import RemotePolicy

__all__ = ["make_policy", "source_facts"]

_PACKAGE = Path(__file__).parent.parent
_DECIDING = ("domain", "evolution", "game", "policies", "worker")


def make_policy(config: PolicyConfig, facts: ScenarioFacts) -> Policy:
    """Create the configured policy for a scenario.

    Raises:
        ConfigError: A custom class is missing, cannot be instantiated or does not implement the policy port; or a
            remote agent does not answer or sends an invalid description.
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
            from clau_doom.policies.remote import RemotePolicy  # noqa: PLC0415 - only remote policies need gRPC

            return RemotePolicy(facts, config)
        case _:
            assert_never(config)


def source_facts(config: PolicyConfig, policy: Policy) -> tuple[tuple[str, str], ...]:
    """Return names and SHA-256 digests (hexadecimal) of the source code that decides results.

    There is one entry for each package that decides seeds, actions, measures, hashes or offspring. A custom policy adds
    its module. A remote policy adds the description of its agent. Docstrings and comments do not change a digest.

    Args:
        config: Configuration of the policy.
        policy: Result of `make_policy` for this configuration.

    Raises:
        ConfigError: The module of a custom policy cannot be found.
    """
    facts = [(f"source.{package}", _package_digest(package)) for package in _DECIDING]
    if isinstance(config, CustomPolicyConfig):
        facts.append(("source.policy", digest_sources([custom_source(config)])))
    if isinstance(config, RemotePolicyConfig):
        wire = digest_sources([("wire.agent_service", _PACKAGE / "wire" / "agent_service.py")])
        facts += [("source.wire.agent_service", wire), *cast("RemotePolicy", policy).facts]
    return tuple(facts)


@cache
def _package_digest(package: str) -> str:
    return digest_sources(package_sources(_PACKAGE / package))
