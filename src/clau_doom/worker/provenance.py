"""Provenance of episodes: versions and file digests that affect outcomes in addition to configuration and seed."""

import platform
from importlib.metadata import version

from clau_doom import __version__
from clau_doom.config import PolicyConfig
from clau_doom.domain.experiment import Provenance
from clau_doom.game import Scenario, scenario_facts
from clau_doom.policies import source_facts
from clau_doom.ports import Policy
from clau_doom.worker.custom_measures import CustomMeasure, measure_facts

__all__ = ["collect_facts"]

_PACKAGES = ("numpy", "vizdoom")


def collect_facts(
    scenario: Scenario, config: PolicyConfig, policy: Policy, measures: tuple[CustomMeasure, ...] = ()
) -> Provenance:
    """Return the facts of this process, which must be equal in all processes that play the experiment's episodes.

    Args:
        scenario: The scenario.
        config: The policy's configuration.
        policy: The policy that `make_policy` created from the configuration.
        measures: Measures of the user.
    """
    facts = {
        "clau-doom": __version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
        **scenario_facts(scenario),
        **{package: version(package) for package in _PACKAGES},
        **dict(source_facts(config, policy)),
        **measure_facts(measures),
    }
    return Provenance(facts=tuple(sorted(facts.items())))
