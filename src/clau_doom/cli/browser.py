"""The dashboard in the user's browser."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path

__all__ = ["LOGIN_HINT", "kept_in_file", "shown_in_browser"]

LOGIN_HINT = " (the link is valid once, for 15 minutes)"
"""What is printed behind a login link."""


@contextmanager
def shown_in_browser(link: str, folder: Path) -> Iterator[None]:
    """Open a login link in the user's browser, where a terminal and a display are there.

    Other users can read the arguments of a process, but not the private file that leads the browser to the link. The
    file is removed when the context ends.

    Args:
        link: The link, with its one-time code.
        folder: A folder for the file.
    """
    page = folder.absolute() / f"login-{os.getpid()}.html"
    try:
        process = _open(link, page) if _has_display() else None
    except OSError:
        process = None  # the link is printed all the same
    try:
        yield
    finally:
        if process is not None:
            process.poll()
        with suppress(OSError):  # the folder may be gone
            page.unlink()


@contextmanager
def kept_in_file(link: str, folder: Path) -> Iterator[Path | None]:
    """Keep a login link in a private file while the context lasts: logs, which others may read, must not hold it.

    Yields the file, or None where it cannot be written: a token opens the dashboard all the same.

    Args:
        link: The link, with its one-time code.
        folder: A folder for the file.
    """
    path = folder.absolute() / "login.link"  # no experiment's id has a dot
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
    """Write a new file that only its owner can read, in place of an older one."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(text)


def _open(link: str, page: Path) -> "subprocess.Popen[bytes]":
    """Have a process of its own open the browser, which may print and take long."""
    _write_private(page, f'<!doctype html><meta http-equiv="refresh" content="0;url={escape(link)}" />\n')
    command, quiet = [sys.executable, "-m", "webbrowser", page.as_uri()], subprocess.DEVNULL
    return subprocess.Popen(  # noqa: S603 - our own interpreter and file
        command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )


def _has_display() -> bool:
    remote = "SSH_CONNECTION" in os.environ
    shown = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return sys.stderr is not None and sys.stderr.isatty() and shown and not remote
