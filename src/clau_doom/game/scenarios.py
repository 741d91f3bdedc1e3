"""Catalogue of scenarios and their properties, read by ViZDoom without starting an engine."""

import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path

import vizdoom as vzd

from clau_doom.config import ScenarioConfig
from clau_doom.errors import ConfigError
from clau_doom.escaping import quoted
from clau_doom.game.cfg_file import CfgFile, package
from clau_doom.game.wad_maps import read_maps
from clau_doom.ports import ScenarioFacts
from clau_doom.regular_files import open_regular

__all__ = [
    "CANONICAL_VARIABLES",
    "EXCLUDED",
    "SCENARIOS",
    "BundledScenario",
    "Scenario",
    "ScenarioFiles",
    "own_files",
    "resolve",
    "scenario_facts",
]

CANONICAL_VARIABLES = (
    "KILLCOUNT",
    "HEALTH",
    "ARMOR",
    "HITCOUNT",
    "HITS_TAKEN",
    "DAMAGECOUNT",
    "DAMAGE_TAKEN",
    "ITEMCOUNT",
    "DEAD",
    "SELECTED_WEAPON",
    "SELECTED_WEAPON_AMMO",
    "ATTACK_READY",
    "POSITION_X",
    "POSITION_Y",
    "POSITION_Z",
    "ANGLE",
    "VELOCITY_X",
    "VELOCITY_Y",
)
"""First variables of each observation; those of the scenario's .cfg follow."""

