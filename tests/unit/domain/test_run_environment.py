"""Tests of the environment of a run."""

from clau_doom.domain.run_environment import RunEnvironment, SourceCommit

DIGITS = "3f2a91c4e5d6" + "0" * 28


def test_digest_of_packages() -> None:
    """The expected digest is that of `sha256sum` for a file with the lines ``numpy==2.4`` and ``vizdoom==1.3.2``."""
    found = RunEnvironment(commits=(), packages=(("numpy", "2.4"), ("vizdoom", "1.3.2")))
    assert found.packages_sha256 == "e25cdd3945a78dc68eb6d4fc5f3972fdec2f42dafd0d7c566ac37a090f490a60"


def test_summary_of_a_commit() -> None:
    """The summary has the first digits, and the state of the tree if it is changed or unknown."""

    def summary(commit: str | None, *, dirty: bool | None, unavailable: str | None = None) -> str:
        return SourceCommit(folder="here", commit=commit, dirty=dirty, unavailable=unavailable).summary

    assert summary(DIGITS, dirty=False) == "3f2a91c4e5d6"
    assert summary(DIGITS, dirty=True) == "3f2a91c4e5d6, with uncommitted changes"
    assert summary(DIGITS, dirty=None, unavailable="late") == "3f2a91c4e5d6, state unknown: late"
    assert summary(None, dirty=None, unavailable="git is not installed") == "unknown: git is not installed"
