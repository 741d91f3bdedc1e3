"""Collection of a run's environment: git commits of folders with code of the user, and the installed packages.

No path, user name or remote address is collected. Git runs with a time limit, and without the file system monitor that
a repository may configure. A failure of git is a reason in the result and never affects the run.
"""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path

from clau_doom.domain.run_environment import RunEnvironment, SourceCommit

__all__ = ["collect_environment", "installed_packages", "source_commit"]

_TIME_LIMIT = 5.0
"""Seconds for each git command. A status of 100,000 tracked files takes about one second."""
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
_HEAD = ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
# Without untracked files: outputs in the folder would make every tree dirty, and a search for them may take minutes.
_CHANGES = ("status", "--porcelain", "--untracked-files=no")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PACKAGE = re.compile(r"[A-Za-z0-9][\w.-]{0,199}", re.ASCII)
_VERSION = re.compile(r"[\w.+!-]{1,100}", re.ASCII)


class _GitFailed(Exception):
    """Git cannot answer; the text is the reason without paths."""


def collect_environment(folders: Mapping[str, Path]) -> RunEnvironment:
    """Return the commits of folders and the installed packages of this process.

    Args:
        folders: Folders with code of the user, by role, such as ``working folder``.

    Examples:
        >>> environment = collect_environment({"working folder": Path()})
        >>> environment.commits[0].folder
        'working folder'
    """
    commits = tuple([source_commit(role, folder) for role, folder in folders.items()])
    return RunEnvironment(commits=commits, packages=installed_packages())


def source_commit(role: str, folder: Path, *, time_limit: float = _TIME_LIMIT) -> SourceCommit:
    """Return the git commit of a folder, and whether tracked files of its repository differ from it.

    Args:
        role: Role of the folder.
        folder: The folder.
        time_limit: Seconds for each git command.
    """
    commit: str | None = None
    try:
        commit = _git(_HEAD, folder, time_limit).strip()
        if not _COMMIT.fullmatch(commit):
            return SourceCommit(folder=role, commit=None, dirty=None, unavailable="the repository has no commit")
        dirty = bool(_git(_CHANGES, folder, time_limit))
    except _GitFailed as failure:
        return SourceCommit(folder=role, commit=commit, dirty=None, unavailable=str(failure))
    return SourceCommit(folder=role, commit=commit, dirty=dirty)


def installed_packages() -> tuple[tuple[str, str], ...]:
    """Return name and version of the packages that this process can import, sorted by normalized name."""
    found: dict[str, str] = {}
    for each in distributions():
        # Subscription of a missing field raises KeyError in some implementations, which packages can replace.
        name, version = (next(iter(each.metadata.get_all(field) or ()), None) for field in ("Name", "Version"))
        if isinstance(name, str) and _PACKAGE.fullmatch(name):  # metadata of an interrupted installation has no name
            known = version if isinstance(version, str) and _VERSION.fullmatch(version) else "unknown"
            # The first of several distributions of a name is the one that Python imports.
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), known)
    return tuple(sorted(found.items()))


def _git(arguments: tuple[str, ...], folder: Path, time_limit: float) -> str:
    """Return the output of a git command.

    Raises:
        _GitFailed: Git is missing, the folder is not in a repository, or the time limit has passed.
    """
    # Variables such as GIT_DIR, which git sets for hooks, would select another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        process = subprocess.Popen(  # noqa: S603 - fixed arguments, without a shell
            [*_GIT, *arguments],
            cwd=folder,
            env={**environment, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except FileNotFoundError:
        raise _GitFailed("git is not installed" if folder.is_dir() else "the folder does not exist") from None
    except OSError as error:
        raise _GitFailed(f"git cannot be started: {error.strerror}") from None
    with process:
        try:
            output, messages = process.communicate(timeout=time_limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with the processes that git started, which hold the pipes
            raise _GitFailed(f"git did not respond within {time_limit:g} s") from None
    return output if _succeeded(process.returncode, messages) else ""


def _succeeded(status: int, messages: str) -> bool:
    """Return whether git succeeded; False if `rev-parse` found no commit.

    Raises:
        _GitFailed: Any other failure. Its reason does not repeat the message, which contains paths.
    """
    if "not a git repository" in messages:
        raise _GitFailed("the folder is not in a git repository")
    if "dubious ownership" in messages:
        raise _GitFailed("git does not trust the owner of the folder: see git's setting safe.directory")
    if status and messages:
        raise _GitFailed(f"git failed with status {status}")
    return status == 0
