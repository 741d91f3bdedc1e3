"""What decides an episode beside its configuration and seed: versions, and digests of the files that are played."""

import platform
from importlib.metadata import version

from clau_doom import __version__
from clau_doom.config import PolicyConfig
from clau_doom.domain.experiment import Provenance
from clau_doom.game import Scenario, scenario_facts
from clau_doom.policies import source_facts
from clau_doom.ports import Policy

__all__ = ["collect_facts"]

_PACKAGES = ("numpy", "vizdoom")


def collect_facts(scenario: Scenario, config: PolicyConfig, policy: Policy) -> Provenance:
    """Return the facts of this process, which must be the same wherever the experiment's episodes are played.

    Args:
        scenario: What is played.
        config: How genomes play.
        policy: What `make_policy` made of it.
    """
    facts = {
        "clau-doom": __version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
        **scenario_facts(scenario),
        **{package: version(package) for package in _PACKAGES},
        **dict(source_facts(config, policy)),
    }
    return Provenance(facts=tuple(sorted(facts.items())))
