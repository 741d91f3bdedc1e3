"""Population and provenance of the strategy of a configuration."""

from dataclasses import dataclass

from clau_doom.app.policy_output_suppression import contained_output
from clau_doom.config import CustomStrategyConfig, ExperimentConfig, importing_from
from clau_doom.domain import GenomeSpace
from clau_doom.domain.experiment import Provenance
from clau_doom.evolution import make_steady_state, make_strategy, strategy_source
from clau_doom.policies import digest_sources

__all__ = ["STRATEGY_SOURCE", "StrategyDescription", "check_strategy_class", "describe_strategy"]

STRATEGY_SOURCE = "source.strategy"
"""Fact of the provenance: digest of the module of a custom strategy. Workers do not have it."""


@dataclass(frozen=True, kw_only=True)
class StrategyDescription:
    """Properties of a strategy that are known before the run.

    Attributes:
        largest_population: Largest number of agents in a generation.
        facts: Names and values of the provenance.
    """

    largest_population: int
    facts: tuple[tuple[str, str], ...] = ()

    def added_to(self, provenance: Provenance) -> Provenance:
        """Return a provenance with the facts of the strategy."""
        return Provenance(facts=tuple(sorted((*provenance.facts, *self.facts))))


def describe_strategy(config: ExperimentConfig, space: GenomeSpace) -> StrategyDescription:
    """Describe the strategy of a configuration. A custom class is imported and created.

    Args:
        config: The configuration.
        space: Genes of its policy.

    Raises:
        ConfigError: The class cannot be imported, or refuses its options.
    """
    evolution = config.evolution
    if not isinstance(evolution, CustomStrategyConfig):
        return StrategyDescription(largest_population=config.population)
    with importing_from(config.import_paths), contained_output():
        facts = ((STRATEGY_SOURCE, digest_sources([strategy_source(evolution)])),)
        if evolution.mode == "steady_state":
            make_steady_state(evolution, space, config.population, config.seed)
            return StrategyDescription(largest_population=config.population, facts=facts)
        strategy = make_strategy(evolution, space, config.population, config.seed)
        return StrategyDescription(largest_population=strategy.largest_population, facts=facts)


def check_strategy_class(config: ExperimentConfig) -> None:
    """Check that a custom strategy can be imported, without its options and without a gene space.

    Raises:
        ConfigError: The class cannot be imported or is not a strategy.
    """
    if isinstance(config.evolution, CustomStrategyConfig):
        with importing_from(config.import_paths), contained_output():
            strategy_source(config.evolution)
