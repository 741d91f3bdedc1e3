"""Typed and validated configuration from a YAML file, environment variables and flags.

`schema` and the modules of its sections declare all fields; the starter file, messages, JSON Schema and names of
environment variables are derived from them. `load_config` reads a file strictly, applies the environment and flags, and
reports all problems at once. `to_yaml` writes the resolved configuration. `check_resume` refuses changes that would
alter results.
"""

from clau_doom.config.backend_registry import (
    BackendDescription,
    BackendSection,
    load_failures,
    register_backend,
    registered_backends,
    unregister_backend,
)
from clau_doom.config.display_name import kind_label
from clau_doom.config.duration import format_duration, parse_duration
from clau_doom.config.evolution import (
    CmaEsConfig,
    CustomStrategyConfig,
    DescriptorConfig,
    EvolutionConfig,
    GeneticConfig,
    MapElitesConfig,
    RandomSearchConfig,
)
from clau_doom.config.execution import ExecutionConfig
from clau_doom.config.experiment_limits import LimitsConfig
from clau_doom.config.fitness import FitnessConfig
from clau_doom.config.gene_space_json import gene_space_from_json, gene_space_to_json
from clau_doom.config.holdout import HoldoutConfig
from clau_doom.config.import_paths import import_paths, importing_from
from clau_doom.config.load import (
    Examine,
    Resolved,
    config_from_yaml,
    load_config,
    refuse_problems,
    resolve,
    resolve_fields,
)
from clau_doom.config.memory_size import format_size, parse_size
from clau_doom.config.plugins import GROUPS, Plugin, find_plugin, installed_plugins, load_error, resolve_target
from clau_doom.config.policies import (
    CustomPolicyConfig,
    NeuralPolicyConfig,
    PolicyConfig,
    RandomPolicyConfig,
    RemotePolicyConfig,
    RulesPolicyConfig,
)
from clau_doom.config.racing import RacingConfig
from clau_doom.config.render import flow, json_schema, starter, to_yaml
from clau_doom.config.resume_rules import (
    Difference,
    by_paths,
    check_budget,
    check_resume,
    condition_changes,
    condition_values,
    differences,
    used_up,
)
from clau_doom.config.scenario import ScenarioConfig
from clau_doom.config.schema import ExperimentConfig
from clau_doom.config.schema_introspection import has_fields_below, values
from clau_doom.config.service import (
    SERVICE_SECTIONS,
    GrpcConfig,
    MetricsConfig,
    NatsConfig,
    ServerConfig,
    WebConfig,
    is_loopback,
)
from clau_doom.config.start import StartConfig
from clau_doom.config.target_import import TARGET_PATTERN, ImportedTarget, import_target, reporting_errors
from clau_doom.config.trackers import (
    CustomTrackerConfig,
    JsonlTrackerConfig,
    MlflowTrackerConfig,
    TensorBoardTrackerConfig,
    TrackerConfig,
    WandbTrackerConfig,
    WebhookTrackerConfig,
)
from clau_doom.config.validation_messages import Problem
from clau_doom.strict_yaml import YamlDocument, parse_document, read_document

__all__ = [
    "GROUPS",
    "SERVICE_SECTIONS",
    "TARGET_PATTERN",
    "BackendDescription",
    "BackendSection",
    "CmaEsConfig",
    "CustomPolicyConfig",
    "CustomStrategyConfig",
    "CustomTrackerConfig",
    "DescriptorConfig",
    "Difference",
    "EvolutionConfig",
    "Examine",
    "ExecutionConfig",
    "ExperimentConfig",
    "FitnessConfig",
    "GeneticConfig",
    "GrpcConfig",
    "HoldoutConfig",
    "ImportedTarget",
    "JsonlTrackerConfig",
    "LimitsConfig",
    "MapElitesConfig",
    "MetricsConfig",
    "MlflowTrackerConfig",
    "NatsConfig",
    "NeuralPolicyConfig",
    "Plugin",
    "PolicyConfig",
    "Problem",
    "RacingConfig",
    "RandomPolicyConfig",
    "RandomSearchConfig",
    "RemotePolicyConfig",
    "Resolved",
    "RulesPolicyConfig",
    "ScenarioConfig",
    "ServerConfig",
    "StartConfig",
    "TensorBoardTrackerConfig",
    "TrackerConfig",
    "WandbTrackerConfig",
    "WebConfig",
    "WebhookTrackerConfig",
    "YamlDocument",
    "by_paths",
    "check_budget",
    "check_resume",
    "condition_changes",
    "condition_values",
    "config_from_yaml",
    "differences",
    "find_plugin",
    "flow",
    "format_duration",
    "format_size",
    "gene_space_from_json",
    "gene_space_to_json",
    "has_fields_below",
    "import_paths",
    "import_target",
    "importing_from",
    "installed_plugins",
    "is_loopback",
    "json_schema",
    "kind_label",
    "load_config",
    "load_error",
    "load_failures",
    "parse_document",
    "parse_duration",
    "parse_size",
    "read_document",
    "refuse_problems",
    "register_backend",
    "registered_backends",
    "reporting_errors",
    "resolve",
    "resolve_fields",
    "resolve_target",
    "starter",
    "to_yaml",
    "unregister_backend",
    "used_up",
    "values",
]
