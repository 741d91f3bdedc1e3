"""Tests of token files: private creation, refusal of readable files, and reloading after changes."""

import logging
import os
import stat
from pathlib import Path

import pytest

from clau_doom.access import Role, TokenFiles
from clau_doom.errors import ConfigError


class Clock:
    """Clock that a test advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_created_tokens_have_name_and_role(tmp_path: Path) -> None:
    """Each secret is found under its name, and other files in the folder are not read as tokens."""
    files = TokenFiles(tmp_path / "token")
    owner = files.make()
    reader, writer = files.create("reader", Role.READ_ONLY), files.create("ci", Role.FULL)
    for name in ("token.bak", "token.Alice.full", "token.owner.full", "token.x.admin"):
        (tmp_path / name).write_text("stranger\n")
    assert [(each.name, each.role.value) for each in files.all()] == [
        ("owner", "full"),
        ("ci", "full"),
        ("reader", "readonly"),
    ]
    for token in (owner, reader, writer):
        assert files.find(token.secret) == token
        assert token.secret not in repr(token)
    assert files.find("stranger") is None
    assert files.find("") is None
    assert stat.S_IMODE(reader.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["owner", "", "a.b", "../x", "A", "x" * 41])
def test_invalid_token_name_is_refused(name: str, tmp_path: Path) -> None:
    """An invalid name is refused, and no file is written."""
    with pytest.raises(ConfigError, match="is not a valid token name"):
        TokenFiles(tmp_path / "token").create(name, Role.FULL)
    assert list(tmp_path.iterdir()) == []


def test_duplicate_token_name_is_refused(tmp_path: Path) -> None:
    """A name cannot be used for a second token, even with the other role."""
    files = TokenFiles(tmp_path / "token")
    files.create("ci", Role.FULL)
    with pytest.raises(ConfigError, match="token ci exists already"):
        files.create("ci", Role.READ_ONLY)


def test_rotated_and_removed_tokens_expire_within_a_second(tmp_path: Path) -> None:
    """A running server reads the changed files again within a second."""
    clock = Clock()
    server, operator = TokenFiles(tmp_path / "token", clock=clock), TokenFiles(tmp_path / "token")
    owner, reader = server.make(), operator.create("reader", Role.READ_ONLY)
    assert server.named("owner") == owner
    assert server.named("reader") == reader
    renewed = operator.rotate("owner")
    operator.remove("reader")
    clock.now += 1.0
    assert server.named("owner") != owner
    assert server.find(owner.secret) is None
    assert server.find(reader.secret) is None
    assert server.find(renewed.secret) == renewed
    with pytest.raises(ConfigError, match=r"token 'reader' not found; existing tokens: owner"):
        operator.remove("reader")
    with pytest.raises(ConfigError, match="cannot be removed: rotate it"):
        operator.remove("owner")


def test_token_is_refused_when_its_file_becomes_readable(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Other tokens stay valid. The log contains the reason once, and never the secret."""
    clock = Clock()
    files = TokenFiles(tmp_path / "token", clock=clock)
    owner, reader = files.make(), files.create("reader", Role.READ_ONLY)
    assert files.named("reader") == reader
    reader.path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.now += 1.0
            assert files.named("reader") is None
            assert files.named("owner") == owner
    assert caplog.text.count("can be read by others") == 1
    assert reader.secret not in caplog.text
    clock.now += 1.0
    renewed = files.rotate("reader")
    assert files.find(renewed.secret) == renewed, "rotating mends the file"


def test_owner_token_is_created_once_with_private_mode(tmp_path: Path) -> None:
    """The token has 256 random bits, its file has mode 0600, and the next start reads it."""
    path = tmp_path / "folder" / "token"
    token = TokenFiles(path).make().secret
    assert len(token) >= 43
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TokenFiles(path).make().secret == token
    assert [each.name for each in path.parent.iterdir()] == ["token"]
    assert TokenFiles(tmp_path / "other").make().secret != token


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_readable_token_file_is_refused(mode: int, tmp_path: Path) -> None:
    """The error contains the command that corrects the file's mode."""
    path = tmp_path / "token"
    TokenFiles(path).make()
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"mode {mode:04o}.*chmod 600 {path}"):
        TokenFiles(path).make()


def test_token_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    TokenFiles(path).make()
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
        with pytest.raises(ConfigError, match="belongs to user 12345"):
            TokenFiles(path).make()


@pytest.mark.parametrize("content", [b"", b"  \n", b"two words\n", b"\xff\xfe", b"a\x00b"])
def test_file_without_token_is_refused(content: bytes, tmp_path: Path) -> None:
    """An empty file is refused: an empty token would admit every client."""
    path = tmp_path / "token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="is empty"):
        TokenFiles(path).make()


def test_failed_creation_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"file/token cannot be created"):
        TokenFiles(tmp_path / "file" / "token").make()


def test_fifo_is_refused_as_token_file(tmp_path: Path) -> None:
    """A FIFO is refused at once, without waiting for a writer."""
    os.mkfifo(tmp_path / "token", 0o600)
    with pytest.raises(ConfigError, match="not a regular file"):
        TokenFiles(tmp_path / "token").make()
