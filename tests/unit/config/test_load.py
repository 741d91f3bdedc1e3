"""Tests of files, environment variables and flags as layers of a configuration."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from clau_doom.backends.local.configuration import LocalConfig
from clau_doom.config import (
    CmaEsConfig,
    DescriptorConfig,
    ExperimentConfig,
    GeneticConfig,
    MapElitesConfig,
    NeuralPolicyConfig,
    RandomPolicyConfig,
    Resolved,
    load_config,
)
from clau_doom.config.load import resolve, resolve_fields
from clau_doom.errors import ConfigError
from clau_doom.strict_yaml import parse_document


def _resolve(text: str, environ: Mapping[str, str] | None = None, **overrides: object) -> Resolved:
    document = parse_document(text, name="c.yaml") if text else None
    dotted = {name.replace("__", "."): value for name, value in overrides.items()}
    return resolve(document, environ=environ or {}, overrides=dotted)


def _refusal(text: str, environ: Mapping[str, str] | None = None, **overrides: object) -> str:
    with pytest.raises(ConfigError) as caught:
        _resolve(text, environ, **overrides)
    return str(caught.value)


def test_empty_configuration_has_the_defaults() -> None:
    """The values are the documented defaults, and their origin is the default."""
    resolved = load_config(None, environ={"HOME": "/", "CLAU_DOOM_OUTPUT_DIR": "/tmp/runs"}, overrides={})
    assert resolved.config == ExperimentConfig()
    assert (resolved.config.generations, resolved.config.population) == (100, 50)
    assert set(resolved.origins.values()) == {"default"}
    assert "policy.kind" in resolved.origins
    assert "policy.layers" not in resolved.origins


def test_precedence_of_flag_environment_file_and_default(tmp_path: Path) -> None:
    """The origin of a value names its layer."""
    path = tmp_path / "c.yaml"
    path.write_text("seed: 1\ngenerations: 2\npopulation: 30\nscenario:\n  frame_skip: 2\n")
    environ = {"CLAU_DOOM_SEED": "5", "CLAU_DOOM_GENERATIONS": "6", "CLAU_DOOM_SCENARIO_DOOM_SKILL": "3"}
    resolved = load_config(path, environ=environ, overrides={"seed": 9, "execution.workers": 2, "population": None})
    config = resolved.config
    assert (config.seed, config.generations, config.population, config.episodes) == (9, 6, 30, 4)
    assert (config.scenario.frame_skip, config.scenario.doom_skill, config.execution.workers) == (2, 3, 2)
    assert resolved.origins["seed"] == "flag --seed"
    assert resolved.origins["execution.workers"] == "flag --workers"
    assert resolved.origins["generations"] == "environment CLAU_DOOM_GENERATIONS"
    assert resolved.origins["scenario.frame_skip"] == f"file {path}:5"
    assert resolved.origins["scenario.doom_skill"] == "environment CLAU_DOOM_SCENARIO_DOOM_SKILL"
    assert resolved.origins["population"] == f"file {path}:3"
    assert resolved.origins["episodes"] == "default"


def test_environment_values_are_yaml_and_names_are_text() -> None:
    """Lists, mappings and null use YAML. A name that looks like a number stays a name."""
    environ = {
        "CLAU_DOOM_NAME": "007",
        "CLAU_DOOM_POLICY_KIND": "neural",
        "CLAU_DOOM_POLICY_LAYERS": "[8, 4]",
        "CLAU_DOOM_FITNESS": "{kills: 1, damage_taken: -0.5}",
        "CLAU_DOOM_MAX_DURATION": "null",
        "CLAU_DOOM_LOCAL_PIN": "false",
    }
    config = _resolve("max_duration: 2h\nfitness: {health: 1.0}", environ).config
    assert config.name == "007"
    assert config.policy == NeuralPolicyConfig(layers=(8, 4))
    assert config.fitness == {"kills": 1.0, "damage_taken": -0.5}
    assert config.max_duration is None
    assert config.section_of(LocalConfig).pin is False


def test_integers_become_floats_and_lists_become_tuples() -> None:
    """YAML values are converted: 1 to 1.0, and [16, 8] to the layers."""
    config = _resolve(
        "policy: {kind: neural, layers: [16, 8], weight_limit: 2}\nexecution: {episode_timeout: 30}"
    ).config
    assert config.policy == NeuralPolicyConfig(layers=(16, 8), weight_limit=2.0)
    assert config.execution.episode_timeout == 30.0
    text = "evolution:\n  kind: map-elites\n  descriptors:\n    - {measure: kills, high: 20}\n"
    descriptors = (DescriptorConfig(measure="kills", high=20.0),)
    assert _resolve(text).config.evolution == MapElitesConfig(descriptors=descriptors)


def test_section_without_kind_has_the_default_kind() -> None:
    resolved = _resolve("evolution:\n  elites: 1\n", {"CLAU_DOOM_EVOLUTION_SIGMA": "0.5"})
    assert resolved.config.evolution == GeneticConfig(elites=1, sigma=0.5)
    assert resolved.origins["evolution.kind"] == "default"
    assert resolved.origins["evolution.elites"] == "file c.yaml:2"


def test_other_kind_of_a_higher_layer_drops_lower_fields() -> None:
    """The environment sets another kind, so all fields of the file's section are dropped."""
    text = "evolution:\n  kind: genetic\n  elites: 4\n  sigma: 0.9\n"
    resolved = _resolve(text, {"CLAU_DOOM_EVOLUTION_KIND": "cma-es"})
    assert resolved.config.evolution == CmaEsConfig()
    assert resolved.origins["evolution.sigma"] == "default"
    both = _resolve(text, {"CLAU_DOOM_EVOLUTION_KIND": "cma-es", "CLAU_DOOM_EVOLUTION_SIGMA": "0.7"})
    assert both.config.evolution == CmaEsConfig(sigma=0.7)
    same = _resolve(text, {"CLAU_DOOM_EVOLUTION_KIND": "genetic"})
    assert same.config.evolution == GeneticConfig(elites=4, sigma=0.9)
    flagged = _resolve(text, {"CLAU_DOOM_POLICY_LAYERS": "[8]"}, policy__kind="random")
    assert flagged.config.policy == RandomPolicyConfig()


