"""Configurations of users in Python."""

from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from clau_doom.api.configuration import configuration_source, keyword_arguments
from clau_doom.config import ExperimentConfig, YamlDocument
from clau_doom.errors import ConfigError


class Level(Enum):
    HARD = 4


def data(config: object) -> dict[str, object]:
    source = configuration_source(config)  # type: ignore[arg-type]
    assert isinstance(source, YamlDocument)
    return source.data


def test_nested_and_dotted_keys_are_merged() -> None:
    given = {"seed": 3, "execution": {"workers": 2}, "execution.backend": "local", "holdout.episodes": 9}
    assert data(given) == {
        "seed": 3,
        "execution": {"workers": 2, "backend": "local"},
        "holdout": {"episodes": 9},
    }


def test_a_mapping_that_is_a_value_is_kept_whole() -> None:
    arguments = keyword_arguments(
        {"fitness": {"kills": 1.0, "hits": 0.5}, "policy": {"kind": "neural", "layers": (8,)}}
    )
    assert arguments == {"fitness": {"kills": 1.0, "hits": 0.5}, "policy.kind": "neural", "policy.layers": [8]}


def test_a_complete_configuration_keeps_all_of_its_values() -> None:
    config = ExperimentConfig(name="whole", seed=5, fitness={"kills": 2.0})
    assert ExperimentConfig.model_validate(data(config)) == config


def test_values_of_other_libraries_become_plain_data() -> None:
    arguments = keyword_arguments(
        {
            "seed": np.int64(7),
            "policy.layers": np.array([4, 2]),
            "scenario.name": PurePosixPath("maps/mine.cfg"),
            "scenario.doom_skill": Level.HARD,
            "max_duration": None,
        }
    )
    assert arguments == {
        "seed": 7,
        "policy.layers": [4, 2],
        "scenario.name": "maps/mine.cfg",
        "scenario.doom_skill": 4,
        "max_duration": None,
    }
    assert type(arguments["seed"]) is int


def test_classes_are_named() -> None:
    assert keyword_arguments({"policy": Fraction}) == {"policy.kind": "class", "policy.target": "fractions:Fraction"}
    section = {"target": Fraction, "options": {"caution": 0.5}}
    assert data({"evolution": Fraction, "policy": section}) == {
        "evolution": {"kind": "class", "target": "fractions:Fraction"},
        "policy": {"target": "fractions:Fraction", "options": {"caution": 0.5}},
    }


def test_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/of/user")
    assert configuration_source("~/a.yaml") == configuration_source(Path("~/a.yaml")) == Path("/home/of/user/a.yaml")
    assert configuration_source(None) is None


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"execution": {"workers": 1}, "execution.workers": 2}, "execution.workers is given twice"),
        ({3: "x"}, "the key 3 is not a text"),
        ({"execution": {3: "x"}}, r"execution\.: the key 3 is not a text"),
        ({"seed": 1, "seed.more": 2}, "seed.more is given, but seed is 1 and not a section"),
        (42, "not int"),
    ],
)
def test_mistakes_are_named(config: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        data(config)
