"""Tests of measures of users in the configuration."""

import pytest

from clau_doom.config import ExperimentConfig, config_from_yaml, to_yaml
from clau_doom.errors import ConfigError

OWN = "measures: {aim: 'my_measures:aim'}\n"


def loaded(text: str) -> ExperimentConfig:
    return config_from_yaml(text, name="test")


def test_measure_is_usable_where_kills_is() -> None:
    """A measure is a fitness, a weight and a descriptor. The written configuration is read again."""
    named = loaded(f"{OWN}fitness: aim")
    assert (named.measures, named.fitness) == ({"aim": "my_measures:aim"}, "aim")
    assert loaded(to_yaml(named)) == named
    assert loaded(f"{OWN}fitness: {{aim: 2.0, kills: 1}}").fitness == {"aim": 2.0, "kills": 1.0}
    axes = "evolution: {kind: map-elites, descriptors: [{measure: aim, high: 9.0}]}"
    assert loaded(f"{OWN}{axes}").measures == {"aim": "my_measures:aim"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fitness: aim", r"fitness .*names 'aim', which is not known: use reward, score, kills, survival"),
        ("fitness: {aim: 1.0}", r"fitness .*names 'aim', which is not known: use score, kills, "),
        ("evolution: {kind: map-elites, descriptors: [{measure: aim}]}", r"names 'aim', which is not known: use aggr"),
        ("measures: {kills: 'a:b'}", r"measures\.kills .*has the name of a measure or column of clau-doom"),
        ("measures: {timing_x: 'a:b'}", r"measures\.timing_x .*use another name"),
        ("measures: {Aim: 'a:b'}", r"measures"),
        ("measures: {aim: 'a:b c'}", r"measures"),
    ],
)
def test_unknown_and_reserved_names_are_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        loaded(text)
