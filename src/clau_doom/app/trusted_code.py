"""Policy classes, measures and addresses that an agent file, a server or a stored experiment may name.

Agent files, server responses and stored experiments contain data of other people. A policy class or a measure is code
that would run here. An address is a program that this process would connect to. All need the user's consent by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from clau_doom.config import CustomPolicyConfig, PolicyConfig, RemotePolicyConfig
from clau_doom.errors import ConfigError
from clau_doom.parameter_names import argument

__all__ = ["BUNDLED", "TRUST_VARIABLE", "Trust", "check_import_paths"]

TRUST_VARIABLE = "CLAU_DOOM_TRUST"
"""Environment variable with the trusted names, separated by spaces."""

BUNDLED = frozenset(f"clau_doom.policies:{name}" for name in ("RandomPolicy", "RulesPolicy"))
"""Policy classes that are always trusted, because they are part of clau-doom."""


def check_import_paths(folders: Iterable[str], experiment: Path) -> None:
    """Refuse folders to import from that are inside the folder of the experiment that names them.

    A stored experiment of another person must not bring code that a resume or a replay would run.

    Args:
        folders: `import_paths` of the experiment.
        experiment: Folder of the experiment.

    Raises:
        ConfigError: A folder is inside.
    """
    inside = [folder for folder in folders if Path(folder).resolve().is_relative_to(experiment.resolve())]
    if inside:
        raise ConfigError(
            f"import_paths: {inside[0]} is inside the folder of experiment {experiment.name}, whose content is data: "
            "move the modules to another folder, and name it in import_paths"
        )


@dataclass(frozen=True)
class Trust:
    """Names that the user trusts.

    Attributes:
        names: Policy classes as ``module:Class``, measures as ``module:function``, and addresses of remote agents.
    """

    names: frozenset[str] = frozenset()

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> "Trust":
        """Read the trusted names from the environment."""
        return cls(frozenset(environ.get(TRUST_VARIABLE, "").split()))

    def check(self, policy: PolicyConfig, origin: str) -> None:
        """Check that a policy is bundled or trusted.

        Args:
            policy: Policy from outside data.
            origin: File or server that names the policy.

        Raises:
            ConfigError: The policy is code or a program that the user does not trust.
        """
        match policy:
            case CustomPolicyConfig(target=target) if target not in self.names | BUNDLED:
                raise ConfigError(
                    f"{origin} uses the policy class {target}, which would run on this machine: "
                    f"read its source, then allow it with {argument('trust', [target])} (or {TRUST_VARIABLE})"
                )
            case RemotePolicyConfig(address=str(address)) if address not in self.names:
                raise ConfigError(
                    f"{origin} uses the remote agent {address}: "
                    f"allow connections to it with {argument('trust', [address])} (or {TRUST_VARIABLE}), "
                    "or give another address"
                )
            case _:
                pass

    def untrusted_measures(self, measures: Mapping[str, str]) -> dict[str, str]:
        """Return the reasons why measures from outside data are not computed, by their names.

        A replay without these measures is possible, so that this is not an error.

        Args:
            measures: Functions by the names of the measures.
        """
        return {
            name: f"read the source of {target}, then allow it with {argument('trust', [target])}"
            for name, target in sorted(measures.items())
            if target not in self.names
        }
