"""The configuration: one YAML file, typed and validated, with flags and environment variables laid over it."""

from clau_doom.config.schema import (
    CmaEsConfig,
    CustomPolicyConfig,
    EvolutionConfig,
    ExecutionConfig,
    ExperimentConfig,
    FitnessConfig,
    GeneticConfig,
    HoldoutConfig,
    LocalConfig,
    MapElitesConfig,
    NeuralPolicyConfig,
    PolicyConfig,
    RandomPolicyConfig,
    RandomSearchConfig,
    RulesPolicyConfig,
    ScenarioConfig,
)

__all__ = [
    "CmaEsConfig",
    "CustomPolicyConfig",
    "EvolutionConfig",
    "ExecutionConfig",
    "ExperimentConfig",
    "FitnessConfig",
    "GeneticConfig",
    "HoldoutConfig",
    "LocalConfig",
    "MapElitesConfig",
    "NeuralPolicyConfig",
    "PolicyConfig",
    "RandomPolicyConfig",
    "RandomSearchConfig",
    "RulesPolicyConfig",
    "ScenarioConfig",
]
