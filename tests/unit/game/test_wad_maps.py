"""Tests of maps and player starts in .wad and .pk3 files."""

import struct
import zipfile
from pathlib import Path

import pytest

from clau_doom.errors import ConfigError
from clau_doom.game.wad_maps import read_maps
from tests.unit.game.wad_building import doom_thing, udmf_things, wad

CASES = Path(__file__).parents[2] / "cases"


def written(folder: Path, content: bytes, name: str = "a.wad") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_maps_are_in_file_order(tmp_path: Path) -> None:
    """Maps are lumps with the name of a map, or with any name before a map's first lump."""
    content = wad(
        [
            ("DECORATE", b"x"),
            ("MAP02", b""),
            ("TEXTMAP", udmf_things(1)),
            ("ENDMAP", b""),
            ("arena", b""),
            ("THINGS", doom_thing(1)),
            ("E1M1", b""),
        ]
    )
    assert read_maps(written(tmp_path, content)).maps == ("MAP02", "ARENA", "E1M1")


@pytest.mark.parametrize("lumps", [[], [("DECORATE", b"x")]])
def test_file_without_maps_is_valid(tmp_path: Path, lumps: list[tuple[str, bytes]]) -> None:
    """A file with only resources, or with an empty directory, is valid."""
    assert read_maps(written(tmp_path, wad(lumps))).maps == ()


@pytest.mark.parametrize(
    ("lumps", "starts"),
    [
        ([("TEXTMAP", udmf_things(11, 1))], True),
        ([("TEXTMAP", udmf_things(11, 2, 3004))], False),
        ([("TEXTMAP", b'// thing { type = 1; }\nthing { comment = "} type = 1;"; type = 11; }')], False),
        ([("THINGS", doom_thing(11) + doom_thing(1))], True),
        ([("THINGS", doom_thing(11))], False),
        ([("THINGS", bytes(10) + struct.pack("<HBBBBBB", 1, 0, 0, 0, 0, 0, 0)), ("BEHAVIOR", b"ACS\0")], False),
        ([("THINGS", struct.pack("<hhhhhHH6s", 5, 0, 0, 0, 90, 1, 7, b"")), ("BEHAVIOR", b"ACS\0")], True),
        ([("THINGS", b"")], False),
    ],
)
def test_player_starts_of_all_map_formats(tmp_path: Path, lumps: list[tuple[str, bytes]], *, starts: bool) -> None:
    """The start of player 1 is a thing of type 1, in the formats UDMF, Doom and Hexen. Comments do not count."""
    found = read_maps(written(tmp_path, wad([("MAP01", b""), *lumps, ("MAP02", b""), ("THINGS", doom_thing(1))])))
    assert found.has_player_start("MAP01") is starts
    assert found.has_player_start("MAP02")


def test_maps_of_an_archive(tmp_path: Path) -> None:
    """The maps of a .pk3 are the .wad files of its folder maps."""
    path = tmp_path / "a.pk3"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("maps/arena.wad", wad([("MAP01", b""), ("TEXTMAP", udmf_things(1))]))
        archive.writestr("maps/duel.wad", wad([("MAP01", b""), ("TEXTMAP", udmf_things(11))]))
        archive.writestr("maps/broken.wad", b"PWAD\x05\0\0\0\xff\0\0\0")
        archive.writestr("textures/readme.txt", "no map")
    found = read_maps(path)
    assert found.maps == ("ARENA", "DUEL", "BROKEN")
    assert (found.has_player_start("ARENA"), found.has_player_start("DUEL")) == (True, False)
    with pytest.raises(ConfigError, match=r"a\.pk3 \(maps/broken\.wad\) is damaged"):
        found.has_player_start("BROKEN")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a .wad or .pk3 file: it begins with b''"),
        (b"\x7fELF" * 9, "not a .wad or .pk3 file"),
        (b"PWAD\x01\0", "6 bytes, fewer than a .wad's header"),
        (b"PK\x03\x04" + bytes(40), "is damaged"),
        (b"7z\xbc\xaf", "7z archive.*repack it as a zip archive"),
        (struct.pack("<4sii", b"PWAD", 1, 12) + struct.pack("<ii8s", 12, 500, b"MAP01"), "'MAP01' has 500 bytes"),
        (struct.pack("<4sii", b"PWAD", 1, 12) + struct.pack("<ii8s", 2, -5, b"MAP01"), "'MAP01' has -5 bytes"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """A file of another format, or with a directory that does not fit it, is an error that names the file."""
    with pytest.raises(ConfigError, match=message):
        read_maps(written(tmp_path, content))


@pytest.mark.parametrize("damage", ["version", "compression"])
def test_damaged_archives_are_refused(tmp_path: Path, damage: str) -> None:
    """An archive of an unknown version, or with a member that cannot be unpacked, is an error that names the file."""
    path = tmp_path / "a.pk3"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("maps/arena.wad", wad([("MAP01", b""), ("TEXTMAP", udmf_things(1))]))
    content = bytearray(path.read_bytes())
    if damage == "version":
        content[content.index(b"PK\1\2") + 6] = 99
    else:
        packed = content.index(b"arena.wad") + len("arena.wad") + 4
        content[packed : packed + 20] = bytes(byte ^ 0x5A for byte in content[packed : packed + 20])
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"a\.pk3 is damaged: "):
        read_maps(path).has_player_start("ARENA")


def test_member_with_a_leading_dot_is_found(tmp_path: Path) -> None:
    """Some programs write names that begin with `./`."""
    path = tmp_path / "a.pk3"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("./maps/arena.wad", wad([("MAP01", b""), ("TEXTMAP", udmf_things(1))]))
    assert read_maps(path).has_player_start("ARENA")


@pytest.mark.parametrize("text", [b"thing{", b'"\\', b"/*"])
def test_unfinished_text_map_is_read_in_linear_time(tmp_path: Path, text: bytes) -> None:
    """Quadratic time would be hours for this map."""
    found = read_maps(written(tmp_path, wad([("MAP01", b""), ("TEXTMAP", text * 200_000)])))
    assert not found.has_player_start("MAP01")


@pytest.mark.parametrize("case", ["scn_badheader", "scn_bigcount", "scn_truncated", "scn_truncated_dir"])
def test_damaged_sample_files_are_refused(case: str) -> None:
    """Damaged headers and directories are reported before an engine starts."""
    (path,) = (CASES / case).glob("*.wad")
    with pytest.raises(ConfigError, match=r"is damaged: its header has .* lumps listed from byte"):
        read_maps(path)
