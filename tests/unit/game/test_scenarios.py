"""Tests of the catalogue and of resolving what a configuration names."""

import hashlib
import shutil
from pathlib import Path

import pytest
import vizdoom as vzd

from clau_doom.config import ScenarioConfig
from clau_doom.errors import ConfigError
from clau_doom.game import EXCLUDED, SCENARIOS, resolve
from clau_doom.game.scenarios import CANONICAL_VARIABLES

BUNDLED = Path(vzd.scenarios_path)


def own(folder: Path, *lines: str, wad: str | None = "basic.wad") -> ScenarioConfig:
    """Write a user's .cfg, with a copy of a bundled .wad beside it, and return the configuration that names it."""
    folder.mkdir(exist_ok=True)
    if wad is not None:
        shutil.copy(BUNDLED / "basic.wad", folder / wad)
        lines = (f"doom_scenario_path = {wad}", *lines)
    cfg = folder / "my own.cfg"
    cfg.write_text("\n".join((*lines, "")))
    return ScenarioConfig(name=str(cfg))


def test_catalogue_is_complete() -> None:
    """Every .cfg of the wheel is either in the catalogue or left out with a reason."""
    assert sorted([*SCENARIOS, *EXCLUDED]) == sorted(Path(name).stem for name in vzd.configs)
    assert not set(SCENARIOS) & set(EXCLUDED)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_bundled_scenario_resolves(name: str) -> None:
    """A bundled scenario has buttons, a map, files that exist, a timeout, and the canonical variables first."""
    scenario = resolve(ScenarioConfig(name=name))
    facts = scenario.facts
    assert facts.name == name
    assert facts.buttons
    assert facts.variables[: len(CANONICAL_VARIABLES)] == CANONICAL_VARIABLES
    assert len(set(facts.variables)) == len(facts.variables)
    assert "DEATHCOUNT" not in facts.variables
    assert facts.timeout > 0
    assert scenario.game.is_file()
    assert scenario.cfg_sha256 == hashlib.sha256(scenario.cfg.read_bytes()).hexdigest()
    assert scenario.wad_sha256 == hashlib.sha256((scenario.wad or scenario.game).read_bytes()).hexdigest()
    assert SCENARIOS[name].description


def test_defend_the_center() -> None:
    """What ViZDoom's own file says arrives: buttons, its own variables, skill, timeout, rewards."""
    scenario = resolve(ScenarioConfig(name="defend_the_center"))
    assert scenario.facts.buttons == ("TURN_LEFT", "TURN_RIGHT", "ATTACK")
    assert scenario.facts.variables == (*CANONICAL_VARIABLES, "AMMO2")
    assert (scenario.facts.doom_skill, scenario.facts.timeout, scenario.facts.frame_skip) == (3, 2100, 4)
    assert scenario.facts.resolution == (160, 120)
    assert scenario.rewards == (("death_reward", -1.0),)


def test_overrides() -> None:
    """The configuration's skill, timeout, frame skip and resolution win over the file's."""
    config = ScenarioConfig(name="basic", doom_skill=1, timeout=77, frame_skip=2, resolution="640x480")
    facts = resolve(config).facts
    assert (facts.doom_skill, facts.timeout, facts.frame_skip, facts.resolution) == (1, 77, 2, (640, 480))


def test_timeout_where_none_is_set() -> None:
    """A scenario without a timeout of its own ends after 2,100 tics."""
    assert resolve(ScenarioConfig(name="take_cover")).facts.timeout == 2100
    assert resolve(ScenarioConfig(name="basic")).facts.timeout == 300


def test_first_map_of_another_game() -> None:
    """A game without ViZDoom's default map plays its first: asked for the other, the engine would never answer."""
    assert resolve(ScenarioConfig(name="freedoom1")).map == "e1m1"
    assert resolve(ScenarioConfig(name="freedoom2")).map == "map01"


