"""Tests of the scenario catalogue and of scenario lookup."""

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import vizdoom as vzd

from clau_doom.config import ScenarioConfig
from clau_doom.errors import ConfigError
from clau_doom.game import EXCLUDED, SCENARIOS, resolve
from clau_doom.game.scenarios import CANONICAL_VARIABLES
from tests.unit.game.wad_building import udmf_things, wad

CASES = Path(__file__).parents[2] / "cases"
BUNDLED = Path(vzd.scenarios_path)


def own(folder: Path, *lines: str, copy: str | None = "basic.wad") -> ScenarioConfig:
    """Write a user's .cfg with a copy of a bundled .wad, and return a configuration that names it."""
    folder.mkdir(exist_ok=True)
    if copy is not None:
        shutil.copy(BUNDLED / "basic.wad", folder / copy)
        lines = (f"doom_scenario_path = {copy}", *lines)
    cfg = folder / "my own.cfg"
    cfg.write_text("\n".join((*lines, "")))
    return ScenarioConfig(name=str(cfg))


def test_catalogue_is_complete() -> None:
    """Every .cfg of the wheel is either in the catalogue or left out with a reason."""
    assert sorted([*SCENARIOS, *EXCLUDED]) == sorted(Path(name).stem for name in vzd.configs)
    assert not set(SCENARIOS) & set(EXCLUDED)


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_every_bundled_scenario_resolves(name: str) -> None:
    """A scenario has buttons, a map, existing files and a timeout. The canonical variables come first."""
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


def test_defend_the_center_equals_vizdooms_file() -> None:
    """Buttons, variables, skill, timeout and rewards are equal."""
    scenario = resolve(ScenarioConfig(name="defend_the_center"))
    assert scenario.facts.buttons == ("TURN_LEFT", "TURN_RIGHT", "ATTACK")
    assert scenario.facts.variables == (*CANONICAL_VARIABLES, "AMMO2")
    assert (scenario.facts.doom_skill, scenario.facts.timeout, scenario.facts.frame_skip) == (3, 2100, 4)
    assert scenario.facts.resolution == (160, 120)
    assert scenario.rewards == (("death_reward", -1.0),)


def test_configuration_overrides_the_cfg() -> None:
    """The configuration sets skill, timeout, frame skip and resolution."""
    config = ScenarioConfig(name="basic", doom_skill=1, timeout=77, frame_skip=2, resolution="640x480")
    facts = resolve(config).facts
    assert (facts.doom_skill, facts.timeout, facts.frame_skip, facts.resolution) == (1, 77, 2, (640, 480))


def test_default_timeout_is_2100_tics() -> None:
    assert resolve(ScenarioConfig(name="take_cover")).facts.timeout == 2100
    assert resolve(ScenarioConfig(name="basic")).facts.timeout == 300


def test_first_map_is_the_default_for_another_game() -> None:
    """A game without ViZDoom's default map uses its first map, because the engine would hang otherwise."""
    assert resolve(ScenarioConfig(name="freedoom1")).map == "e1m1"
    assert resolve(ScenarioConfig(name="freedoom2")).map == "map01"


def test_custom_cfg_is_resolved(tmp_path: Path) -> None:
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


