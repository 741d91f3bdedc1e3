"""Maps of a .wad or .pk3 file and their starts of player 1, read without an engine.

A .wad is a header (magic, number of lumps, position of the directory), lumps, and a directory with one entry of 16
bytes for each lump. A .pk3 is a zip archive with one .wad for each map in its folder ``maps``.
"""

import lzma
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from clau_doom.errors import ConfigError
from clau_doom.regular_files import open_regular

__all__ = ["MapFile", "read_maps"]

_MAP = re.compile(r"E\dM\d|MAP\d\d")
_HEADER = struct.Struct("<4sii")
_ENTRY = struct.Struct("<ii8s")
_LARGEST_MAP = 1 << 26
"""Maximum bytes of a map in a .pk3."""
_PLAYER_1 = 1
"""Thing type of the start of player 1; deathmatch starts have type 11."""
# An unterminated text or comment extends to the end of the file, and a thing ends before the next one. The time is
# therefore linear in the length of the file.
_COMMENT_OR_TEXT = re.compile(r'"(?:\\.|[^"\\])*+"?|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_UDMF_THING = re.compile(r"\bthing\s*\{([^{}]*)\}", re.IGNORECASE)
_UDMF_TYPE = re.compile(r"\btype\s*=\s*(\d+)\s*;", re.IGNORECASE)
# Size of a thing in bytes, and position of its type: with scripts a map has the format of Hexen, else that of Doom.
_HEXEN, _DOOM = (20, 10), (10, 6)
_LUMPS_OF_MAP = 12
# Errors of `zipfile` and its decompressors for damaged archives and for unknown versions and methods.
_ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
)


class MapFile:
    """Maps of one .wad or .pk3 file.

    Attributes:
        path: Path of the file.
        maps: Names of the maps, in upper case and file order.
    """

    def __init__(self, path: Path, maps: "dict[str, _WadMap | str]") -> None:
        self.path = path
        self.maps = tuple(maps)
        self._maps = maps

    def has_player_start(self, name: str) -> bool:
        """Return whether a map has a start of player 1.

        Args:
            name: Name of the map, in upper case; one of `maps`.

        Raises:
            ConfigError: The .wad of the map inside a .pk3 is damaged.
        """
        found = self._maps[name]
        if isinstance(found, _WadMap):
            return found.has_player_start(self.path.read_bytes())
        content = _unpacked(self.path, found)
        inner = _wad_maps(content, f"{self.path} ({found})")
        return any(each.has_player_start(content) for each in list(inner.values())[:1])


def read_maps(path: Path) -> MapFile:
    """Return the maps of a .wad or .pk3 file.

    Raises:
        ConfigError: The file has another format or is damaged: its directory does not fit the file.
    """
    with open_regular(path) as file:
        magic = file.read(4)
    if magic in {b"IWAD", b"PWAD"}:
        return MapFile(path, dict(_wad_maps(path.read_bytes(), str(path))))
    if magic.startswith(b"PK"):
        return MapFile(path, dict(_zip_maps(path)))
    if magic == b"7z\xbc\xaf":
        raise ConfigError(f"{path} is a 7z archive, whose maps cannot be checked: repack it as a zip archive (.pk3)")
    raise ConfigError(f"{path} is not a .wad or .pk3 file: it begins with {magic!r}")


@dataclass(frozen=True, slots=True)
class _WadMap:
    """Lumps of one map with name, position and size in bytes."""

    lumps: tuple[tuple[str, int, int], ...]

    def has_player_start(self, content: bytes) -> bool:
        """Return whether one of the things is the start of player 1."""
        found = {name: content[begin : begin + size] for name, begin, size in reversed(self.lumps)}
        if "TEXTMAP" in found:
            text = _COMMENT_OR_TEXT.sub(" ", found["TEXTMAP"].decode("latin-1"))
            types = (kind.group(1) for thing in _UDMF_THING.findall(text) if (kind := _UDMF_TYPE.search(thing)))
            return str(_PLAYER_1) in types
        size, place = _HEXEN if "BEHAVIOR" in found else _DOOM
        things = found.get("THINGS", b"")
        kinds = (struct.unpack_from("<H", things, at + place)[0] for at in range(0, len(things) - size + 1, size))
        return _PLAYER_1 in kinds


def _wad_maps(content: bytes, name: str) -> dict[str, _WadMap]:
    """Return the maps of a .wad: lumps with the name of a map, or before THINGS (Doom) or TEXTMAP (UDMF)."""
    lumps = _directory(content, name)
    names = [lump[0] for lump in lumps]
    following = [*names, ""][1:]
    starts = [
        place
        for place, (named, after) in enumerate(zip(names, following, strict=True))
        if _MAP.fullmatch(named) or after in {"THINGS", "TEXTMAP"}
    ]
    ends = [*starts, len(lumps)][1:]
    return {
        names[start]: _WadMap(tuple(lumps[start + 1 : min(end, start + _LUMPS_OF_MAP)]))
        for start, end in zip(starts, ends, strict=True)
    }


def _directory(content: bytes, name: str) -> list[tuple[str, int, int]]:
    """Return name, position and size of each lump, checked against the file."""
    if len(content) < _HEADER.size:
        raise ConfigError(f"{name} is damaged: it has {len(content)} bytes, fewer than a .wad's header")
    _, count, place = _HEADER.unpack_from(content)
    end = place + count * _ENTRY.size
    if count < 0 or place < 0 or end > len(content):
        raise ConfigError(
            f"{name} is damaged: its header has {count} lumps listed from byte {place}, and the file has "
            f"{len(content)} bytes; copy or build it again"
        )
    lumps = []
    for begin, size, raw in _ENTRY.iter_unpack(content[place:end]):
        named = raw.partition(b"\0")[0].decode("latin-1").upper()
        if size < 0 or (size and not 0 <= begin <= len(content) - size):
            raise ConfigError(
                f"{name} is damaged: its lump {named!r} has {size} bytes from byte {begin}, and the file has "
                f"{len(content)} bytes; copy or build it again"
            )
        lumps.append((named, begin, size))
    return lumps


def _zip_maps(path: Path) -> dict[str, str]:
    """Return the archive member with the .wad of each map."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name: PurePosixPath(name) for name in archive.namelist()}
    except _ARCHIVE_ERRORS as error:
        raise ConfigError(f"{path} is damaged: {error}; copy or build it again") from error
    return {
        member.stem.upper(): name
        for name, member in members.items()
        if str(member.parent).lower() == "maps" and member.suffix.lower() == ".wad"
    }


def _unpacked(path: Path, member: str) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as packed:
            content = packed.read(_LARGEST_MAP + 1)
    except _ARCHIVE_ERRORS as error:
        raise ConfigError(f"{path} is damaged: {member}: {error}; copy or build it again") from error
    if len(content) > _LARGEST_MAP:
        raise ConfigError(f"{path} has a map of more than {_LARGEST_MAP} bytes: {member}")
    return content
