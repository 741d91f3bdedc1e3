"""The configuration: one YAML file, typed and validated, with flags and environment variables laid over it.

`schema` says what there is, and every text about a field (starter, messages, JSON Schema, environment names) is made
from it. `load_config` reads a file strictly, lays the environment and flags over it, and reports every problem at once;
`to_yaml` writes what came out; `check_resume` says whether a run may go on with what has changed.
"""

from clau_doom.config.docker import DockerConfig
from clau_doom.config.duration import format_duration, parse_duration
from clau_doom.config.evolution import (
    CmaEsConfig,
    DescriptorConfig,
    EvolutionConfig,
    GeneticConfig,
    MapElitesConfig,
    RandomSearchConfig,
)
from clau_doom.config.fields import values
from clau_doom.config.gene_space_json import gene_space_from_json, gene_space_to_json
from clau_doom.config.limits import LimitsConfig
from clau_doom.config.load import (
    Examine,
    Resolved,
    config_from_yaml,
    load_config,
    refuse_problems,
    resolve,
    resolve_fields,
)
from clau_doom.config.policies import (
    CustomPolicyConfig,
    NeuralPolicyConfig,
    PolicyConfig,
    RandomPolicyConfig,
    RemotePolicyConfig,
    RulesPolicyConfig,
)
from clau_doom.config.problems import Problem
from clau_doom.config.racing import RacingConfig
from clau_doom.config.ray import RayConfig
from clau_doom.config.render import flow, json_schema, starter, to_yaml
from clau_doom.config.resume_rules import (
    Difference,
    by_paths,
    check_budget,
    check_resume,
    differences,
    setup_changes,
    used_up,
)
from clau_doom.config.schema import (
    ExecutionConfig,
    ExperimentConfig,
    FitnessConfig,
    HoldoutConfig,
    LocalConfig,
    ScenarioConfig,
)
from clau_doom.config.service import (
    SERVICE_SECTIONS,
    GrpcConfig,
    MetricsConfig,
    NatsConfig,
    ServerConfig,
    WebConfig,
    is_loopback,
)
from clau_doom.config.size import format_size, parse_size
from clau_doom.config.stored import StoredExperiment
from clau_doom.config.strict_yaml import Document, parse_document, read_document

__all__ = [
    "SERVICE_SECTIONS",
    "CmaEsConfig",
    "CustomPolicyConfig",
    "DescriptorConfig",
    "Difference",
    "DockerConfig",
    "Document",
    "EvolutionConfig",
    "Examine",
    "ExecutionConfig",
    "ExperimentConfig",
    "FitnessConfig",
    "GeneticConfig",
    "GrpcConfig",
    "HoldoutConfig",
    "LimitsConfig",
    "LocalConfig",
    "MapElitesConfig",
    "MetricsConfig",
    "NatsConfig",
    "NeuralPolicyConfig",
    "PolicyConfig",
    "Problem",
    "RacingConfig",
    "RandomPolicyConfig",
    "RandomSearchConfig",
    "RayConfig",
    "RemotePolicyConfig",
    "Resolved",
    "RulesPolicyConfig",
    "ScenarioConfig",
    "ServerConfig",
    "StoredExperiment",
    "WebConfig",
    "by_paths",
    "check_budget",
    "check_resume",
    "config_from_yaml",
    "differences",
    "flow",
    "format_duration",
    "format_size",
    "gene_space_from_json",
    "gene_space_to_json",
    "is_loopback",
    "json_schema",
    "load_config",
    "parse_document",
    "parse_duration",
    "parse_size",
    "read_document",
    "refuse_problems",
    "resolve",
    "resolve_fields",
    "setup_changes",
    "starter",
    "to_yaml",
    "used_up",
    "values",
]
