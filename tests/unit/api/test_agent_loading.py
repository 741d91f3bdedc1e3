"""Tests of how agents are loaded, and of consent to their policies."""

import json
from pathlib import Path

import pytest

import clau_doom as cd
from clau_doom.errors import ConfigError, ExperimentNotFound
from clau_doom.ports import Needs

CHAMPION = Path(__file__).parents[3] / "examples/champions/basic.json"
POLICY = """
from clau_doom.domain import Gene, GenomeSpace
from clau_doom.ports import Needs

class Mine:
    needs = Needs()
    space = GenomeSpace([Gene(name="bias", low=0.0, high=1.0)])
    begin = None
    def __init__(self, facts):
        pass
"""


def test_agent_file_has_genes_needs_and_scenario() -> None:
    agent = cd.load_agent(CHAMPION)
    document = json.loads(CHAMPION.read_text())
    assert agent.id == document["agent"]
    assert agent.genes == document["genome"]
    assert (agent.scenario.name, agent.facts.name) == ("basic", "basic")
    assert agent.needs == Needs(objects=True)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nothing", ExperimentNotFound),
        ("nothing-g000-a000", ExperimentNotFound),
        ("No Id", ConfigError),
        ("a.json", ConfigError),
    ],
)
def test_unknown_agents_are_refused(tmp_path: Path, name: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=name.partition("-g")[0]):
        cd.load_agent(name, output_dir=tmp_path)


def test_consent_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "consented.py").write_text(POLICY)
    monkeypatch.syspath_prepend(tmp_path)
    document = json.loads(CHAMPION.read_text())
    policy = {"kind": "class", "target": "consented:Mine"}
    (tmp_path / "agent.json").write_text(json.dumps(document | {"policy": policy, "genome": {"bias": 0.25}}))
    with pytest.raises(ConfigError, match=r"allow it with trust=\['consented:Mine'\] \(or CLAU_DOOM_TRUST\)"):
        cd.load_agent(tmp_path / "agent.json")
    monkeypatch.setenv("CLAU_DOOM_TRUST", "other:Class consented:Mine")
    assert cd.load_agent(tmp_path / "agent.json").genes == {"bias": 0.25}