def test_field_of_another_kind_is_refused() -> None:
    """The error names that kind."""
    assert _refusal("evolution: {kind: cma-es}", {"CLAU_DOOM_EVOLUTION_ELITES": "3"}) == (
        "c.yaml: 1 problem:\n"
        "  evolution.elites (environment CLAU_DOOM_EVOLUTION_ELITES): "
        "is not a field of evolution kind cma-es: it belongs to genetic"
    )


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("CLAU_DOOM_SEDE", "1", "environment CLAU_DOOM_SEDE is an unknown variable: did you mean CLAU_DOOM_SEED?"),
        ("CLAU_DOOM_OUTPUTDIR", "1", "did you mean CLAU_DOOM_OUTPUT_DIR?"),
        ("CLAU_DOOM_ZZZZ", "1", "is an unknown variable: did you mean CLAU_DOOM_"),
        ("CLAU_DOOM_POLICY", "neural", "names a section: set one of its fields, such as CLAU_DOOM_POLICY_KIND"),
        ("CLAU_DOOM_SEED", "", "seed (environment CLAU_DOOM_SEED): is empty: unset the variable"),
        ("CLAU_DOOM_SEED", "[1", "seed (environment CLAU_DOOM_SEED): '[1' is not a valid value: while parsing"),
        ("CLAU_DOOM_SEED", "1 # one\n--- 2", "'1 # one\\n--- 2' is not a valid value: "),
        ("CLAU_DOOM_SEED", "true", "seed (environment CLAU_DOOM_SEED): true is not a whole number"),
        ("CLAU_DOOM_SCENARIO_NAME", "\udcff", "'\\udcff' is not valid text: use UTF-8"),
    ],
)
def test_invalid_environment_variables_are_refused(variable: str, value: str, message: str) -> None:
    """The error for an unknown, empty or invalid variable names it and the remedy."""
    assert message in _refusal("", {variable: value})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("generations: true", "generations (line 1): true is not a whole number"),
        ("generations: 2.0", "generations (line 1): 2.0 is not a whole number"),
        ("generations: '2'", "generations (line 1): '2' is not a whole number"),
        ("population: 0", "population (line 1): 0 is too small: use 1 or more"),
        ("scenario: {frame_skip: 36}", "scenario.frame_skip (line 1): 36 is too large: use 35 or less"),
        ("seed: 9223372036854775808", "is too large: use less than 9223372036854775808"),
        ("execution: {episode_timeout: 0}", "0 is too small: use more than 0"),
        ("execution: {episode_timeout: .inf}", "inf is not finite"),
        ("execution: {episode_timeout: true}", "true is not a number"),
        ("local: {pin: yes}", "local.pin (line 1): 'yes' is neither true nor false"),
        ("name: 3", "name (line 1): 3 is not text: put it in quotes"),
        ("name: 'A b'", "name (line 1): 'A b' is not an experiment id: use 1 to 40 of a-z"),
        ("scenario: {name: ''}", "scenario.name (line 1): '' is too short: use at least 1"),
        ("policy: {kind: class}", "policy.target (line 1): is missing: Policy class as module:Class"),
        ("policy: {kind: class, target: 'x:'}", "'x:' has the wrong form: Policy class as module:Class"),
        ("policy: {kind: class, target: 'a:B', options: {x: [1]}}", "policy.options.x (line 1): [1] is not an option"),
        ("policy: {kind: class, target: 'a:B', options: 3}", "policy.options (line 1): 3 is not a mapping"),
        ("policy: {kind: neural, layers: 16}", "policy.layers (line 1): 16 is not a list: write it as [1, 2]"),
        ("policy: {kind: neural, layers: [1, 2, 3, 4, 5]}", "has too many entries: use at most 4"),
        ("policy: {kind: neural, layers: [8, -1]}", "policy.layers[1] (line 1): -1 is too small: use more than 0"),
        ("policy: {kind: neural, screen: [9]}", "policy.screen[1] (line 1): is missing"),
        ("policy: {kind: neural, screen: [161, 9]}", "[161, 9] is larger than scenario.resolution (160x120)"),
        ("policy: {layers: [8]}", "policy.layers (line 1): is not a field of policy kind rules: it belongs to neural"),
        ("policy: {kind: neurl}", "policy.kind (line 1): 'neurl' is not one of the choices: did you mean neural?"),
        ("policy: {kind: [neural]}", 'policy.kind (line 1): ["neural"] is not one of the choices'),
        ("policy: [neural]", 'policy (line 1): ["neural"] is not a section'),
        ("fitness: {}", "fitness (line 1): {} has too few entries"),
        ("fitness: {kills: .nan}", "fitness.kills (line 1): nan is not finite"),
        ("fitness: {kils: 1}", "names 'kils', which is not known: did you mean kills? use score"),
        ("fitness: 3", "fitness (line 1): 3 is not text: put it in quotes"),
        ("evolution: {elites: 50}", "50 leaves no agents to evolve: use fewer elites than the population (50)"),
        ("population: 2", "evolution.elites: 2 (the default) leaves no agents to evolve"),
        ("population: 1\nevolution: {kind: cma-es}", "population (line 1): 1 is too small for cma-es: use 2 or more"),
        (
            "evolution: {kind: map-elites, descriptors: [{measure: items, low: 2}]}",
            "evolution.descriptors[0].high (line 1): 1.0 (the default) is not above low (2): raise it, or lower low",
        ),
        (
            "evolution: {kind: cma-es, mode: steady_state}",
            "evolution.mode (line 1): 'steady_state' is not supported by cma-es: use kind genetic, random or class",
        ),
        (
            "evolution: {mode: steady_state, racing: {rule: test}}",
            "evolution.racing.rule (line 1): 'test' drops agents at common points of a generation: use none",
        ),
        (
            "evolution: {mode: steady_state}\nexecution: {backend: docker}",
            "docker.verify: 'champions' (the default) verifies agents at the end of a generation, which steady_state",
        ),
        ("zzzzzz: 1", "zzzzzz (line 1): is an unknown field: use name, seed"),
        ('? "a\\nb"\n: 1', "'a\\nb' (line 1): is an unknown field"),
    ],
)
def test_invalid_value_is_reported_with_location_and_remedy(text: str, message: str) -> None:
    refusal = _refusal(text)
    assert refusal.startswith("c.yaml: 1 problem:\n  ")
    assert message in refusal


