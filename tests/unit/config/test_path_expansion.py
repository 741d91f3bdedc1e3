"""Tests of paths with `~` in files and variables."""

from pathlib import Path

import pytest

from clau_doom.backends.ray.configuration import RayConfig
from clau_doom.config import config_from_yaml
from clau_doom.config.path_expansion import expand_address, expand_home
from clau_doom.config.schema_introspection import fields
from clau_doom.errors import ConfigError

PATHS = {
    "grpc.socket", "grpc.token_file", "grpc.certificate", "grpc.key", "grpc.client_ca", "nats.credentials",
    "web.certificate", "web.key",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")


@pytest.mark.parametrize("name", sorted(PATHS))
def test_every_path_of_the_configuration_is_expanded(name: str) -> None:
    """Paths from files and environment variables are expanded."""
    section, field = name.split(".")
    from_file = config_from_yaml(f"{section}: {{{field}: ~/certs/one.pem}}", name="c")
    variable = f"CLAU_DOOM_{section}_{field}".upper()
    from_environment = config_from_yaml("seed: 1", name="c", environ={variable: "~/certs/one.pem"})
    for config in (from_file, from_environment):
        assert getattr(getattr(config, section), field) == "/home/me/certs/one.pem"


def test_lists_of_paths_and_addresses_are_expanded() -> None:
    """Modules for a cluster's nodes, and a Unix socket."""
    config = config_from_yaml(
        "ray: {modules: [~/mine.py, here.py]}\npolicy: {kind: remote, address: 'unix:~/a'}", name="c"
    )
    assert config.section_of(RayConfig).modules == ("/home/me/mine.py", "here.py")
    assert getattr(config.policy, "address", None) == "unix:/home/me/a"


def test_every_path_field_is_expanded() -> None:
    """Each field of the schema that names a file is in the list of expanded paths."""
    words = ("file", "(PEM)", "socket")
    found = {
        field.name
        for field in fields()
        if "str" in str(field.info.annotation) and any(word in str(field.info.description) for word in words)
    }
    # scenario files are expanded at lookup, and the server's list is compared with what clients write
    assert found - {"scenario.name", "server.scenarios", "ray.modules", "evolution.start.agents"} == PATHS


def test_unknown_home_folder_is_refused() -> None:
    """The message names the path and the remedy, and no folder is created."""
    with pytest.raises(ConfigError, match=r"web\.key \(line 1\): '~nosuchuser/k' begins with an unknown home folder"):
        config_from_yaml("web: {key: ~nosuchuser/k}", name="c")


def test_paths_without_a_leading_tilde_are_unchanged() -> None:
    for path in ("a/~b", "./~", "/x", "x~"):
        assert expand_home(path) == path
    assert expand_address("unix:/x/~") == "unix:/x/~"
    assert expand_address("localhost:1") == "localhost:1"
