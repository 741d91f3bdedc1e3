"""Tests of consent to policy classes and addresses that an agent file or a server names."""

from pathlib import Path

import pytest

from clau_doom.app.trusted_code import BUNDLED, Trust, check_import_paths
from clau_doom.config import CustomPolicyConfig, NeuralPolicyConfig, PolicyConfig, RemotePolicyConfig, RulesPolicyConfig
from clau_doom.errors import ConfigError
from clau_doom.policies.custom import load_custom
from clau_doom.testing import SCRIPTED_FACTS


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (CustomPolicyConfig(target="canary:Canary"), "canary:Canary"),
        (RemotePolicyConfig(address="localhost:50061"), "localhost:50061"),
        (RemotePolicyConfig(address="unix:/run/agent"), "unix:/run/agent"),
    ],
)
def test_policy_classes_and_addresses_need_consent_by_name(policy: PolicyConfig, name: str) -> None:
    """The error states the origin, the name and the argument, and consent to another name is not enough."""
    for trust in (Trust(), Trust(frozenset({"canary", "canary:Other", "localhost", "localhost:5006"}))):
        with pytest.raises(ConfigError, match=rf"^agent.json uses .*{name}.* trust=\['{name}'\]"):
            trust.check(policy, "agent.json")
    Trust(frozenset({name})).check(policy, "agent.json")


@pytest.mark.parametrize(
    "policy",
    [
        RulesPolicyConfig(),
        NeuralPolicyConfig(),
        CustomPolicyConfig(target="clau_doom.policies:RulesPolicy"),
        RemotePolicyConfig(),
    ],
)
def test_bundled_policies_need_no_consent(policy: PolicyConfig) -> None:
    """A policy that is part of clau-doom runs no code of the file's author."""
    Trust().check(policy, "agent.json")


def test_experiments_cannot_bring_code(tmp_path: Path) -> None:
    """A stored experiment of another person must not name its own folder, also not through a link."""
    experiment = tmp_path / "runs" / "lab"
    (experiment / "inputs").mkdir(parents=True)
    (tmp_path / "link").symlink_to(experiment)
    for folder in (experiment, experiment / "inputs", tmp_path / "link", experiment / ".." / "lab"):
        with pytest.raises(ConfigError, match="is inside the folder of experiment lab"):
            check_import_paths([str(tmp_path), str(folder)], experiment)
    check_import_paths([str(tmp_path), str(tmp_path / "runs"), str(tmp_path / "runs" / "lab-2")], experiment)


def test_bundled_classes_exist() -> None:
    """Each name on the list can be loaded."""
    for target in BUNDLED:
        load_custom(CustomPolicyConfig(target=target), SCRIPTED_FACTS)


def test_measures_need_consent_by_name() -> None:
    """A measure that is not allowed has the reason with the remedy, and is no error."""
    measures = {"aim": "mine:aim", "care": "mine:care"}
    reasons = Trust(frozenset({"mine:care", "mine"})).untrusted_measures(measures)
    assert reasons == {"aim": "read the source of mine:aim, then allow it with trust=['mine:aim']"}
    assert Trust(frozenset(measures.values())).untrusted_measures(measures) == {}
