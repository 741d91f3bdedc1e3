"""Policy classes and addresses that an agent file, a server or a stored experiment may name.

An agent file, a server's answer and a stored experiment that is read are data of another person. A policy class in them
is code to run here, and an address is a program to connect to. Both need the user's consent by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from clau_doom.config import CustomPolicyConfig, PolicyConfig, RemotePolicyConfig
from clau_doom.errors import ConfigError

__all__ = ["BUNDLED", "TRUST_VARIABLE", "Trust"]

TRUST_VARIABLE = "CLAU_DOOM_TRUST"
"""The variable that holds trusted names, separated by spaces."""

BUNDLED = frozenset(f"clau_doom.policies:{name}" for name in ("RandomPolicy", "RulesPolicy"))
"""Classes that may always be named: they are part of clau-doom."""


@dataclass(frozen=True)
class Trust:
    """What the user consents to.

    Attributes:
        names: Policy classes as ``module:Class``, and addresses of remote agents.
    """

    names: frozenset[str] = frozenset()

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> "Trust":
        """Return the consent that the environment gives."""
        return cls(frozenset(environ.get(TRUST_VARIABLE, "").split()))

    def check(self, policy: PolicyConfig, origin: str) -> None:
        """Do nothing if a policy is bundled or trusted.

        Args:
            policy: The policy that data from elsewhere names.
            origin: The file or server that names it.

        Raises:
            ConfigError: The policy is another program, and the user has not named it.
        """
        match policy:
            case CustomPolicyConfig(target=target) if target not in self.names | BUNDLED:
                raise ConfigError(
                    f"{origin} names the policy class {target}, whose code would run here: "
                    f"read its source, then allow it with --trust {target} (or {TRUST_VARIABLE})"
                )
            case RemotePolicyConfig(address=str(address)) if address not in self.names:
                raise ConfigError(
                    f"{origin} names the remote agent {address}, to which this would connect: "
                    f"allow it with --trust {address} (or {TRUST_VARIABLE}), or give your own with --address"
                )
            case _:
                pass
