"""Tests of agent files: round trip and refusals."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clau_doom.config import RulesPolicyConfig, ScenarioConfig
from clau_doom.domain import Episode, EpisodeOutcome, EpisodeTiming, Gene, Genome, GenomeSpace, Measures, Purpose
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ConfigError
from clau_doom.replay import ReplayedAgent, Setting, agent_text, read_agent

SPACE = GenomeSpace((Gene.real("aim", -1.0, 1.0), Gene.choice("scan", ["left", "right"])))
SETTING = Setting(
    scenario=ScenarioConfig(name="basic", frame_skip=4),
    policy=RulesPolicyConfig(),
    contained=False,
    provenance=Provenance(facts=(("source.game", "ab" * 32), ("vizdoom", "1.3.2"))),
)


def episode(purpose: Purpose, number: int) -> Episode:
    measures = Measures(kills=1.0, reward=83.0 - number / 3.0, tics=17)
    outcome = EpisodeOutcome(seed=number, measures=measures, trajectory_sha256=f"{number:064x}")
    return Episode(
        purpose=purpose, agent="x-g001-a002", number=number, outcome=outcome, timing=EpisodeTiming(seconds=0.0)
    )


def agent(*episodes: Episode) -> ReplayedAgent:
    return ReplayedAgent(
        id="x-g001-a002", genome=Genome((0.1 + 0.2, 1.0)), baseline=False, champion=True, episodes=episodes
    )


def read(path: Path, text: str) -> tuple[Setting, ReplayedAgent]:
    path.write_text(text)
    return read_agent(path, lambda scenario, policy: SPACE)


def test_agent_file_round_trip(tmp_path: Path) -> None:
    """All values are bit-identical. Training episodes are omitted if there are held-out ones."""
    held_out = [episode(Purpose.HELD_OUT, number) for number in range(3)]
    text = agent_text(SETTING, agent(episode(Purpose.TRAINING, 0), *held_out), SPACE)
    assert read(tmp_path / "it.json", text) == (SETTING, agent(*held_out))
    trained = agent(episode(Purpose.TRAINING, 0))
    assert read(tmp_path / "it.json", agent_text(SETTING, trained, SPACE)) == (SETTING, trained)
    assert read(tmp_path / "it.json", agent_text(SETTING, agent(), SPACE)) == (SETTING, agent())


def test_measures_of_the_user_round_trip(tmp_path: Path) -> None:
    """The file names their functions, and each episode has their values."""
    first = episode(Purpose.HELD_OUT, 0)
    measures = replace(first.outcome.measures, custom=(("aim", 0.1 + 0.2), ("care", 7.0)))
    own = agent(replace(first, outcome=replace(first.outcome, measures=measures)))
    setting = replace(SETTING, measures={"care": "mine:care", "aim": "mine:aim"}, untrusted={"aim": "not allowed"})
    text = agent_text(setting, own, SPACE)
    assert '  "measures": {"aim": "mine:aim", "care": "mine:care"},' in text.splitlines()
    assert read(tmp_path / "it.json", text) == (replace(setting, untrusted={}), own)
    document = json.loads(text)
    for key, value, problem in (
        ("kills", "mine:kills", "measures.kills has the name of a measure or column of clau-doom"),
        ("luck", "mine:luck", r"episodes.0.measures: the measure luck is missing or not declared"),
        ("aim", "no function", "measures.aim: "),
    ):
        with pytest.raises(ConfigError, match=problem):
            read(tmp_path / "it.json", json.dumps(document | {"measures": document["measures"] | {key: value}}))
    with pytest.raises(ConfigError, match=r"episodes.0.measures: the measure aim is missing or not declared"):
        read(tmp_path / "it.json", json.dumps(document | {"measures": {"care": "mine:care"}}))


def test_agent_file_has_a_line_for_each_value() -> None:
    """Each gene, fact and episode has a line. Choices are names."""
    lines = agent_text(SETTING, agent(episode(Purpose.HELD_OUT, 0)), SPACE).splitlines()
    assert '    "aim": 0.30000000000000004,' in lines
    assert '    "scan": "right"' in lines
    assert '    "vizdoom": "1.3.2"' in lines
    assert sum('"trajectory_sha256"' in line for line in lines) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "clau-doom agent 2"}, "format: Input should be 'clau-doom agent 1'"),
        ({"genome": {"aim": 9.0, "scan": "left"}}, "is not an agent of this policy: gene aim is 9.0"),
        ({"genome": {"aim": 0.0}}, "gene scan is missing"),
        ({"policy": {"kind": "wizard"}}, "policy: "),
        ({"episodes": [{"purpose": "held_out"}]}, "episodes.0.number: Field required"),
        ({"agent": "\x1b[31m"}, "agent: "),
        ({"surprise": 1}, "surprise: "),
    ],
)
def test_invalid_agent_file_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    """The error names the file and its mistake."""
    document = json.loads(agent_text(SETTING, agent(), SPACE)) | change
    with pytest.raises(ConfigError) as refused:
        read(tmp_path / "it.json", json.dumps(document))
    assert message in str(refused.value)
    assert "it.json is not an agent" in str(refused.value)


def test_unreadable_agent_file_is_refused(tmp_path: Path) -> None:
    """The file is missing, is not JSON or is too large."""
    with pytest.raises(ConfigError, match="cannot read"):
        read_agent(tmp_path / "none.json", lambda scenario, policy: SPACE)
    with pytest.raises(ConfigError, match="is not an agent's file"):
        read(tmp_path / "it.json", "{")
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    with pytest.raises(ConfigError, match="more than 16 MB"):
        read_agent(tmp_path / "large.json", lambda scenario, policy: SPACE)