# Accumulates over all episodes of an engine, so that observations would depend on earlier episodes.
_CARRIED_OVER = frozenset({"DEATHCOUNT"})
_DEFAULT_TIMEOUT = 2100
_DEFAULT_MAP = "MAP01"
_REWARDS = (
    "living_reward",
    "kill_reward",
    "death_reward",
    "hit_reward",
    "hit_taken_reward",
    "damage_made_reward",
    "damage_taken_reward",
    "health_reward",
    "armor_reward",
    "item_reward",
    "secret_reward",
    "frag_reward",
    "map_exit_reward",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BundledScenario:
    """Scenario of ViZDoom's wheel.

    Attributes:
        name: Name of the .cfg without its suffix.
        description: Task and rewards in one line.
    """

    name: str
    description: str


def _bundled(**descriptions: str) -> dict[str, BundledScenario]:
    return {name: BundledScenario(name=name, description=text) for name, text in descriptions.items()}


SCENARIOS = _bundled(
    basic="Shoot one monster across a room: +106 for the kill, -5 a shot, -1 a tic.",
    basic_audio="basic with a monster that is audible before it is visible; sound is off: rewards as basic.",
    basic_notifications="Three monsters; messages of the engine name one of them, but are not shown.",
    deadly_corridor="Run a corridor lined with gunmen to the armour at its end: reward for nearing it, -100 for death.",
    deathmatch="An arena of monsters, weapons and power-ups for one player: rewards by the monster killed.",
    defend_the_center="Turn and shoot at monsters that close in on a round arena's middle: +1 a kill, -1 for death.",
    defend_the_line="Turn and shoot at monsters that fire from the far wall and return: +1 a kill, -1 for death.",
    freedoom1="Freedoom phase 1, first map: +1 for leaving by the exit.",
    freedoom2="Freedoom phase 2, first map: +1 for leaving by the exit.",
    health_gathering="Find medikits on a floor that burns: +1 a tic alive, -100 for death.",
    health_gathering_supreme="health_gathering in a maze, with poison among the medikits: +1 a tic, -100 for death.",
    learning="basic as in ViZDoom's learning examples, at skill 3: +106 for the kill, -5 a shot, -1 a tic.",
    my_way_home="Find the armour in a maze of rooms, from a random place: +1 when found, -0.0001 a tic.",
    oblige="Settings for generated maps; the default is the first map of Freedoom 2, without rewards.",
    predict_position="Hit a moving monster with a slow rocket: +1 for the kill, -0.001 a tic.",
    rocket_basic="basic with a rocket launcher and no aiming help: reward for the kill, -1 a tic.",
    simpler_basic="basic with simpler textures: +106 for the kill, -5 a shot, -1 a tic.",
    take_cover="Dodge fireballs while more and more monsters appear: +1 a tic alive.",
)
"""All single-player scenarios of the wheel by name."""

EXCLUDED = {
    "cig": "it is a multiplayer deathmatch",
    "doom": "it needs the commercial doom.wad, which ViZDoom does not bundle",
    "doom2": "it needs the commercial doom2.wad, which ViZDoom does not bundle",
    "multi": "it is a multiplayer deathmatch",
    "multi_duel": "it is a duel of two players",
}
"""Other .cfg files of the wheel, with the reason for their exclusion."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """Resolved scenario.

    Attributes:
        cfg: Absolute path of the .cfg file.
        wad: Absolute path of the .wad with the scenario's maps, or None if the game's own maps are played.
        game: Absolute path of the .wad with the game's resources.
        map: Map to play.
        facts: Buttons, variables and limits of the scenario.
        rewards: ViZDoom's reward settings that are not 0, as (name, value); scripts in the .wad may give more.
        cfg_sha256: Digest of the .cfg.
        wad_sha256: Digest of `wad`, or of `game` if `wad` is None.
        game_sha256: Digest of `game`, or None if it is ViZDoom's default or covered by `wad_sha256`.
    """

    cfg: Path
    wad: Path | None
    game: Path
    map: str
    facts: ScenarioFacts
    rewards: tuple[tuple[str, float], ...]
    cfg_sha256: str
    wad_sha256: str
    game_sha256: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioFiles:
    """Paths of files that were copied from another machine.

    Attributes:
        wad: The .wad with the scenario's maps, or None for the game's own maps.
        game: The .wad with the game's resources, or None for ViZDoom's default.
    """

    wad: Path | None = None
    game: Path | None = None


def resolve(config: ScenarioConfig, files: ScenarioFiles | None = None) -> Scenario:
    """Resolve the scenario of a configuration.

    Args:
        config: Name of a bundled scenario, or path of a .cfg file (relative to the working folder), with overrides.
        files: Files with other paths than in the .cfg.

    Raises:
        ConfigError: The scenario or a file does not exist, cannot be read, or is not for a single player.
    """
    try:
        return _resolved(config, files)
    except OSError as error:
        named = "one of its files" if error.filename is None else f"its file {quoted(str(error.filename))}"
        raise ConfigError(f"scenario {quoted(config.name)}: {named} cannot be read: {error.strerror}") from None


def _resolved(config: ScenarioConfig, files: ScenarioFiles | None) -> Scenario:
    cfg = CfgFile(_locate(config.name))
    game = cfg.game
    buttons = tuple(button.name for button in game.get_available_buttons())
    if not buttons:
        raise ConfigError(f"{cfg.path} has no available_buttons: list at least one button")
    own = (variable.name for variable in game.get_available_game_variables())
    extra = (name for name in own if name not in CANONICAL_VARIABLES and name not in _CARRIED_OVER)
    if files is None:
        wad, resources = cfg.file("doom_scenario_path"), cfg.file("doom_game_path") or _default_game()
    else:
        wad, resources = files.wad, files.game or _default_game()
    width, height = config.resolution.split("x")
    return Scenario(
        cfg=cfg.path,
        wad=wad,
        game=resources,
        map=_map(cfg, wad, resources),
        facts=ScenarioFacts(
            name=config.name if config.name in SCENARIOS else str(cfg.path),
            buttons=buttons,
            variables=(*CANONICAL_VARIABLES, *extra),
            frame_skip=config.frame_skip,
            timeout=config.timeout or game.get_episode_timeout() or _DEFAULT_TIMEOUT,
            resolution=(int(width), int(height)),
            doom_skill=config.doom_skill or cfg.skill,
        ),
        rewards=tuple((name, value) for name in _REWARDS if (value := getattr(game, f"get_{name}")())),
        cfg_sha256=_sha256(cfg.path),
        wad_sha256=_sha256(wad or resources),
        game_sha256=_sha256(resources) if wad and resources != _default_game() else None,
    )


def scenario_facts(scenario: Scenario) -> dict[str, str]:
    """Return the digests for the provenance by name."""
    game = {"scenario.game": scenario.game_sha256} if scenario.game_sha256 else {}
    return {"scenario.cfg": scenario.cfg_sha256, "scenario.wad": scenario.wad_sha256, **game}


def own_files(scenario: Scenario) -> ScenarioFiles | None:
    """Return the files that another machine needs in addition to the .cfg, or None for a bundled scenario."""
    if scenario.facts.name in SCENARIOS:
        return None
    return ScenarioFiles(wad=scenario.wad, game=None if scenario.game == _default_game() else scenario.game)


def _default_game() -> Path:
    return (package() / "freedoom2.wad").resolve()


def _locate(name: str) -> Path:
    if name in SCENARIOS:
        return Path(vzd.scenarios_path) / f"{name}.cfg"
    if name in EXCLUDED:
        raise ConfigError(f"scenario {name!r} is not supported: {EXCLUDED[name]}")
    try:
        path = Path(name).expanduser()
        found = path.is_file()
    except OSError as error:
        raise ConfigError(f"scenario file {quoted(name)} cannot be resolved: {error.strerror}") from None
    except RuntimeError:
        user = name.partition("/")[0]
        raise ConfigError(f"scenario file {quoted(name)}: {quoted(user)} is not a user of this machine") from None
    if path.suffix.lower() != ".cfg" and path.name == name:
        near = difflib.get_close_matches(name, SCENARIOS, n=1, cutoff=0.0)[0]
        raise ConfigError(
            f"unknown scenario {quoted(name)}: did you mean {near!r}? For your own scenario, use the path of its .cfg"
        )
    if not found:
        raise ConfigError(f"scenario file {quoted(name)} does not exist (looked for {quoted(str(path.absolute()))})")
    path = path.resolve()
    if path.parent == Path(vzd.scenarios_path).resolve() and path.stem in EXCLUDED:
        raise ConfigError(f"scenario {name!r} is not supported: {EXCLUDED[path.stem]}")
    return path


def _map(cfg: CfgFile, wad: Path | None, resources: Path) -> str:
    """Return the map to play, in lower case.

    The engine replaces a map that is missing in the scenario's file by the game's map. It hangs if both are missing.
    """
    file = read_maps(wad or resources)
    named = cfg.map or _DEFAULT_MAP
    if cfg.map is None and wad is None and named not in file.maps and file.maps:
        named = file.maps[0]  # games of the first Doom begin with E1M1
    if named not in file.maps:
        selection = "selects the map" if cfg.map else "sets no doom_map, which selects"
        raise ConfigError(
            f"{cfg.path} {selection} {named}, which {file.path} does not contain; set doom_map to one of "
            f"{', '.join(file.maps) or 'its maps (it has no maps)'}"
        )
    if not file.has_player_start(named):
        raise ConfigError(
            f"{named} of {file.path} has no start for player 1, so it is a multiplayer map: choose a single-player map"
        )
    return named.lower()


def _sha256(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