def test_keyword_arguments_override_other_layers() -> None:
    """None is a value. Errors name the argument."""
    document = parse_document("max_duration: 1h\nseed: 1\n", name="c.yaml")
    resolved = load_config(
        document, environ={"CLAU_DOOM_SEED": "5"}, overrides={"seed": 7}, arguments={"seed": 9, "max_duration": None}
    )
    assert (resolved.config.seed, resolved.config.max_duration) == (9, None)
    assert resolved.origins["seed"] == "argument seed"
    with pytest.raises(ConfigError, match=r"execution\.workers \(argument execution\.workers\): -1 is too small"):
        load_config(None, environ={}, arguments={"execution.workers": -1})


def test_flag_for_an_unknown_path_is_refused() -> None:
    assert "sede (flag --sede): is an unknown field: did you mean seed?" in _refusal("", sede=1)


def test_conflicts_are_reported_with_other_problems() -> None:
    """Two valid values can conflict. The conflict is reported together with other mistakes."""
    assert "evolution.elites (line 2): 5 leaves no agents" in _refusal("population: 3\nevolution: {elites: 5}\nseed: x")
    assert "leaves nothing" not in _refusal("population: x\nevolution: {elites: 60}")
    assert "leaves nothing" not in _refusal("population: 2\nevolution: 3")


