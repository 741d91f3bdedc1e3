"""What a server lets its clients name."""

import sys
from pathlib import Path

import pytest

from clau_doom.bootstrap import ServerLaboratory
from clau_doom.config import CustomPolicyConfig, ExperimentConfig, NatsConfig, ScenarioConfig, ServerConfig
from clau_doom.errors import ConfigError, ExperimentExists, NotAllowed

POLICY = "from pathlib import Path\nPath(__file__).with_suffix('.imported').touch()\n"


def laboratory(folder: Path, **lists: tuple[str, ...]) -> ServerLaboratory:
    return ServerLaboratory(ExperimentConfig(server=ServerConfig(**lists)), folder / "runs")  # type: ignore[arg-type]


def test_a_policy_outside_the_list_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal names the list; a policy of the list is looked at."""
    (tmp_path / "sneaky.py").write_text(POLICY)
    monkeypatch.syspath_prepend(str(tmp_path))
    config = ExperimentConfig(policy=CustomPolicyConfig(target="sneaky:Policy"))
    for ask in (laboratory(tmp_path).plan, laboratory(tmp_path, policies=("other:Policy",)).space):
        with pytest.raises(NotAllowed, match=r"'sneaky:Policy' is not in the server's list server\.policies"):
            ask(config)
    assert "sneaky" not in sys.modules
    assert not (tmp_path / "sneaky.imported").exists()
    with pytest.raises(ConfigError, match="has no class 'Policy'"):
        laboratory(tmp_path, policies=("sneaky:Policy",)).plan(config)
    assert (tmp_path / "sneaky.imported").exists()


@pytest.mark.parametrize("name", ["/etc/passwd.cfg", "../maze.cfg", "maze.CFG", "/etc/passwd"])
def test_a_scenario_file_outside_the_list_is_not_opened(tmp_path: Path, name: str) -> None:
    """The refusal is the same whether or not there is such a file."""
    with pytest.raises(NotAllowed, match=r"is not in the server's list server\.scenarios"):
        laboratory(tmp_path).plan(ExperimentConfig(scenario=ScenarioConfig(name=name)))
    with pytest.raises(ConfigError):
        laboratory(tmp_path, scenarios=(name,)).plan(ExperimentConfig(scenario=ScenarioConfig(name=name)))


def test_a_word_that_is_no_scenario_is_a_mistake(tmp_path: Path) -> None:
    """No file is meant by it, and the nearest name helps."""
    with pytest.raises(ConfigError, match="did you mean 'basic'"):
        laboratory(tmp_path).plan(ExperimentConfig(scenario=ScenarioConfig(name="basik")))


def test_an_experiment_stores_nothing_of_the_service(tmp_path: Path) -> None:
    """A password in a url is nobody's business who reads the experiment."""
    lab = laboratory(tmp_path)
    plan = lab.plan(ExperimentConfig(nats=NatsConfig(url="nats://me:canary@elsewhere:4222")))
    assert plan.config.nats == NatsConfig()
    lab.create(plan, "4f8")
    assert "canary" not in (tmp_path / "runs" / "experiment" / "config.yaml").read_text()
    with pytest.raises(ExperimentExists):
        lab.create(plan, "4f9")
    assert lab.experiments() == ("experiment",)
