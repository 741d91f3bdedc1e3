"""Builder of small .wad files for tests."""

import struct
from collections.abc import Sequence
from pathlib import Path

__all__ = ["doom_thing", "own_scenario", "udmf_things", "wad"]


def wad(lumps: Sequence[tuple[str, bytes]], *, magic: bytes = b"PWAD") -> bytes:
    """Return a .wad of lumps, each a name and its bytes."""
    data, entries = b"", b""
    for name, content in lumps:
        entries += struct.pack("<ii8s", 12 + len(data), len(content), name.encode())
        data += content
    return struct.pack("<4sii", magic, len(lumps), 12 + len(data)) + data + entries


def udmf_things(*types: int) -> bytes:
    """Return a TEXTMAP lump with one thing of each type."""
    return "".join(f"thing // one\n{{ x = 1.0; type = {kind}; }}\n" for kind in types).encode()


def doom_thing(kind: int) -> bytes:
    """Return one thing of a THINGS lump in the format of Doom."""
    return struct.pack("<hhHHH", 0, 0, 90, kind, 7)


def own_scenario(folder: Path, lumps: Sequence[tuple[str, bytes]], *lines: str) -> str:
    """Write a .wad of lumps and a .cfg with more lines, and return the path of the .cfg."""
    (folder / "a.wad").write_bytes(wad(lumps))
    lines = ("doom_scenario_path = a.wad", "available_buttons = { ATTACK }", *lines, "")
    (folder / "s.cfg").write_text("\n".join(lines))
    return str(folder / "s.cfg")
