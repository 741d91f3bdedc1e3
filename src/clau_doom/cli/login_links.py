"""Login links of the dashboard, for the user's browser and in a private file."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path

__all__ = ["LOGIN_HINT", "kept_in_file", "shown_in_browser"]

LOGIN_HINT = " (the link is valid once, for 15 minutes)"
"""Hint after a printed login link."""


@contextmanager
def shown_in_browser(link: str, folder: Path) -> Iterator[None]:
    """Open a login link in the user's browser, if a terminal and a display are available.

    Other users can read the arguments of a process. The browser therefore opens a private file, which redirects to the
    link. The file is removed when the context ends.

    Args:
        link: The link, with its one-time code.
        folder: The folder for the file.
    """
    page = folder.absolute() / f"login-{os.getpid()}.html"
    try:
        process = _open(link, page) if _has_display() else None
    except OSError:
        process = None  # the link is printed as well
    try:
        yield
    finally:
        if process is not None:
            process.poll()
        with suppress(OSError):  # the folder may be gone
            page.unlink()


@contextmanager
def kept_in_file(link: str, folder: Path) -> Iterator[Path | None]:
    """Keep a login link in a private file while the context lasts, because other users may read the log.

    Yields the file, or None if it cannot be written; the user can then log in with a token.

    Args:
        link: The link, with its one-time code.
        folder: The folder for the file.
    """
    path = folder.absolute() / "login.link"  # ids of experiments have no dot
    written: Path | None = path
    try:
        _write_private(path, f"{link}\n")
    except OSError:
        written = None
    try:
        yield written
    finally:
        with suppress(OSError):  # the folder may be gone
            path.unlink()


def _write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read, and replace an older one."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(text)


def _open(link: str, page: Path) -> "subprocess.Popen[bytes]":
    """Open the browser from a separate process, because this may print output or take long."""
    _write_private(page, f'<!doctype html><meta http-equiv="refresh" content="0;url={escape(link)}" />\n')
    command, quiet = [sys.executable, "-m", "webbrowser", page.as_uri()], subprocess.DEVNULL
    return subprocess.Popen(  # noqa: S603 - our own interpreter and file
        command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )


def _has_display() -> bool:
    remote = "SSH_CONNECTION" in os.environ
    shown = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return sys.stderr is not None and sys.stderr.isatty() and shown and not remote
