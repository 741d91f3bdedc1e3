"""The maps in a .wad, read from its directory alone."""

import re
import struct
from pathlib import Path

__all__ = ["is_archive", "maps"]

_MAP = re.compile(r"E\dM\d|MAP\d\d")
_HEADER = struct.Struct("<4sii")
_ENTRY = struct.Struct("<ii8s")


def is_archive(path: Path) -> bool:
    """Say whether the file is of the other kinds that the engine reads: a zip archive (.pk3) or a 7z one."""
    with path.open("rb") as file:
        return file.read(4) in {b"PK\x03\x04", b"7z\xbc\xaf"}


def maps(path: Path) -> tuple[str, ...] | None:
    """Return the names of the .wad's maps, in upper case and file order, or None when the file is no .wad.

    The format is id Software's: a header of magic, number of entries and place of the directory; entries of 16 bytes.
    A map is an entry of a map's name, or one that a map's first lump follows, THINGS (Doom) or TEXTMAP (UDMF).
    """
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        magic, entries, place = _HEADER.unpack(header)
        if magic not in {b"IWAD", b"PWAD"}:
            return None
        file.seek(place)
        directory = file.read(entries * _ENTRY.size)
    whole = len(directory) // _ENTRY.size * _ENTRY.size
    names = [entry[2].rstrip(b"\0").decode("latin-1").upper() for entry in _ENTRY.iter_unpack(directory[:whole])]
    following = [*names[1:], ""]
    return tuple(
        name
        for name, after in zip(names, following, strict=True)
        if _MAP.fullmatch(name) or after in {"THINGS", "TEXTMAP"}
    )
