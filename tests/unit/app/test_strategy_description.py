"""Tests of the checks and the provenance of a strategy before a run."""

from pathlib import Path

import pytest

from clau_doom.app.run_planning import check_config, plan_config
from clau_doom.app.strategy_description import describe_strategy
from clau_doom.config import CustomStrategyConfig, ExperimentConfig, LimitsConfig
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.errors import ConfigError
from tests.support.importable_modules import unused_module_name

SPACE = GenomeSpace((Gene.real("x", -1.0, 1.0),))
SOURCE = '''"""A strategy."""
from clau_doom.evolution import Strategy

print("imported")


class Large(Strategy):
    def __init__(self, space, population, seed, *, factor=1):
        super().__init__(space, population, seed)
        self.factor = factor

    @property
    def largest_population(self):
        return self.factor * self.population

    def _ask(self):
        return []

    def _tell(self, results):
        pass

    def _immigrate(self, index, genome):
        pass
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = unused_module_name()
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return name


def experiment(target: str, **options: int) -> ExperimentConfig:
    evolution = CustomStrategyConfig(target=target, options=dict(options))
    return ExperimentConfig(population=10, generations=5, evolution=evolution)


def test_a_bundled_strategy_has_the_population_of_the_configuration() -> None:
    found = describe_strategy(ExperimentConfig(population=7), SPACE)
    assert (found.largest_population, found.facts) == (7, ())


def test_a_custom_strategy_has_its_population_and_the_digest_of_its_source(
    module: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text in a docstring does not change the digest; code does. The output of the module is not shown."""
    config, file = experiment(f"{module}:Large", factor=3), tmp_path / f"{module}.py"
    found = describe_strategy(config, SPACE)
    ((name, digest),) = found.facts
    assert (name, len(digest), found.largest_population) == ("source.strategy", 64, 30)
    file.write_text(SOURCE.replace("A strategy.", "Another text."))
    assert describe_strategy(config, SPACE).facts == found.facts
    file.write_text(SOURCE.replace("self.factor * self.population", "self.factor * self.population + 1"))
    changed = describe_strategy(config, SPACE)
    assert changed.facts != found.facts
    assert changed.largest_population == 31
    assert capsys.readouterr().out == ""


def test_limits_are_checked_with_the_largest_population(module: str, tmp_path: Path) -> None:
    limits = LimitsConfig(agents=100)
    plan_config(experiment(f"{module}:Large", factor=2), tmp_path / "runs", limits)
    with pytest.raises(ConfigError, match=r"population.*needs 150 agents, but limits\.agents is 100"):
        plan_config(experiment(f"{module}:Large", factor=3), tmp_path / "runs", limits)


def test_provenance_of_the_plan_has_the_source_and_workers_do_not_need_it(module: str, tmp_path: Path) -> None:
    plan = plan_config(experiment(f"{module}:Large"), tmp_path / "runs")
    assert "source.strategy" in dict(plan.facts.facts)
    assert dict(plan.worker_facts.facts) == {k: v for k, v in plan.facts.facts if k != "source.strategy"}
    assert [name for name, _ in plan.facts.facts] == sorted(name for name, _ in plan.facts.facts)


@pytest.mark.parametrize(
    ("policy", "target", "message"),
    [
        ("{kind: rules}", "{}:Large", r"evolution\.target \(line 4\): '.*': Large\(.*'wrong'"),
        ("{kind: rules}", "{}:Missing", r"evolution\.target \(line 4\): '.*' has no class 'Missing'"),
        ("{kind: remote, address: 'localhost:1'}", "{}:Missing", r"evolution\.target \(line 4\): .*'Missing'"),
    ],
)
def test_a_check_reports_the_line_of_the_strategy(
    module: str, tmp_path: Path, policy: str, target: str, message: str
) -> None:
    text = f"policy: {policy}\nevolution:\n  kind: class\n  target: {target.format(module)}\n  options: {{wrong: 1}}\n"
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        check_config(tmp_path / "c.yaml", tmp_path, environ={})
