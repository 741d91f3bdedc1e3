"""Relative paths of configurations: those of a file belong to its folder, all others to the working folder."""

from pathlib import Path

import pytest

from clau_doom.config import config_from_yaml, load_config, resolve_fields
from clau_doom.config.path_fields import PathKind, absolute_path
from clau_doom.config.schema_introspection import path_kinds

TEXT = """\
scenario: {name: maps/maze.cfg}
policy: {kind: remote, address: "unix:agent.sock"}
ray: {modules: [mine, ~/other, /srv/third]}
grpc: {socket: api.sock, token_file: ../token}
web: {certificate: tls/cert.pem, key: tls/key.pem}
server: {scenarios: [deathmatch, a.CFG], agents: ["localhost:1", "unix:agent.sock"]}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "configs").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("HOME", "/home/me")
    path = tmp_path / "configs" / "a.yaml"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("relative", [False, True])
def test_paths_of_a_file_belong_to_its_folder(file: Path, relative: bool) -> None:
    here = file.parent
    config = load_config(Path("../configs/a.yaml") if relative else file, environ={}, overrides={}).config
    assert config.scenario.name == f"{here}/maps/maze.cfg"
    assert getattr(config.policy, "address", None) == f"unix:{here}/agent.sock"
    assert getattr(config, "ray").modules == (f"{here}/mine", "/home/me/other", "/srv/third")  # noqa: B009 - a backend
    assert config.grpc.socket == f"{here}/api.sock"
    assert config.grpc.token_file == f"{here.parent}/token"
    assert config.web.certificate == f"{here}/tls/cert.pem"
    assert config.server.scenarios == ("deathmatch", f"{here}/a.CFG")
    assert config.server.agents == ("localhost:1", f"unix:{here}/agent.sock")


def test_paths_of_variables_and_flags_belong_to_the_working_folder(file: Path) -> None:
    config = load_config(
        file,
        environ={"CLAU_DOOM_SCENARIO_NAME": "mine.cfg", "CLAU_DOOM_GRPC_SOCKET": "s.sock"},
        overrides={"policy.address": "unix:other.sock"},
    ).config
    assert config.scenario.name == str(Path.cwd() / "mine.cfg")
    assert config.grpc.socket == str(Path.cwd() / "s.sock")
    assert getattr(config.policy, "address", None) == f"unix:{Path.cwd()}/other.sock"


def test_texts_without_a_folder_keep_their_paths() -> None:
    assert config_from_yaml("scenario: {name: a.cfg}", name="stored").scenario.name == "a.cfg"
    assert resolve_fields({"scenario": {"name": "a.cfg"}}, name="request").config.scenario.name == "a.cfg"


def test_invalid_values_are_left_to_the_validation() -> None:
    for value in (None, 3, {"a": "b"}, "", "~nobody/x"):
        assert absolute_path(value, PathKind("file"), Path("/x")) == value
    assert absolute_path("basic", PathKind("scenario"), Path("/x")) == "basic"
    assert absolute_path("host:1", PathKind("address"), Path("/x")) == "host:1"


def test_every_field_that_describes_a_file_or_a_folder_is_a_path_field() -> None:
    """A new field of this kind needs `FilePath`. Secrets and images are not paths."""
    from clau_doom.config.schema_introspection import fields

    for field in fields():
        described = (field.info.description or "").lower()
        words = set(described.replace(".", " ").replace(",", " ").replace(";", " ").split())
        if words & {"file", "folder", "folders", "socket", "path"} and field.info.annotation not in {bool, int}:
            assert field.path in path_kinds() or field.path[-1] == "target", field