def test_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is relative to the working folder."""
    config = own(tmp_path, "available_buttons = { ATTACK }")
    monkeypatch.chdir(tmp_path)
    assert resolve(ScenarioConfig(name="my own.cfg")).facts.name == config.name


def test_absolute_wad_path_is_kept(tmp_path: Path) -> None:
    """ViZDoom reads it as relative."""
    config = own(tmp_path, f"doom_scenario_path = {BUNDLED}/basic.wad", "available_buttons = { ATTACK }", copy=None)
    assert resolve(config).wad == (BUNDLED / "basic.wad").resolve()


@pytest.mark.parametrize("mode", ["ASYNC_PLAYER", "SPECTATOR", "ASYNC_SPECTATOR"])
def test_cfg_for_another_mode_is_accepted(tmp_path: Path, mode: str) -> None:
    """The engine plays it synchronously."""
    assert resolve(own(tmp_path, f"mode = {mode}", "available_buttons = { ATTACK }")).facts.buttons == ("ATTACK",)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("defend_the_centre", "did you mean 'defend_the_center'.*path of its .cfg"),
        ("healthgathering", "did you mean 'health_gathering'"),
        ("?", "did you mean"),
        ("cig", "is not supported: it is a multiplayer deathmatch"),
        ("doom2", "commercial doom2.wad"),
        ("nowhere/mine.cfg", "does not exist"),
        ("mine.cfg", "does not exist"),
        (str(BUNDLED / "multi_duel.cfg"), "is not supported: it is a duel"),
        (str(BUNDLED), "does not exist"),
    ],
)
def test_unknown_scenario_has_a_remedy(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve(ScenarioConfig(name=name))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("nonsense",), "not a valid ViZDoom configuration.*line #2"),
        (("bogus_key = 3", "available_buttons = { ATTACK }"), "Unsupported key: bogus_key"),
        (("available_buttons = { FIRE_AT_WILL }",), "not a valid ViZDoom configuration"),
        (("living_reward = 1",), "no available_buttons"),
        (("available_buttons = { ATTACK }", "game_args += -host 2"), r"multiplayer scenario \(-host in game_args"),
        (("available_buttons = { ATTACK }", "doom_scenario_path = gone.wad"), "doom_scenario_path that does not exist"),
        (("available_buttons = { ATTACK }", "doom_game_path = doom2.wad"), "doom_game_path that does not exist"),
        (
            ("available_buttons = { ATTACK }", "doom_map = map99"),
            "the map MAP99, which .* does not contain.* MAP01$",
        ),
        (("available_buttons = { ATTACK }", "doom_scenario_path = my own.cfg"), "is not a .wad or .pk3 file"),
    ],
)
def test_unplayable_cfg_is_refused(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    """The error has the reason."""
    with pytest.raises(ConfigError, match=message):
        resolve(own(tmp_path, *lines))


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (
            "scn_map07_nomap",
            r"sets no doom_map, which selects MAP01, which .*arena\.wad does not contain.*one of MAP07$",
        ),
        ("scn_named_map", r"sets no doom_map, which selects MAP01, .*one of TESTMAP$"),
        ("scn_map02_missing", r"selects the map MAP02, which .*basic\.wad does not contain.*one of MAP01$"),
        (
            "scn_forgot_wad",
            r"that does not exist: .*scn_forgot_wad/basic\.wad; to use the file of ViZDoom",
        ),
    ],
)
def test_missing_map_or_file_is_not_replaced(case: str, message: str) -> None:
    """The game's own map or a bundled file is not used."""
    with pytest.raises(ConfigError, match=message):
        resolve(ScenarioConfig(name=str(CASES / case / "s.cfg")))


def test_map_may_have_any_name() -> None:
    assert resolve(ScenarioConfig(name=str(CASES / "scn_named_map2" / "s.cfg"))).map == "testmap"


@pytest.mark.parametrize("name", ["cig", "multi_duel"])
def test_copied_multiplayer_scenario_is_refused(tmp_path: Path, name: str) -> None:
    """The map has no start for player 1."""
    shutil.copy(BUNDLED / f"{name}.wad", tmp_path)
    text = (BUNDLED / f"{name}.cfg").read_text()
    (tmp_path / "copy.cfg").write_text("\n".join(line for line in text.splitlines() if "game_args" not in line))
    with pytest.raises(ConfigError, match=r"MAP01 of .* has no start for player 1, so it is a multiplayer map"):
        resolve(ScenarioConfig(name=str(tmp_path / "copy.cfg")))


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("game_args += -file extra.wad", "-file in game_args"),
        ("game_args += -FILE /tmp/extra.wad", "-FILE in game_args"),
        ("game_args += +exec settings.cfg", r"\+exec in game_args"),
        ('game_args += "+sv_cheats 1; exec settings.cfg"', r"\+exec in game_args"),
        ("game_args += +alias x", r"\+alias in game_args"),
        ("game_args += @more.txt", "@more.txt in game_args"),
        ("game_args += -iwad doom.wad", "-iwad in game_args"),
        ("game_args += +map map02", r"\+map in game_args"),
        ("doom_config_path = my.ini", "sets doom_config_path"),
        ("doomconfigpath = my.ini", "sets doom_config_path"),
        ("vizdoom_path = my/vizdoom", "sets vizdoom_path"),
    ],
)
def test_options_outside_provenance_are_refused(tmp_path: Path, line: str, named: str) -> None:
    """An option that names a file outside of provenance, or another game, is refused by its name."""
    with pytest.raises(ConfigError, match=f"{named}, which is not supported: "):
        resolve(own(tmp_path, line, "available_buttons = { ATTACK }"))


