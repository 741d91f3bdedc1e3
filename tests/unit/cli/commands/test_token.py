"""Tests of `clau-doom token`, which writes the files that a server reads."""

import json
from pathlib import Path

import pytest

from clau_doom.access import Role, TokenFiles
from clau_doom.cli import run_command


def test_tokens_are_made_listed_rotated_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The output names files and no secret."""
    files, where = TokenFiles(tmp_path / "token"), ["--output-dir", str(tmp_path)]
    owner = files.make()
    assert run_command(["token", "create", "reader", "--read-only", *where]) == 0
    path = Path(capsys.readouterr().out.strip())
    secret = path.read_text().strip()
    (reader,) = files.all()[1:]
    assert (reader.name, reader.role, reader.path, reader.secret) == ("reader", Role.READ_ONLY, path, secret)
    assert run_command(["token", "list", "--json", *where]) == 0
    printed = capsys.readouterr().out
    assert [each["name"] for each in json.loads(printed)["tokens"]] == ["owner", "reader"]
    assert run_command(["token", "rotate", "owner", *where]) == 0
    assert owner.secret != (tmp_path / "token").read_text().strip()
    assert run_command(["token", "remove", "reader", *where]) == 0
    assert run_command(["token", "remove", "owner", *where]) == 2
    assert not path.exists()
    printed += capsys.readouterr().out
    assert secret not in printed
    assert owner.secret not in printed


def test_unusable_token_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The usable tokens are listed."""
    files = TokenFiles(tmp_path / "token")
    files.make()
    files.create("reader", Role.READ_ONLY).path.chmod(0o644)
    assert run_command(["token", "list", "--output-dir", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("owner ")
    assert "reader" not in printed.out
    assert printed.err.startswith("warning: a token is not accepted (name: reader, reason: the token file ")
