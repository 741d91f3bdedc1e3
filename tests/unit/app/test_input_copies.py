"""Tests of reading and resuming experiments after their scenario was moved."""

import shutil
from pathlib import Path

import pytest
import vizdoom as vzd

from clau_doom.app.input_copies import copy_inputs, same_files, stored_scenario
from clau_doom.backends.scenario_files import announced_files, placed_scenario
from clau_doom.config import ExperimentConfig, RulesPolicyConfig, ScenarioConfig, to_yaml
from clau_doom.domain.experiment import Experiment, Provenance
from clau_doom.errors import ConfigError
from clau_doom.game import Scenario, resolve, scenario_facts
from clau_doom.policies import GENES, make_policy
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb
from clau_doom.storage import CFG, LARGEST_INPUT, WAD, ExperimentFolders, StoredInputs
from clau_doom.storage import GENES as GENES_FILE
from clau_doom.worker import collect_facts
from tests.unit.game.wad_building import udmf_things, wad


class Stored:
    """User scenario in a folder, with the inputs of an experiment that played it."""

    def __init__(self, folder: Path, *lines: str, extra: bytes = b"") -> None:
        (folder / "here").mkdir()
        content = wad([("MAP01", b""), ("TEXTMAP", udmf_things(1)), ("EXTRA", extra)])
        (folder / "here" / "a.wad").write_bytes(content)
        (folder / "here" / "game.wad").write_bytes(wad([("MAP01", b"")], magic=b"IWAD"))
        self.cfg = folder / "here" / "s.cfg"
        head = ("doom_scenario_path = a.wad", "available_buttons = { ATTACK }")
        self.cfg.write_text("\n".join((*head, *lines, "")))
        self.config = ScenarioConfig(name=str(self.cfg))
        self.before = resolve(self.config)
        self.then = Provenance(facts=tuple(sorted({"vizdoom": "1", **scenario_facts(self.before)}.items())))
        config = ExperimentConfig(name="lab", scenario=self.config)
        experiment = Experiment(id="lab", uuid="1", seed=1, config_yaml=to_yaml(config), provenance=self.then)
        self.inputs = ExperimentFolders(folder / "runs").create(experiment, copy_inputs(GENES, self.before)).inputs

    def scenario(self, *, replaying: bool = False, name: str | None = None) -> Scenario:
        config = self.config if name is None else ScenarioConfig(name=name)
        return stored_scenario(config, self.then, self.inputs, replaying=replaying)


def test_original_files_have_precedence_over_copies(tmp_path: Path) -> None:
    """The copies are used if the original files are missing."""
    assert Stored(tmp_path).scenario() == resolve(ScenarioConfig(name=str(tmp_path / "here" / "s.cfg")))


@pytest.mark.parametrize("replaying", [False, True])
def test_copies_replace_moved_files(tmp_path: Path, *, replaying: bool) -> None:
    """If the named files are missing, copies with the same digests are played."""
    stored = Stored(tmp_path)
    (tmp_path / "here").rename(tmp_path / "there")
    scenario = stored.scenario(replaying=replaying)
    assert scenario.cfg == (stored.inputs.folder / CFG).absolute()
    assert scenario.wad == (stored.inputs.folder / WAD).absolute()
    assert same_files(scenario, stored.then)
    config, files = placed_scenario(stored.config, scenario)
    assert resolve(config, files).wad_sha256 == stored.before.wad_sha256
    assert stored.scenario(name=str(tmp_path / "there" / "s.cfg")).cfg == tmp_path / "there" / "s.cfg"


def test_changed_files_are_refused_by_a_resume(tmp_path: Path) -> None:
    """A replay plays the recorded files. A resume uses the named files, and compares their digests."""
    stored = Stored(tmp_path)
    stored.cfg.write_text(stored.cfg.read_text() + "living_reward = 5\n")
    assert stored.scenario(replaying=True).cfg == (stored.inputs.folder / CFG).absolute()
    assert stored.scenario().cfg == stored.cfg
    assert not same_files(stored.scenario(), stored.then)


def test_damaged_copies_are_refused(tmp_path: Path) -> None:
    stored = Stored(tmp_path)
    shutil.rmtree(tmp_path / "here")
    (stored.inputs.folder / CFG).write_text("available_buttons = { USE }\n")
    with pytest.raises(ConfigError, match=r"s\.cfg' does not exist.*CLAU_DOOM_SCENARIO_NAME"):
        stored.scenario()


@pytest.mark.parametrize(("lines", "extra"), [((), bytes(LARGEST_INPUT)), (("doom_game_path = game.wad",), b"")])
def test_large_files_need_a_new_path(tmp_path: Path, lines: tuple[str, ...], extra: bytes) -> None:
    """Large files and game files are not copied, so the user must name their new path."""
    stored = Stored(tmp_path, *lines, extra=extra)
    assert sorted(path.name for path in stored.inputs.folder.iterdir()) == sorted(
        {GENES_FILE, CFG} if extra else {GENES_FILE, CFG, WAD}
    )
    (tmp_path / "here").rename(tmp_path / "there")
    with pytest.raises(ConfigError, match=r"resume with CLAU_DOOM_SCENARIO_NAME set to the new path of the .cfg"):
        stored.scenario()
    assert same_files(stored.scenario(name=str(tmp_path / "there" / "s.cfg")), stored.then)


def test_custom_game_file_is_digested_and_sent(tmp_path: Path) -> None:
    """A changed game file of the same name is detected, and remote workers are sent all three files."""
    stored = Stored(tmp_path, "doom_game_path = game.wad")
    policy = RulesPolicyConfig()
    before = collect_facts(stored.before, policy, make_policy(policy, stored.before.facts))
    roles = [announced.role for announced, _ in announced_files(stored.before)]
    assert roles == [pb.ScenarioFile.ROLE_CFG, pb.ScenarioFile.ROLE_WAD, pb.ScenarioFile.ROLE_GAME]
    (tmp_path / "here" / "game.wad").write_bytes(wad([("MAP02", b"")], magic=b"IWAD"))
    swapped = stored.scenario()
    assert not same_files(swapped, stored.then)
    difference = before.first_difference(collect_facts(swapped, policy, make_policy(policy, swapped.facts)))
    assert difference is not None
    assert difference[0] == "scenario.game"


def test_file_change_during_planning_is_refused(tmp_path: Path) -> None:
    """The copied bytes are the digested bytes."""
    stored = Stored(tmp_path)
    stored.cfg.write_text("available_buttons = { USE }\n")
    with pytest.raises(ConfigError, match=r"s\.cfg has changed during the start of the experiment"):
        copy_inputs(GENES, stored.before)


def test_scenarios_of_the_package_are_not_copied(tmp_path: Path) -> None:
    """ViZDoom's own files belong to its version, which the provenance records."""
    scenario = resolve(ScenarioConfig(name="basic"))
    assert list(copy_inputs(GENES, scenario)) == [GENES_FILE]
    assert placed_scenario(ScenarioConfig(name="basic"), scenario) == (ScenarioConfig(name="basic"), None)
    gone = Provenance(facts=(("scenario.cfg", "0"), ("scenario.wad", "0")))
    assert stored_scenario(ScenarioConfig(name="basic"), gone, StoredInputs(tmp_path), replaying=True) == scenario
    assert Path(vzd.scenarios_path) in scenario.cfg.parents
