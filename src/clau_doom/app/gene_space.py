"""Gene space and provenance of an experiment's policy."""

import os

from clau_doom.app.catalog.stored_experiments import check_genomes
from clau_doom.app.policy_output_suppression import contained_output
from clau_doom.app.trusted_code import Trust
from clau_doom.backends.provider import provider_of
from clau_doom.config import CustomPolicyConfig, ExperimentConfig, RemotePolicyConfig, importing_from
from clau_doom.domain import GenomeSpace
from clau_doom.domain.experiment import Provenance
from clau_doom.game import Scenario
from clau_doom.game import resolve as resolve_scenario
from clau_doom.policies import make_policy
from clau_doom.ports import Policy, StoredExperiment
from clau_doom.worker import collect_facts, load_measures

__all__ = ["describe_policy", "genome_space", "space_of"]


def space_of(stored: StoredExperiment) -> GenomeSpace:
    """Return the genes of a stored experiment, from the store or else from its policy.

    Raises:
        ConfigError: No genes are stored (by an older version or at a server), and the scenario is missing or the policy
            is neither bundled nor trusted.
        StoreCorrupted: A stored genome is not in the space of these genes.
    """
    if stored.space is not None:
        return stored.space
    # Reading must not execute code that the experiment names.
    name = stored.snapshot.experiment.id
    Trust.of_environment(os.environ).check(stored.config.policy, f"experiment {name}, without stored genes,")
    space = genome_space(stored.config)
    check_genomes(space, stored.snapshot, f"experiment {name} is damaged, or its policy has other genes here")
    return space


def genome_space(config: ExperimentConfig) -> GenomeSpace:
    """Return the genes of a configuration's policy in its scenario."""
    return describe_policy(config, resolve_scenario(config.scenario))[0]


def describe_policy(
    config: ExperimentConfig, scenario: Scenario, policy: Policy | None = None
) -> tuple[GenomeSpace, Provenance]:
    """Return the genes and the provenance of a policy. A backend that isolates policies describes it.

    Args:
        config: The configuration.
        scenario: Its scenario.
        policy: Its policy, if it exists already.
    """
    provider = provider_of(config)
    if provider.isolates_policies and isinstance(config.policy, CustomPolicyConfig | RemotePolicyConfig):
        with importing_from(config.import_paths):  # for measures, which are also imported here
            return provider.describe_policy(config, scenario)
    with importing_from(config.import_paths), contained_output():
        policy = policy or make_policy(config.policy, scenario.facts)
        measures = load_measures(config.measures)
        return policy.space, collect_facts(scenario, config.policy, policy, measures)
