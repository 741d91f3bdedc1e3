"""ViZDoom's .cfg files: the options of a file and their interpretation by ViZDoom."""

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import vizdoom as vzd

from clau_doom.errors import ConfigError
from clau_doom.regular_files import open_regular

__all__ = ["CfgFile", "package"]

_LARGEST = 1 << 20
"""Maximum bytes of a .cfg file."""
_SKILLS = range(1, 6)
_SEVERAL_PLAYERS = frozenset({"-host", "-join", "-deathmatch", "+deathmatch", "+altdeath", "-altdeath"})
_REFUSED_KEYS = {
    "doom_config_path": "write its settings as '+NAME VALUE' into game_args",
    "vizdoom_path": "omit it; the engine of the installed ViZDoom is used",
}
# Arguments (-NAME) and console commands (+NAME) of the engine that read or write a file, or choose another game.
_REFUSED_ARGUMENTS = (
    *("file", "iwad", "deh", "bex", "config", "exec", "optfile", "xlat", "loadgame", "load", "savedir", "save"),
    *("record", "recordmap", "playdemo", "timedemo", "pullin", "logfile", "bots", "shotdir", "cdrom"),
    *("map", "changemap", "warp", "skill", "alias", "bind", "viz_instance_id", "viz_controlled"),
)
_ARGUMENT = re.compile(rf"[-+]({'|'.join(_REFUSED_ARGUMENTS)})|@.+", re.IGNORECASE)
_NEXT_COMMAND, _BETWEEN = re.compile(r";\s*"), re.compile(r"[\s\"']+")
_OPTIONS = ("doom_scenario_path", "doom_game_path", "doom_config_path", "doom_map", "doom_skill", "vizdoom_path")
_CAPTURING = threading.Lock()
"""Held while the standard streams are redirected, because two threads would restore each other's file."""
_LONG_NAMES = {name.replace("_", ""): name for name in _OPTIONS}


class CfgFile:
    """ViZDoom .cfg file.

    Args:
        path: Absolute path of the file.

    Attributes:
        path: The file.
        game: Game with the settings of the file, not started.

    Raises:
        ConfigError: ViZDoom cannot read the file, or the file has an option that is refused.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._options = _options(path)
        self.game = _load(path)
        self._check()

    @property
    def bundled(self) -> bool:
        """Whether the file belongs to ViZDoom's package."""
        folder = Path(vzd.scenarios_path)
        return self.path.parent in {folder, folder.resolve()}

    @property
    def map(self) -> str | None:
        """Map named by the file, in upper case, or None."""
        named = self._options.get("doom_map")
        return named.upper() if named else None

    @property
    def skill(self) -> int:
        """Skill, 1 (easiest) to 5.

        Raises:
            ConfigError: The skill is out of range.
        """
        text = self._options.get("doom_skill")
        if text is not None and int(text) not in _SKILLS:
            raise ConfigError(f"{self.path} has doom_skill = {text}: use 1 (easiest) to 5")
        skill: int = self.game.get_doom_skill()
        return skill

    def file(self, key: str) -> Path | None:
        """Return the absolute path of the file in an option, or None if the option is not set.

        Args:
            key: ``doom_scenario_path`` or ``doom_game_path``. A relative path is relative to the folder of the .cfg.

        Raises:
            ConfigError: The file does not exist. Files of ViZDoom's package are not used in place of it.
        """
        named = self._options.get(key)
        if named is None:
            return None
        path = self.path.parent / named
        places = [path, package() / named] if self.bundled else [path]
        for place in places:
            if place.is_file():
                return place.resolve()
        same = [place for place in (Path(vzd.scenarios_path) / path.name, package() / path.name) if place.is_file()]
        remedy = f"; to use the file of ViZDoom, write {key} = {same[0].resolve()}" if same else ""
        raise ConfigError(f"{self.path} names a {key} that does not exist: {path}{remedy}")

    def _check(self) -> None:
        for key, remedy in _REFUSED_KEYS.items():
            if key in self._options:
                raise ConfigError(f"{self.path} sets {key}, which is not supported: {remedy}")
        arguments: str = self.game.get_game_args()
        for word in _BETWEEN.split(_NEXT_COMMAND.sub(" +", arguments)):
            if word.lower() in _SEVERAL_PLAYERS:
                raise ConfigError(
                    f"{self.path} is a multiplayer scenario ({word} in game_args): use a single-player scenario"
                )
            if _ARGUMENT.fullmatch(word):
                raise ConfigError(
                    f"{self.path} has {word} in game_args, which is not supported: put resources into the file of "
                    "doom_scenario_path, write settings as '+NAME VALUE', and use doom_map and doom_skill"
                )


def package() -> Path:
    """Return the folder of ViZDoom's package."""
    return Path(vzd.scenarios_path).parent


def _options(path: Path) -> dict[str, str]:
    """Return the options with one value as read by ViZDoom, which makes absolute paths relative to the file."""
    try:
        with open_regular(path) as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST:
        raise ConfigError(f"{path} has more than {_LARGEST} bytes and is not a .cfg of ViZDoom")
    options = {}
    for line in os.fsdecode(content).split("\n"):
        key, sign, value = line.partition("=")
        if sign and not key.lstrip().startswith("#") and not key.endswith("+"):
            name = key.strip().lower()
            options[_LONG_NAMES.get(name, name)] = " ".join(value.split())
    return options


def _load(path: Path) -> vzd.DoomGame:
    game = vzd.DoomGame()
    with _captured_output() as output:
        try:
            sound = game.load_config(str(path))
        except Exception as error:
            raise ConfigError(f"ViZDoom cannot read {path}: {error}") from error
    if not sound:
        complaint = output[0].replace("WARNING! ", "").replace(f'Loading config from: "{path}". ', "")
        raise ConfigError(f"{path} is not a valid ViZDoom configuration: {' '.join(complaint.split())}")
    return game


@contextmanager
def _captured_output() -> Iterator[list[str]]:
    """Capture output of C++ code on the standard streams; the list contains it afterwards."""
    text: list[str] = []
    with _CAPTURING, tempfile.TemporaryFile() as file:
        saved = {number: os.dup(number) for number in (1, 2)}
        try:
            for number in saved:
                os.dup2(file.fileno(), number)
            yield text
        finally:
            for number, copy in saved.items():
                os.dup2(copy, number)
                os.close(copy)
            file.seek(0)
            text.append(file.read().decode(errors="replace"))
