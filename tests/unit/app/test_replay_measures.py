"""Tests of measures of the user in replays: trusted, untrusted and missing functions."""

from pathlib import Path

import pytest

from clau_doom.app.replay_measures import load_replay_measures
from clau_doom.config import RulesPolicyConfig, ScenarioConfig
from clau_doom.domain import Fitness
from clau_doom.domain.experiment import Provenance
from clau_doom.replay import Setting


def test_functions_are_computed_or_missing_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An untrusted module is not imported, and one that is missing here does not prevent a replay."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "replayed_measures.py").write_text("def aim(episode):\n    return 0.5\n")
    (tmp_path / "unwanted_measures.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')\n")
    setting = Setting(
        scenario=ScenarioConfig(name="basic"),
        policy=RulesPolicyConfig(),
        contained=False,
        provenance=Provenance(facts=()),
        measures={
            "luck": "unwanted_measures:luck",
            "aim": "replayed_measures:aim",
            "gone": "no_such_measures:gone",
        },
        untrusted={"luck": "allow it with --trust unwanted_measures:luck"},
    )
    found = load_replay_measures(setting)
    assert ([each.name for each in found.computed], found.targets) == (["aim"], {"aim": "replayed_measures:aim"})
    assert list(found.missing) == ["gone", "luck"]
    assert found.missing["luck"] == "allow it with --trust unwanted_measures:luck"
    assert "no_such_measures" in found.missing["gone"]
    assert not (tmp_path / "imported").exists()
    assert found.computable(Fitness((("aim", 1.0), ("kills", 1.0)))) == Fitness((("aim", 1.0), ("kills", 1.0)))
    assert found.computable(Fitness((("gone", 1.0),))) is None
    found.logged("lab-g000-a000")
    assert caplog.text.count("a measure of the user is not computed") == 2
