"""Tests of the configuration as a typed message."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.backends.local.configuration import LocalConfig
from clau_doom.config import (
    CmaEsConfig,
    CustomPolicyConfig,
    CustomStrategyConfig,
    DescriptorConfig,
    ExecutionConfig,
    ExperimentConfig,
    GeneticConfig,
    HoldoutConfig,
    MapElitesConfig,
    NeuralPolicyConfig,
    RandomPolicyConfig,
    RandomSearchConfig,
    RulesPolicyConfig,
    ScenarioConfig,
    config_from_yaml,
    registered_backends,
    resolve_fields,
)
from clau_doom.config.budget import BudgetConfig
from clau_doom.config.schema_introspection import fields, item_model
from clau_doom.errors import ConfigError, InvalidMessage
from clau_doom.protos.claudoom.orchestrator.v1 import config_pb2 as pb
from clau_doom.wire import config_fields, config_message
from tests.support.in_process_backend import registered_in_process_backend

SERVICE = {"grpc", "nats", "metrics", "web", "server", "limits", "trackers"}
"""The sections that say how a server runs, and that no client sets."""
REMOTE = {(("policy", name), "remote") for name in ("kind", "address", "deadline", "on_missed")}
"""A policy that the .proto has before the schema."""

Place = tuple[tuple[str, ...], str | None]


def by_name(
    names: st.SearchStrategy[str], contents: st.SearchStrategy[Any], *, least: int = 0
) -> st.SearchStrategy[dict[str, Any]]:
    """Return mappings that are sorted by key, as received messages are."""
    drawn = st.dictionaries(names, contents, min_size=least, max_size=4)
    return drawn.map(lambda found: dict(sorted(found.items())))


finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.booleans() | st.integers(-(2**63), 2**63 - 1) | finite | st.text()
probabilities = st.floats(0.0, 1.0)
policies = st.one_of(
    st.just(RandomPolicyConfig()),
    st.just(RulesPolicyConfig()),
    st.builds(
        NeuralPolicyConfig,
        layers=st.lists(st.integers(1, 1024), max_size=4).map(tuple),
        bins=st.integers(3, 64),
        screen=st.none() | st.tuples(st.integers(1, 160), st.integers(1, 120)),
        weight_limit=st.floats(0.001, 64.0),
    ),
    st.builds(CustomPolicyConfig, target=st.just("a.b:C"), options=by_name(st.text(), scalars)),
)
descriptors = st.builds(
    DescriptorConfig,
    measure=st.sampled_from(["aggression", "items"]),
    low=st.floats(-9, 0),
    high=st.floats(1, 9),
    cells=st.integers(2, 100),
)
evolutions = st.one_of(
    st.builds(GeneticConfig, elites=st.integers(0, 9), crossover=probabilities, diversity=probabilities),
    st.builds(CmaEsConfig, immigrants=st.integers(0, 9), sigma=st.floats(1e-9, 1.0)),
    st.builds(MapElitesConfig, descriptors=st.lists(descriptors, min_size=1, max_size=4).map(tuple)),
    st.just(RandomSearchConfig()),
    st.builds(CustomStrategyConfig, target=st.just("a-plugin"), options=by_name(st.text(), scalars)),
)
budgets = st.builds(BudgetConfig, episodes=st.integers(1, 10**9)) | st.builds(BudgetConfig, tics=st.integers(1, 10**12))
configs = st.builds(
    ExperimentConfig,
    name=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,39}", fullmatch=True),
    seed=st.integers(0, 2**63 - 1),
    generations=st.integers(1, 1_000_000),
    population=st.integers(10, 100_000),
    max_duration=st.none() | st.integers(1, 10**9).map(lambda thousandths: thousandths / 1000),
    scenario=st.builds(ScenarioConfig, doom_skill=st.none() | st.integers(1, 5), resolution=st.just("320x240")),
    seeds=st.sampled_from(["fixed", "per_generation"]),
    policy=policies,
    fitness=st.sampled_from(["reward", "score", "kills", "survival"])
    | by_name(st.sampled_from(["score", "kills", "damage_taken"]), finite, least=1),
    evolution=evolutions,
    execution=st.builds(
        ExecutionConfig,
        workers=st.integers(0, 1024),
        on_exhausted=st.sampled_from(["fail_agent", "stop"]),
        record=st.sampled_from(["champions", "all", "none"]),
    ),
    local=st.builds(LocalConfig, pin=st.booleans()),
    holdout=st.builds(HoldoutConfig, validation=st.integers(1, 10_000)),
)


def of_class(options: dict[str, pb.OptionValue]) -> pb.ExperimentConfig:
    message = pb.ExperimentConfig()
    getattr(message.policy, "class").CopyFrom(pb.CustomPolicyConfig(target="a:B", options=options))
    return message


def resolved(message: pb.ExperimentConfig) -> ExperimentConfig:
    received = pb.ExperimentConfig.FromString(message.SerializeToString())
    return resolve_fields(config_fields(received), name="the request").config


@given(budgets)
def test_budget_round_trip(budget: BudgetConfig) -> None:
    """A budget in episodes or tics leaves out the number of generations."""
    config = ExperimentConfig(budget=budget)
    message = config_message(config)
    assert not message.HasField("generations")
    assert resolved(message) == config


def typed(descriptor: Any, path: tuple[str, ...] = (), kind: str | None = None) -> Iterator[tuple[Place, Any]]:
    """Yield every field of a message with a value, like `fields` for the schema."""
    for field in descriptor.fields:
        if field.name == "other_backends":  # plain data
            continue
        here, inner = (*path, field.name), field.message_type
        union = inner.oneofs_by_name.get("kind") if inner else None
        if union and all(member.message_type for member in union.fields):
            for member in union.fields:
                tag = member.name.replace("_", "-")
                yield ((*here, "kind"), tag), None
                yield from typed(member.message_type, here, tag)
        elif inner and not union and not field.is_repeated and [each.is_repeated for each in inner.fields] != [True]:
            yield from typed(inner, here, kind)
        else:
            yield (here, kind), field


TYPED = dict(typed(pb.ExperimentConfig.DESCRIPTOR))
OTHERS = {backend.name for backend in registered_backends()} - {
    field.name for field in pb.ExperimentConfig.DESCRIPTOR.fields
}
"""Backends whose sections are plain data in a message."""
SCHEMA = {(field.path, field.kind): field.info for field in fields() if field.path[0] not in SERVICE | OTHERS}


def test_message_has_the_fields_of_the_schema() -> None:
    """Sections of the service are excluded."""
    assert SCHEMA.keys() - TYPED.keys() == set()
    assert TYPED.keys() - SCHEMA.keys() in (set(), REMOTE)


def test_items_of_lists_have_the_schemas_fields() -> None:
    """An example is the list of axes of an archive."""
    items = {place: item_model(info) for place, info in SCHEMA.items()}
    models = {place: model for place, model in items.items() if model}
    assert models
    for place, model in models.items():
        assert [field.name for field in TYPED[place].message_type.fields] == list(model.model_fields)


def test_enumerations_have_the_values_of_the_schema() -> None:
    checked = 0
    for place, field in TYPED.items():
        if field is not None and field.enum_type and place in SCHEMA:
            prefix = field.enum_type.values_by_number[0].name.removesuffix("UNSPECIFIED")
            words = {value.name.removeprefix(prefix).lower() for value in field.enum_type.values if value.number}
            assert get_origin(SCHEMA[place].annotation) is Literal
            assert words == set(get_args(SCHEMA[place].annotation))
            checked += 1
    assert checked >= 3


@settings(deadline=None)
@given(configs)
def test_any_configuration_round_trip(config: ExperimentConfig) -> None:
    assert repr(resolved(config_message(config))) == repr(config)


def test_missing_fields_have_their_defaults() -> None:
    """An empty message equals an empty file. A section or kind without fields has its defaults."""
    assert config_fields(pb.ExperimentConfig()) == {}
    empty = pb.ExperimentConfig(
        scenario=pb.ScenarioConfig(),
        policy=pb.PolicyConfig(),
        fitness=pb.FitnessConfig(),
        evolution=pb.EvolutionConfig(),
    )
    assert config_fields(empty) == {"scenario": {}, "policy": {}, "evolution": {}}
    assert resolved(empty) == ExperimentConfig()


def test_zero_and_false_are_kept() -> None:
    message = pb.ExperimentConfig(
        seed=0,
        local=pb.LocalConfig(pin=False),
        evolution=pb.EvolutionConfig(genetic=pb.GeneticConfig(elites=0, crossover=0.0)),
        policy=pb.PolicyConfig(neural=pb.NeuralPolicyConfig(layers=pb.HiddenLayers())),
    )
    assert config_fields(message) == {
        "seed": 0,
        "local": {"pin": False},
        "evolution": {"kind": "genetic", "elites": 0, "crossover": 0.0},
        "policy": {"kind": "neural", "layers": []},
    }


def test_message_equals_a_configuration_file() -> None:
    message = pb.ExperimentConfig(
        name="lab",
        max_duration="1h30m",
        seeds=pb.ExperimentConfig.SEEDS_PER_GENERATION,
        fitness=pb.FitnessConfig(weights=pb.FitnessWeights(weights={"kills": 1.0, "damage_taken": -0.01})),
        evolution=pb.EvolutionConfig(
            map_elites=pb.MapElitesConfig(descriptors=[pb.DescriptorConfig(measure="items", high=9.0)])
        ),
        execution=pb.ExecutionConfig(on_exhausted=pb.ExecutionConfig.ON_EXHAUSTED_FAIL_AGENT),
        holdout=pb.HoldoutConfig(validation=3),
    )
    text = """
        name: lab
        max_duration: 1h30m
        seeds: per_generation
        fitness: {kills: 1.0, damage_taken: -0.01}
        evolution: {kind: map-elites, descriptors: [{measure: items, high: 9.0}]}
        execution: {on_exhausted: fail_agent}
        holdout: {validation: 3}
    """
    assert resolved(message) == config_from_yaml(text, name="a file")


def test_options_keep_their_types() -> None:
    """True is not a number, and 1 is not 1.0."""
    options = {
        "flag": pb.OptionValue(flag=True),
        "count": pb.OptionValue(integer=1),
        "share": pb.OptionValue(number=1.0),
        "word": pb.OptionValue(text="1"),
    }
    policy = resolved(of_class(options)).policy
    assert isinstance(policy, CustomPolicyConfig)
    assert repr(policy.options) == "{'count': 1, 'flag': True, 'share': 1.0, 'word': '1'}"
    with pytest.raises(ConfigError, match=r"policy\.options\.flag: null is not an option"):
        resolved(of_class({"flag": pb.OptionValue()}))


def test_every_problem_of_a_request_is_reported() -> None:
    """Problems have no line numbers."""
    message = pb.ExperimentConfig(
        episodes=0,
        seed=2**64 - 1,
        seeds=9,  # type: ignore[arg-type]
        holdout=pb.HoldoutConfig(episodes=1),
        fitness=pb.FitnessConfig(name="glory"),
        local=pb.LocalConfig(stall_timeout=float("nan")),
    )
    with pytest.raises(ConfigError) as caught:
        resolved(message)
    assert sorted(path for path, _ in caught.value.problems) == [
        "episodes",
        "fitness",
        "holdout.episodes",
        "local.stall_timeout",
        "seed",
        "seeds",
    ]
    assert str(caught.value).startswith("the request: 6 problems:\n")
    assert "line" not in str(caught.value)


def test_section_of_another_backend_round_trip() -> None:
    """A backend that the .proto does not declare is sent as plain data, with its numbers."""
    with registered_in_process_backend():
        section = {"slots": 7, "seconds": 2.0, "labels": {"site": "north"}}
        config = ExperimentConfig.model_validate({"execution": {"backend": "inprocess"}, "inprocess": section})
        assert repr(resolved(config_message(config))) == repr(config)
        message = config_message(config)
        message.other_backends["inprocess"].update({"slots": float("inf"), "site": None})
        with pytest.raises(ConfigError, match=r"inprocess\.site: is an unknown field") as caught:
            resolved(message)
        assert {path for path, _ in caught.value.problems} == {"inprocess.slots", "inprocess.site"}


@pytest.mark.parametrize("name", ["server", "limits", "docker", "inprocess", "\x1b[2J"])
def test_section_of_the_service_is_not_a_backend(name: str) -> None:
    message = pb.ExperimentConfig()
    message.other_backends[name].update({"max_experiments": 1})
    with pytest.raises(ConfigError, match=r"^other_backends: '[a-z0-9\\\[J]*' is not an installed backend without"):
        resolved(message)


def test_integer_above_64_bits_is_refused() -> None:
    config = ExperimentConfig(policy=CustomPolicyConfig(target="a:B", options={"huge": 2**63}))
    with pytest.raises(InvalidMessage, match="the configuration of experiment does not fit a message"):
        config_message(config)