def test_settings_in_game_args_are_accepted(tmp_path: Path) -> None:
    config = own(tmp_path, "game_args += +sv_noautoaim 1 +name file -nomonsters", "available_buttons = { ATTACK }")
    assert resolve(config).map == "map01"


@pytest.mark.parametrize("skill", [0, 6, 4294967295])
def test_skill_out_of_range_is_refused(tmp_path: Path, skill: int) -> None:
    """ViZDoom would clamp it. The configuration may set another skill."""
    config = own(tmp_path, f"doom_skill = {skill}", "available_buttons = { ATTACK }")
    with pytest.raises(ConfigError, match=f"has doom_skill = {skill}: use 1 .easiest. to 5"):
        resolve(config)
    assert resolve(config.model_copy(update={"doom_skill": 2})).facts.doom_skill == 2


def test_custom_game_file_is_digested(tmp_path: Path) -> None:
    """The digest of a user's game file is kept. ViZDoom's files belong to its version."""
    config = own(tmp_path, "doom_game_path = mine.wad", "available_buttons = { ATTACK }")
    (tmp_path / "mine.wad").write_bytes(wad([("MAP01", b""), ("TEXTMAP", udmf_things(1))], magic=b"IWAD"))
    scenario = resolve(config)
    assert scenario.game == tmp_path / "mine.wad"
    assert scenario.game_sha256 == hashlib.sha256(scenario.game.read_bytes()).hexdigest()
    assert resolve(own(tmp_path, "available_buttons = { ATTACK }")).game_sha256 is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("~nosuchuser/x.cfg", r"^scenario file '~nosuchuser/x.cfg': '~nosuchuser' is not a user of this machine$"),
        ("d/" * 2500 + "x.cfg", r"\(5,005 characters\)' cannot be resolved: File name too long$"),
        ("x" * 5000 + ".cfg", r"cannot be resolved: File name too long$"),
        ("a\0b.cfg", "does not exist"),
        ("nowhere\x1b[2J/x.cfg", "does not exist"),
    ],
)
def test_unusable_path_is_one_short_line(name: str, message: str) -> None:
    """A path that the system cannot look up is an error of one short line without control characters."""
    with pytest.raises(ConfigError, match=message) as raised:
        resolve(ScenarioConfig(name=name))
    assert raised.value.__cause__ is None
    assert len(str(raised.value)) < 600
    assert str(raised.value).isprintable()


def test_folder_or_oversized_file_is_refused(tmp_path: Path) -> None:
    """A folder or a file that is too large in place of a .cfg is an error that names it."""
    (tmp_path / "folder.cfg").mkdir()
    (tmp_path / "large.cfg").write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ConfigError, match=r"folder\.cfg' does not exist"):
        resolve(ScenarioConfig(name=str(tmp_path / "folder.cfg")))
    with pytest.raises(ConfigError, match=r"large\.cfg has more than 1048576 bytes"):
        resolve(ScenarioConfig(name=str(tmp_path / "large.cfg")))
    with pytest.raises(ConfigError, match=r"own\.cfg': its file '.* cannot be read: File name too long"):
        resolve(own(tmp_path, f"doom_scenario_path = {'x' * 300}", "available_buttons = { ATTACK }", copy=None))


def test_resolving_does_not_print_or_write_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """This holds even where ViZDoom warns."""
    monkeypatch.chdir(tmp_path)
    config = own(tmp_path / "mine", "nonsense")
    with pytest.raises(ConfigError):
        resolve(config)
    resolve(ScenarioConfig(name="basic"))
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_concurrent_resolving_keeps_the_standard_streams() -> None:
    """A server resolves scenarios in several threads."""

    def streams() -> list[tuple[int, int]]:
        return [(found.st_dev, found.st_ino) for found in map(os.fstat, (1, 2))]

    before = streams()
    with ThreadPoolExecutor(4) as threads:
        assert len([*threads.map(resolve, [ScenarioConfig(name="basic")] * 160)]) == 160
    assert streams() == before
