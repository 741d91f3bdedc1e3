"""Tests of the git commits and packages of a run's environment, with real repositories."""

import os
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from clau_doom.app.run_environment import collect_environment, installed_packages, source_commit
from clau_doom.domain.run_environment import SourceCommit
from clau_doom.game import has_ended
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def require_git(tool: Callable[[str, str], str]) -> None:
    tool("git", "git")


def git(folder: Path, *arguments: str) -> str:
    """Run git without the settings of the user."""
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with one commit of `mine.py`, and with a remote address that holds a secret."""
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "mine.py").write_text("x = 1\n")
    git(folder, "add", "mine.py")
    git(folder, "commit", "--quiet", "--message", "first")
    git(folder, "remote", "add", "origin", "https://somebody:secret@example.org/x.git")
    return folder


def commit_of(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD").strip()


def command(folder: Path, script: str) -> Path:
    """Return a folder with a program `git` that runs a shell script."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    return folder


def test_clean_tree(repository: Path) -> None:
    """The commit has all digits. Untracked files, such as outputs, do not make the tree dirty."""
    (repository / "runs").mkdir()
    (repository / "runs" / "results").write_text("")
    found = source_commit("working folder", repository)
    assert found == SourceCommit(folder="working folder", commit=commit_of(repository), dirty=False)
    assert found.summary == commit_of(repository)[:12]


@pytest.mark.parametrize("staged", [True, False])
def test_changed_file_makes_the_tree_dirty(repository: Path, *, staged: bool) -> None:
    """A change counts before and after `git add`, also if it is in another folder of the repository."""
    (repository / "mine.py").write_text("x = 2\n")
    if staged:
        git(repository, "add", "mine.py")
    inner = repository / "inner"
    inner.mkdir()
    found = source_commit("working folder", inner)
    assert (found.commit, found.dirty, found.unavailable) == (commit_of(repository), True, None)
    assert found.summary.endswith(", with uncommitted changes")


def test_folder_without_a_repository(tmp_path: Path) -> None:
    found = source_commit("working folder", tmp_path)
    assert (found.commit, found.dirty, found.unavailable) == (None, None, "the folder is not in a git repository")
    assert found.summary == "unknown: the folder is not in a git repository"


def test_repository_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert source_commit("working folder", tmp_path).unavailable == "the repository has no commit"


def test_missing_folder(tmp_path: Path) -> None:
    assert source_commit("working folder", tmp_path / "none").unavailable == "the folder does not exist"


def test_missing_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert source_commit("working folder", repository).unavailable == "git is not installed"


def test_hanging_git(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time limit, git is killed with the programs that it started."""
    folder = command(tmp_path / "bin", f"sleep 600 & echo $! >{tmp_path}/pid; wait")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    found = source_commit("working folder", repository, time_limit=0.5)
    assert found.unavailable == "git did not respond within 0.5 s"
    wait_until(lambda: has_ended(int((tmp_path / "pid").read_text())))


def test_failure_of_git_does_not_repeat_its_message(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message of git may contain paths and user names."""
    folder = command(tmp_path / "bin", "echo fatal: /home/somebody is broken >&2; exit 128")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert source_commit("working folder", repository).unavailable == "git failed with status 128"


def test_variables_of_git_do_not_select_another_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of git, such as one that starts a run, has these variables."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    expected = commit_of(repository)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert source_commit("working folder", repository).commit == expected


def test_file_system_monitor_of_a_repository_is_not_started(repository: Path, tmp_path: Path) -> None:
    monitor = command(tmp_path / "bin", f"touch {tmp_path}/started") / "git"
    git(repository, "config", "core.fsmonitor", str(monitor))
    assert source_commit("working folder", repository).dirty is False
    assert not (tmp_path / "started").exists()


def test_environment_has_no_remote_address(repository: Path) -> None:
    found = collect_environment({"working folder": repository})
    assert [each.commit for each in found.commits] == [commit_of(repository)]
    assert not any(word in repr(found.commits) for word in ("secret", "somebody", "example.org", str(repository)))


def test_packages_are_sorted_by_normalized_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first distribution of a name counts. Distributions without a valid name are left out."""
    for place, (folder, metadata) in enumerate(
        [
            ("Zz_A.dist-info", "Name: Zz_A.b\nVersion: 1.5+local\n"),
            ("zz_a.dist-info", "Name: zz-a-b\nVersion: 9\n"),
            ("broken.dist-info", "Version: 1\n"),
            ("odd.dist-info", "Name: zz-odd\nVersion: 1 /home/somebody\n"),
        ]
    ):
        there = tmp_path / str(place) / folder
        there.mkdir(parents=True)
        (there / "METADATA").write_text(f"Metadata-Version: 2.1\n{metadata}")
        monkeypatch.syspath_prepend(str(tmp_path / str(place)))
    found = installed_packages()
    assert [name for name, _ in found] == sorted({name for name, _ in found})
    assert dict(found)["zz-a-b"] == "9"  # the last prepended folder is searched first
    assert dict(found)["zz-odd"] == "unknown"
    assert dict(found)["numpy"] == version("numpy")
