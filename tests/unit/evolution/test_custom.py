"""Tests of strategies that a configuration names as a class."""

from pathlib import Path

import pytest

from clau_doom.config import CustomStrategyConfig
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.errors import ConfigError
from clau_doom.evolution import make_steady_state, make_strategy, strategy_source
from tests.support.importable_modules import unused_module_name

SPACE = GenomeSpace((Gene.real("x", -1.0, 1.0),))
SOURCE = """
from clau_doom.domain import Genome
from clau_doom.evolution import Offspring, SteadyState, Strategy


class Middle(Strategy):
    def __init__(self, space, population, seed, *, at=0.0):
        super().__init__(space, population, seed)
        if at < -1.0:
            raise ValueError("at is too small")
        self.at = at

    def _ask(self):
        return [Offspring(Genome([self.at]), (), "middle")] * self.population

    def _tell(self, results):
        pass

    def _immigrate(self, index, genome):
        pass


class Steady(SteadyState):
    def _ask(self):
        return Offspring(Genome([0.25]), (), "middle")

    def _tell(self, result):
        pass


class Unfinished(Strategy):
    pass


class Other:
    pass
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = unused_module_name()
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return name


def test_a_class_receives_space_population_seed_and_options(module: str) -> None:
    config = CustomStrategyConfig(target=f"{module}:Middle", options={"at": 0.5})
    strategy = make_strategy(config, SPACE, 3, 7)
    assert (strategy.space, strategy.population, type(strategy).__name__) == (SPACE, 3, "Middle")
    assert [child.genome.values for child in strategy.ask()] == [(0.5,)] * 3


def test_a_steady_state_class_receives_the_lookahead(module: str) -> None:
    config = CustomStrategyConfig(target=f"{module}:Steady", mode="steady_state", lookahead=4)
    strategy = make_steady_state(config, SPACE, 3, 7)
    assert strategy.lookahead == 4
    assert strategy.ask().genome.values == (0.25,)


def test_the_source_is_the_file_of_the_module(module: str, tmp_path: Path) -> None:
    assert strategy_source(CustomStrategyConfig(target=f"{module}:Middle")) == (module, tmp_path / f"{module}.py")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("Middle", {"too": 1}, r"Middle\(space, population, seed, \*\*options\) raised TypeError: .*'too'"),
        ("Middle", {"at": -2.0}, "raised ValueError: at is too small"),
        ("Unfinished", {}, "raised TypeError: Can't instantiate abstract class Unfinished"),
        ("Other", {}, r"is not a strategy: derive it from clau_doom\.evolution\.Strategy"),
        ("Steady", {}, r"does not support evolution\.mode generational: use steady_state"),
        ("Missing", {}, "has no class 'Missing'; use Middle, Other, Steady, Unfinished$"),
    ],
)
def test_faults_have_separate_errors(module: str, name: str, options: dict[str, float], message: str) -> None:
    config = CustomStrategyConfig(target=f"{module}:{name}", options=dict(options))
    with pytest.raises(ConfigError, match=message) as caught:
        make_strategy(config, SPACE, 3, 7)
    assert str(caught.value).startswith(f"evolution.target '{module}:{name}'")


def test_an_error_of_a_steady_state_names_its_call(module: str) -> None:
    config = CustomStrategyConfig(target=f"{module}:Steady", mode="steady_state", options={"at": 0.5})
    call = r"Steady\(space, population, seed, lookahead=\.\.\., \*\*options\) raised TypeError: .*'at'"
    with pytest.raises(ConfigError, match=call):
        make_steady_state(config, SPACE, 3, 7)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Middle", r"does not support evolution\.mode steady_state: use generational"),
        ("Other", r"is not a strategy: derive it from clau_doom\.evolution\.SteadyState"),
    ],
)
def test_a_steady_state_needs_a_class_that_declares_it(module: str, name: str, message: str) -> None:
    config = CustomStrategyConfig(target=f"{module}:{name}", mode="steady_state")
    with pytest.raises(ConfigError, match=message):
        make_steady_state(config, SPACE, 3, 7)
    with pytest.raises(ConfigError, match=message):
        strategy_source(config)
