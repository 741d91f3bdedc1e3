"""Tests of scenario files that an actor finds or writes on its node."""

import os
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest

from clau_doom.backends.ray.scenario_cache import store
from clau_doom.errors import InfrastructureFailed, InvalidMessage
from clau_doom.protos.claudoom.worker.v1 import worker_pb2 as pb

CFG, WAD = pb.ScenarioFile.ROLE_CFG, pb.ScenarioFile.ROLE_WAD


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the node's files in the test's folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def announced(role: pb.ScenarioFile.Role, data: bytes) -> pb.ScenarioFile:
    return pb.ScenarioFile(role=role, sha256=sha256(data).digest(), size=len(data))


def part(data: bytes) -> bytes:
    return pb.FilePart(data=data).SerializeToString()


def test_files_are_stored_by_hash_and_written_once() -> None:
    """An existing file is not changed."""
    paths = store([announced(CFG, b"cfg"), announced(WAD, b"wad")], [part(b"cfg"), part(b"wad")])
    assert {role: path.read_bytes() for role, path in paths.items()} == {CFG: b"cfg", WAD: b"wad"}
    assert all(path.parent.name == sha256(path.read_bytes()).hexdigest() for path in paths.values())
    before = paths[WAD].stat()
    assert store([announced(WAD, b"wad")], [part(b"wad")]) == {WAD: paths[WAD]}
    assert paths[WAD].stat().st_ino == before.st_ino


def test_changed_file_is_written_again() -> None:
    """The file's name contains its expected hash."""
    path = store([announced(WAD, b"wad")], [part(b"wad")])[WAD]
    path.write_bytes(b"another")
    assert store([announced(WAD, b"wad")], [part(b"wad")])[WAD].read_bytes() == b"wad"
    assert [each.name for each in path.parent.iterdir()] == ["scenario.wad"]


def test_file_with_a_wrong_hash_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="arrived with the SHA-256"):
        store([announced(WAD, b"wad")], [part(b"war")])


def test_folder_of_another_user_is_refused(own_folder: Path) -> None:
    """A link could lead to any folder."""
    (own_folder / "elsewhere").mkdir()
    (own_folder / f"clau-doom-files-{os.getuid()}").symlink_to(own_folder / "elsewhere")
    with pytest.raises(InfrastructureFailed, match="belongs to another user"):
        store([announced(WAD, b"wad")], [part(b"wad")])