def test_own_cfg(tmp_path: Path) -> None:
    """A user's .cfg in another folder resolves to absolute paths, DEATHCOUNT dropped and other variables kept."""
    config = own(
        tmp_path / "a folder",
        "available_buttons = { ATTACK TURN_LEFT_RIGHT_DELTA }",
        "available_game_variables = { HEALTH DEATHCOUNT USER1 AMMO3 }",
        "kill_reward = 2.5",
    )
    scenario = resolve(config)
    assert scenario.facts.name == config.name
    assert scenario.wad == tmp_path / "a folder" / "basic.wad"
    assert scenario.facts.buttons == ("ATTACK", "TURN_LEFT_RIGHT_DELTA")
    assert scenario.facts.variables == (*CANONICAL_VARIABLES, "USER1", "AMMO3")
    assert scenario.rewards == (("kill_reward", 2.5),)


def test_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is relative to the working folder, and the scenario keeps the absolute one."""
    config = own(tmp_path, "available_buttons = { ATTACK }")
    monkeypatch.chdir(tmp_path)
    assert resolve(ScenarioConfig(name="my own.cfg")).facts.name == config.name


def test_absolute_wad(tmp_path: Path) -> None:
    """An absolute path in a .cfg is what it says, though ViZDoom reads it as relative."""
    config = own(tmp_path, f"doom_scenario_path = {BUNDLED}/basic.wad", "available_buttons = { ATTACK }", wad=None)
    assert resolve(config).wad == (BUNDLED / "basic.wad").resolve()


@pytest.mark.parametrize("mode", ["ASYNC_PLAYER", "SPECTATOR", "ASYNC_SPECTATOR"])
def test_other_modes_are_played_in_step(tmp_path: Path, mode: str) -> None:
    """A .cfg made for another mode is accepted: the engine plays it in step."""
    assert resolve(own(tmp_path, f"mode = {mode}", "available_buttons = { ATTACK }")).facts.buttons == ("ATTACK",)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("defend_the_centre", "did you mean 'defend_the_center'.*path of its .cfg"),
        ("healthgathering", "did you mean 'health_gathering'"),
        ("?", "did you mean"),
        ("cig", "left out: it is a multiplayer deathmatch"),
        ("doom2", "commercial doom2.wad"),
        ("nowhere/mine.cfg", "does not exist"),
        ("mine.cfg", "does not exist"),
        (str(BUNDLED / "multi_duel.cfg"), "left out: it is a duel"),
        (str(BUNDLED), "does not exist"),
    ],
)
def test_unknown_names(name: str, message: str) -> None:
    """A name or path that leads nowhere is an error that says what to do instead."""
    with pytest.raises(ConfigError, match=message):
        resolve(ScenarioConfig(name=name))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("nonsense",), "no valid ViZDoom configuration.*line #2"),
        (("bogus_key = 3", "available_buttons = { ATTACK }"), "Unsupported key: bogus_key"),
        (("available_buttons = { FIRE_AT_WILL }",), "no valid ViZDoom configuration"),
        (("living_reward = 1",), "no available_buttons"),
        (("available_buttons = { ATTACK }", "game_args += -host 2"), "multiplayer"),
        (("available_buttons = { ATTACK }", "doom_scenario_path = gone.wad"), "doom_scenario_path that does not exist"),
        (("available_buttons = { ATTACK }", "doom_game_path = doom2.wad"), "doom_game_path that does not exist"),
        (("available_buttons = { ATTACK }", "doom_map = map99"), "'map99', which its files do not hold.*MAP01"),
        (("available_buttons = { ATTACK }", "doom_scenario_path = my own.cfg"), "which is no .wad"),
    ],
)
def test_bad_files(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    """A .cfg that cannot be played is an error that says why."""
    with pytest.raises(ConfigError, match=message):
        resolve(own(tmp_path, *lines))


def test_resolving_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Resolving prints nothing, even where ViZDoom warns, and writes nothing into the working folder."""
    monkeypatch.chdir(tmp_path)
    config = own(tmp_path / "mine", "nonsense")
    with pytest.raises(ConfigError):
        resolve(config)
    resolve(ScenarioConfig(name="basic"))
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