def test_invalid_section_is_reported_despite_an_override() -> None:
    """A section that is not a mapping is reported, even if a variable overrides it."""
    assert "scenario (line 1): 'basic' is not a section" in _refusal(
        "scenario: basic", {"CLAU_DOOM_SCENARIO_TIMEOUT": "9"}
    )


def test_configuration_and_origins_are_frozen() -> None:
    resolved = _resolve("seed: 3")
    with pytest.raises(ValueError, match="frozen"):
        resolved.config.seed = 4
    with pytest.raises(TypeError):
        resolved.origins["seed"] = "x"  # type: ignore[index]


def test_origin_of_a_value_without_a_file() -> None:
    """A value's origin is the request's name or the default, without a line number."""
    data: dict[str, object] = {"seed": 3, "evolution": {"kind": "cma-es", "sigma": 0.5}, "local": {}}
    resolved = resolve_fields(data, name="the request")
    assert resolved.config == ExperimentConfig(seed=3, evolution=CmaEsConfig(sigma=0.5))
    origins = {resolved.origins[name] for name in ("seed", "evolution.kind", "evolution.sigma")}
    assert origins == {"the request"}
    assert {resolved.origins[name] for name in ("population", "evolution.immigrants", "local.pin")} == {"default"}
    with pytest.raises(ConfigError) as caught:
        resolve_fields({"seed": -1, "evolution": {"elites": "two"}}, name="the request")
    assert str(caught.value).splitlines() == [
        "the request: 2 problems:",
        "  seed: -1 is too small: use 0 or more",
        "  evolution.elites: 'two' is not a whole number",
    ]
