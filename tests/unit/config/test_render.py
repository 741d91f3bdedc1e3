"""Tests of the configuration as text."""

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from clau_doom.config import (
    CmaEsConfig,
    CustomPolicyConfig,
    CustomStrategyConfig,
    DescriptorConfig,
    ExecutionConfig,
    ExperimentConfig,
    GeneticConfig,
    MapElitesConfig,
    NeuralPolicyConfig,
    RandomPolicyConfig,
    RandomSearchConfig,
    RulesPolicyConfig,
    ScenarioConfig,
    config_from_yaml,
    flow,
    json_schema,
    load_config,
    starter,
    to_yaml,
    values,
)
from clau_doom.config.schema_introspection import fields, unions
from clau_doom.strict_yaml import parse_value

_finite = st.floats(allow_nan=False, allow_infinity=False)
_text = st.text(st.characters(exclude_categories=["Cs"]))
_scalars = st.booleans() | st.integers(-(2**63), 2**63) | _finite | _text
_policies = st.one_of(
    st.just(RandomPolicyConfig()),
    st.just(RulesPolicyConfig()),
    st.builds(
        NeuralPolicyConfig,
        layers=st.lists(st.integers(1, 99), max_size=4).map(tuple),
        bins=st.integers(3, 64),
        screen=st.none() | st.tuples(st.integers(1, 160), st.integers(1, 120)),
        weight_limit=st.floats(0.001, 64.0),
    ),
    st.builds(
        CustomPolicyConfig,
        target=st.sampled_from(["a:B", "pack_age.mod1:My_Class"]),
        options=st.dictionaries(_text, _scalars, max_size=4),
    ),
)
_descriptors = st.builds(
    DescriptorConfig, measure=st.sampled_from(["aggression", "items"]), low=st.floats(-9, 0), high=st.floats(1, 9)
)
_strategies = st.one_of(
    st.builds(GeneticConfig, elites=st.integers(0, 4), sigma=st.floats(1e-9, 1.0)),
    st.builds(CmaEsConfig),
    st.builds(MapElitesConfig, descriptors=st.lists(_descriptors, min_size=1, max_size=4).map(tuple)),
    st.just(RandomSearchConfig()),
    st.builds(CustomStrategyConfig, target=st.just("a.b:C"), options=st.dictionaries(_text, st.integers(0, 9))),
)
_configs = st.builds(
    ExperimentConfig,
    name=st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,39}\Z"),
    seed=st.integers(0, 2**63 - 1),
    population=st.integers(5, 100),
    max_duration=st.none() | st.floats(0.001, 3e8),
    scenario=st.builds(ScenarioConfig, name=_text.filter(bool), doom_skill=st.none() | st.integers(1, 5)),
    policy=_policies,
    evolution=_strategies,
    fitness=st.sampled_from(["score", "kills"])
    | st.dictionaries(st.sampled_from(["kills", "tics"]), _finite, min_size=1),
    execution=st.builds(ExecutionConfig, workers=st.integers(0, 9), episode_timeout=st.floats(0.1, 1e20)),
)


@settings(deadline=None)
@given(_configs)
@example(ExperimentConfig(scenario=ScenarioConfig(name="-")))
def test_rendered_configuration_round_trip(config: ExperimentConfig) -> None:
    """A written configuration reloads to an equal one."""
    assert config_from_yaml(to_yaml(config), name="written") == config


@settings(deadline=None)
@given(_configs)
def test_environment_can_set_every_field(config: ExperimentConfig) -> None:
    """A configuration from environment variables alone equals that of a file."""
    assume(config.scenario.name.strip() and "\0" not in config.scenario.name)
    texts = {field.name for field in fields() if field.info.annotation is str}
    names = {field.name: field.environment for field in fields()}
    environ = {names[name]: str(value) if name in texts else flow(value) for name, value in values(config).items()}
    assert load_config(None, environ=environ, overrides={}).config == config


@settings(deadline=None)
@given(st.recursive(_scalars | st.none(), lambda inner: st.lists(inner) | st.dictionaries(_text, inner), max_leaves=5))
def test_loader_and_pyyaml_read_the_text_alike(value: object) -> None:
    """The product's loader and PyYAML's YAML 1.1 loader read the written text alike."""
    assert parse_value(flow(value)) == value
    assert yaml.safe_load(flow(value)) == value


def test_unedited_starter_has_the_defaults() -> None:
    assert config_from_yaml(starter(), name="starter") == ExperimentConfig()


def test_starter_documents_every_field() -> None:
    """Each field of each kind has its description."""
    text = " ".join(starter().replace("#", " ").split())
    for field in fields():
        assert f" {field.path[-1]}: " in text
        assert field.path[-1] == "kind" or " ".join(str(field.info.description).split()) in text


@pytest.mark.parametrize(("union", "kind"), [(union, kind) for union in unions() for kind in unions()[union]])
def test_each_commented_kind_is_valid(union: str, kind: str) -> None:
    """An uncommented block of another kind selects that kind."""
    section = re.search(rf"^{union}:\n((?:  .*\n)+)", starter(), re.MULTILINE)
    assert section
    block = re.search(rf"  #   kind: {kind}\n((?:  #   .*\n)*)", section[1])
    if block:
        lines = "".join(line.replace("  #   ", "  ", 1) for line in block[0].splitlines(keepends=True))
        config = config_from_yaml(f"{union}:\n{lines}", name="edited")
    else:
        config = config_from_yaml(starter(), name="starter")
    assert getattr(config, union).kind == kind


def _undocumented(schema: dict[str, Any]) -> list[str]:
    models = schema["$defs"]
    pairs = [pair for model in (schema, *models.values()) for pair in model.get("properties", {}).items()]
    return [
        name
        for name, field in pairs
        if not field.get("description") and not models.get(field.get("$ref", "").split("/")[-1], {}).get("description")
    ]


def test_json_schema_documents_every_field() -> None:
    """The schema describes each valid field and rejects other fields."""
    schema = json.loads(json_schema())
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["additionalProperties"] is False
    assert _undocumented(schema) == []
    assert "2h" in json.dumps(schema["properties"]["max_duration"])
