"""Tests of the factory that makes policies from a configuration."""

from pathlib import Path

import pytest

from clau_doom.config import (
    CustomPolicyConfig,
    NeuralPolicyConfig,
    PolicyConfig,
    RandomPolicyConfig,
    RulesPolicyConfig,
)
from clau_doom.errors import ConfigError
from clau_doom.policies import NeuralPolicy, RandomPolicy, RulesPolicy, make_policy, source_facts
from clau_doom.testing import SCRIPTED_FACTS
from tests.support.importable_modules import unused_module_name

GOOD = """
from clau_doom.domain import GenomeSpace
from clau_doom.ports import Action, Needs


class Good:
    def __init__(self, facts, *, press=1.0):
        self.buttons = [press] * len(facts.buttons)

    needs = Needs()
    space = GenomeSpace(())

    def begin(self, genome, rng):
        return lambda observation: Action(self.buttons)


class Half:
    def __init__(self, facts):
        pass

    needs = Needs()


class Listed:
    def __init__(self, facts):
        pass

    needs = Needs()
    space = []

    def begin(self, genome, rng):
        pass


class Picky:
    def __init__(self, facts):
        raise ValueError("no such weather")


class Leaving:
    def __init__(self, facts):
        raise SystemExit(3)


class Leaver:
    def __init__(self, facts):
        pass

    @property
    def needs(self):
        raise SystemExit(4)


number = 3
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a module with good and bad policies in the working directory. Each test has its own name."""
    name = unused_module_name()
    (tmp_path / f"{name}.py").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    return name


@pytest.mark.parametrize(
    ("config", "expected"),
    [(RandomPolicyConfig(), RandomPolicy), (RulesPolicyConfig(), RulesPolicy), (NeuralPolicyConfig(), NeuralPolicy)],
)
def test_makes_the_bundled_policies(config: PolicyConfig, expected: type) -> None:
    """Each configured kind has a bundled class."""
    assert isinstance(make_policy(config, SCRIPTED_FACTS), expected)


def test_makes_a_class_from_the_working_directory(module: str) -> None:
    """A custom class is imported from the working directory and receives its options."""
    policy = make_policy(CustomPolicyConfig(target=f"{module}:Good", options={"press": 0.0}), SCRIPTED_FACTS)
    assert vars(policy)["buttons"] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("{module}x:Good", "module .* not found"),
        ("{module}:Best", r"no class 'Best'; use .*Good, Half"),
        ("{module}:number", "no class 'number'"),
        ("{module}:Half", "missing space, begin"),
        ("{module}:Picky", "raised ValueError: no such weather"),
        ("{module}:Leaving", "raised SystemExit: 3"),
        ("{module}:Leaver", "raised SystemExit: 4"),
        ("{module}:Listed", "has a space of the type list: use GenomeSpace"),
    ],
)
def test_faults_of_a_custom_class_have_separate_errors(module: str, target: str, message: str) -> None:
    """The faults are: missing module, missing class, not a policy, failing constructor."""
    with pytest.raises(ConfigError, match=message):
        make_policy(CustomPolicyConfig(target=target.format(module=module)), SCRIPTED_FACTS)


def test_unknown_option_is_a_configuration_error(module: str) -> None:
    """An option that the class does not accept is a configuration error."""
    config = CustomPolicyConfig(target=f"{module}:Good", options={"pres": 1.0})
    with pytest.raises(ConfigError, match="unexpected keyword argument 'pres'"):
        make_policy(config, SCRIPTED_FACTS)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("broken_import", "import nowhere_at_all", "needs 'nowhere_at_all'"),
        ("broken_body", "1 / 0", "raised ZeroDivisionError"),
        ("broken_syntax", "def", "raised SyntaxError"),
        ("broken_exit", "import sys; sys.exit(0)", "importing it raised SystemExit: 0"),
        ("broken_base", "raise BaseException('out')", "importing it raised BaseException: out"),
    ],
)
def test_import_error_names_the_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, message: str
) -> None:
    """The error names the module and the reason of the import failure."""
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        make_policy(CustomPolicyConfig(target=f"{name}:Any"), SCRIPTED_FACTS)


def test_provenance_has_source_digests(module: str) -> None:
    """Each policy has the digests of the packages that affect results. A custom policy adds its module."""
    bundled = dict(source_facts(RulesPolicyConfig(), RulesPolicy(SCRIPTED_FACTS)))
    packages = ["domain", "evolution", "game", "policies", "worker"]
    assert sorted(bundled) == [f"source.{package}" for package in packages]
    assert all(len(digest) == 64 for digest in bundled.values())
    config = CustomPolicyConfig(target=f"{module}:Good")
    custom = dict(source_facts(config, make_policy(config, SCRIPTED_FACTS)))
    assert custom.items() > bundled.items()
    assert set(custom) - set(bundled) == {"source.policy"}


def test_digest_of_a_custom_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed constant changes the digest of a custom policy. A comment does not."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "changing_policy.py"
    config = CustomPolicyConfig(target="changing_policy:Good")
    digests = []
    for text in (GOOD, f"# changed\n{GOOD}", GOOD.replace("press=1.0", "press=0.0")):
        file.write_text(text)
        digests.append(dict(source_facts(config, make_policy(config, SCRIPTED_FACTS)))["source.policy"])
    assert digests[0] == digests[1] != digests[2]
