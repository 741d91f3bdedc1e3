"""Tests of strategies for any function, by ask and tell."""

from pathlib import Path
from typing import Any

import pytest

from clau_doom.api.ask_tell import make_strategy
from clau_doom.config import GeneticConfig
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.errors import ConfigError
from clau_doom.evolution import CmaEs, Genetic, RandomSearch
from tests.unit.evolution.test_custom import SOURCE

SPACE = {"x": (-1.0, 1.0)}


@pytest.mark.parametrize(("name", "kind"), [("cma-es", CmaEs), ("genetic", Genetic), ("random", RandomSearch)])
def test_bundled_strategies_have_names(name: str, kind: type) -> None:
    strategy = make_strategy(name, SPACE, population=6, seed=4)
    assert isinstance(strategy, kind)
    assert strategy.space == GenomeSpace([Gene.real("x", -1.0, 1.0)])
    assert len(strategy.ask()) == 6


def test_a_strategy_has_options_or_a_section() -> None:
    named, sections = make_strategy("genetic", SPACE, elites=0, sigma=0.5), GeneticConfig(elites=0, sigma=0.5)
    section = make_strategy(sections, SPACE)
    assert isinstance(named, Genetic)
    assert isinstance(section, Genetic)
    assert named.config == section.config == sections


def test_a_class_is_named_or_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "asked_and_told.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    named = make_strategy("asked_and_told:Middle", SPACE, population=3, at=0.5)
    passed = make_strategy(type(named), SPACE, population=3, at=0.25)
    assert [named.ask()[0].genome.values, passed.ask()[0].genome.values] == [(0.5,), (0.25,)]
    with pytest.raises(ConfigError, match="raised ValueError: at is too small"):
        make_strategy(type(named), SPACE, at=-2.0)


@pytest.mark.parametrize(
    ("strategy", "options", "message"),
    [
        ("cmaes", {}, "'cmaes' is not a strategy: use genetic, cma-es, map-elites, random.* or module:Class"),
        ("genetic", {"sigmas": 1}, "strategy genetic: sigmas: Extra inputs are not permitted"),
        ("genetic", {"sigma": 3.0}, "strategy genetic: sigma: Input should be less than or equal to 1"),
        ("a:b:c", {}, "strategy a:b:c: target: "),
        ("cma-es", {"population": 1}, "population is too small for cma-es: use 2 or more"),
        ("random", {"population": 0}, "population is 0, but must be at least 1"),
        (GeneticConfig(), {"sigma": 0.1}, "options sigma: set them in the GeneticConfig"),
        ("no_such_module:Class", {}, "module 'no_such_module' not found"),
    ],
)
def test_faults_have_separate_errors(strategy: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_strategy(strategy, SPACE, **options)
