"""Named tokens in private files, each with a role.

The owner's token is one file, such as ``runs/token``. Further tokens are files in the same folder: ``token.NAME.full``
and ``token.NAME.readonly``. A change of the files takes effect within a second, without a restart.
"""

import hmac
import os
import re
import secrets
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from clau_doom.atomic_write import write_atomically
from clau_doom.errors import ConfigError
from clau_doom.logs import get_logger
from clau_doom.regular_files import open_regular

__all__ = ["OWNER", "Role", "Token", "TokenFiles", "is_token", "read_token"]

OWNER = "owner"
"""Name of the token that the server creates by itself."""

_TOKEN_BYTES = 32
_LONGEST_TOKEN = 4096
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_FRESH = 1.0
"""Seconds before the server checks the files for changes again."""

_log = get_logger(__name__)


class Role(StrEnum):
    """Permissions of a token."""

    FULL = "full"
    """Read and change experiments."""
    READ_ONLY = "readonly"
    """Read experiments."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token with its role and file.

    Attributes:
        name: The name in the audit log.
        role: The permissions of the token.
        path: The file of the token.
        secret: The secret that clients send.
    """

    name: str
    role: Role
    path: Path
    secret: str = field(repr=False)


class TokenFiles:
    """Tokens that a server accepts."""

    def __init__(self, owner: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Use the owner's file and further token files in the same folder.

        Args:
            owner: The file of the owner's token.
            clock: Returns monotonic time in seconds.
        """
        self.owner = owner
        self._clock = clock
        self._read_at: float | None = None
        self._state: tuple[object, ...] = ()
        self._tokens: tuple[Token, ...] = ()

    def make(self) -> Token:
        """Return the owner's token; create its file if it does not exist.

        Raises:
            ConfigError: The file cannot be used, or other users can read it.
        """
        if not self.owner.exists():
            _write(self.owner, replace=False)
        return Token(name=OWNER, role=Role.FULL, path=self.owner, secret=read_token(self.owner))

    def find(self, secret: str) -> Token | None:
        """Return the token with a secret, or None. The secret is compared with every token, each in constant time."""
        if not is_token(secret):  # a client may send any text, including text without a UTF-8 form
            return None
        self._refresh()
        shown = secret.encode()
        found = [token for token in self._tokens if hmac.compare_digest(token.secret.encode(), shown)]
        return found[0] if found else None

    def all(self) -> tuple[Token, ...]:
        """Return the tokens, the owner's first, then by name. Unusable files are logged and omitted."""
        self._read_at = None
        self._refresh()
        return self._tokens

    def create(self, name: str, role: Role) -> Token:
        """Create a further token.

        Raises:
            ConfigError: The name is invalid or taken, or the file cannot be created.
        """
        if not _NAME.fullmatch(name) or name == OWNER:
            raise ConfigError(
                f"{name[:60]!r} is not a valid token name: use 1 to 40 of a-z, 0-9, '_' and '-', the first a letter or "
                f"digit, and not {OWNER}"
            )
        if any(self._path(name, each).exists() for each in Role):
            raise ConfigError(f"token {name} exists already: rotate it, or choose another name")
        path = self._path(name, role)
        _write(path, replace=False)
        return Token(name=name, role=role, path=path, secret=read_token(path))

    def rotate(self, name: str) -> Token:
        """Replace a token's secret, and make its file private; the old secret is no longer accepted.

        Raises:
            ConfigError: The token does not exist, or its file cannot be replaced.
        """
        role, path = self._named(name)
        _write(path, replace=True)
        return Token(name=name, role=role, path=path, secret=read_token(path))

    def remove(self, name: str) -> Path:
        """Remove a further token, and return the path of its file.

        Raises:
            ConfigError: The token does not exist, is the owner's, or its file cannot be removed.
        """
        _, path = self._named(name)
        if name == OWNER:
            raise ConfigError("the owner's token cannot be removed: rotate it")
        try:
            path.unlink()
        except OSError as error:
            raise ConfigError(f"the token file {path} cannot be removed: {error.strerror}") from error
        return path

    def named(self, name: str) -> Token | None:
        """Return the token with a name, or None."""
        self._refresh()
        return next((token for token in self._tokens if token.name == name), None)

    def _named(self, name: str) -> tuple[Role, Path]:
        """Return the role and file of a token, even if the file cannot be used."""
        files = {each: (role, path) for each, role, path in self._files()}
        if name not in files:
            raise ConfigError(f"token {name[:60]!r} not found; existing tokens: {', '.join(files)}")
        return files[name]

    def _path(self, name: str, role: Role) -> Path:
        return self.owner.with_name(f"{self.owner.name}.{name}.{role.value}")

    def _refresh(self) -> None:
        now = self._clock()
        if self._read_at is not None and now - self._read_at < _FRESH:
            return
        self._read_at = now
        files = self._files()
        state = tuple((path, _state(path)) for _, _, path in files)
        if state != self._state:
            self._state = state
            self._tokens = tuple(token for name, role, path in files if (token := _token(name, role, path)))

    def _files(self) -> list[tuple[str, Role, Path]]:
        found = [(OWNER, Role.FULL, self.owner)]
        for path in sorted(self.owner.parent.glob(f"{self.owner.name}.*")):
            name, _, role = path.name.removeprefix(f"{self.owner.name}.").partition(".")
            if _NAME.fullmatch(name) and name != OWNER and role in set(Role):
                found.append((name, Role(role), path))
        return found


def read_token(path: Path) -> str:
    """Read the token in a file that only its owner can read.

    Raises:
        ConfigError: The file cannot be used, or other users can read it.
    """
    try:
        with open_regular(path) as file:
            _check_private(path, os.fstat(file.fileno()))
            token = file.read(_LONGEST_TOKEN + 1).decode("utf-8", "replace").strip()
    except OSError as error:
        raise ConfigError(f"the token file {path} cannot be read: {error.strerror}") from error
    if not is_token(token):
        raise ConfigError(f"the token file {path} is empty: remove it; the server then creates a new token")
    return token


def is_token(text: str) -> bool:
    """Return whether a text can be a token: printable ASCII without spaces, as required for headers."""
    return 0 < len(text) <= _LONGEST_TOKEN and text.isascii() and text.isprintable() and " " not in text


def _write(path: Path, *, replace: bool) -> None:
    """Write a file with a new token atomically; without `replace`, an existing file is kept."""
    secret = secrets.token_urlsafe(_TOKEN_BYTES) + "\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path, secret.encode(), mode=0o600, overwrite=replace)
    except OSError as error:
        raise ConfigError(f"the token file {path} cannot be created: {error.strerror}") from error


def _token(name: str, role: Role, path: Path) -> Token | None:
    if not path.exists():
        return None
    try:
        return Token(name=name, role=role, path=path, secret=read_token(path))
    except ConfigError as error:
        _log.warning("a token is not accepted", name=name, reason=str(error))
        return None


def _state(path: Path) -> tuple[int, ...] | None:
    """Return file attributes that change when a file is written, replaced, or made readable."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return (facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def _check_private(path: Path, facts: os.stat_result) -> None:
    if facts.st_uid != os.geteuid():
        raise ConfigError(
            f"the token file {path} belongs to user {facts.st_uid} and not to you ({os.geteuid()}): "
            "set grpc.token_file to your own file"
        )
    if stat.S_IMODE(facts.st_mode) & 0o077:
        mode = stat.S_IMODE(facts.st_mode)
        raise ConfigError(f"the token file {path} can be read by others (mode {mode:04o}): chmod 600 {path}")
