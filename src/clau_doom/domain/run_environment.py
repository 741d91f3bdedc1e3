"""Software environment of a run: git commits of the user's code, and the installed packages.

The environment is information for readers. It is not part of the history hash, and a resume does not compare it. The
versions and digests that determine results are in `Provenance`.
"""

import hashlib
from dataclasses import dataclass

__all__ = ["RunEnvironment", "SourceCommit"]

_SHORT = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceCommit:
    """Git commit of a folder with code of the user. It contains no path, no user name and no remote address.

    Attributes:
        folder: The folder's role: ``working folder`` or an entry of the configuration, such as ``import_paths[0]``.
        commit: Hexadecimal id of the commit, or None if it is unavailable.
        dirty: Whether tracked files differ from the commit. Untracked files do not count. None: unknown.
        unavailable: Reason for a missing `commit` or `dirty`, or None.
    """

    folder: str
    commit: str | None
    dirty: bool | None
    unavailable: str | None = None

    @property
    def summary(self) -> str:
        """Commit and state on one line, such as ``3f2a91c4e5d6, with uncommitted changes``."""
        if self.commit is None:
            return f"unknown: {self.unavailable}"
        state = {True: ", with uncommitted changes", False: "", None: f", state unknown: {self.unavailable}"}
        return self.commit[:_SHORT] + state[self.dirty]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEnvironment:
    """Environment of the process that ran an experiment from one start to its next stop.

    Attributes:
        commits: Commits of the folders with code of the user.
        packages: (name, version) of each installed package, sorted by name. Names are normalized: lower case, with
            single dashes.
    """

    commits: tuple[SourceCommit, ...]
    packages: tuple[tuple[str, str], ...]

    @property
    def packages_sha256(self) -> str:
        """SHA-256 over one line ``name==version`` for each package. Equal sets of packages have equal digests."""
        return hashlib.sha256(self.packages_text.encode()).hexdigest()

    @property
    def packages_text(self) -> str:
        """One line ``name==version`` for each package, as in a file of requirements."""
        return "".join(f"{name}=={version}\n" for name, version in self.packages)
