"""Classification of the errors that end a command."""

import errno

import pytest

from clau_doom.cli.error_classification import Cause, classify
from clau_doom.errors import ConfigError, StorageFailed


@pytest.mark.parametrize(
    ("error", "cause", "text"),
    [
        (ConfigError("no such field"), Cause.MISTAKE, "no such field"),
        (StorageFailed("damaged"), Cause.FAILURE, "damaged"),
        (PermissionError(errno.EACCES, "denied", "/x\x1b"), Cause.MISTAKE, r"cannot use '/x\x1b': denied"),
        (OSError(errno.ENAMETOOLONG, "too long", "a" * 5000), Cause.MISTAKE, "(5,000 characters)': too long"),
        (FileNotFoundError(errno.ENOENT, "No such file", b"/x"), Cause.MISTAKE, "cannot use '/x': No such file"),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), Cause.FAILURE, "cannot use '/x': No space left"),
        (OSError(errno.EMFILE, "Too many open files"), Cause.FAILURE, "Too many open files"),
        (OSError(errno.EBADF, "Bad file descriptor"), Cause.BUG, "OSError: [Errno 9] Bad file descriptor"),
        (MemoryError(), Cause.FAILURE, "not enough memory"),
        (ZeroDivisionError("two"), Cause.BUG, "ZeroDivisionError: two"),
        (ExceptionGroup("g", [ConfigError("a"), ConfigError("b")]), Cause.MISTAKE, "a; b"),
        (ExceptionGroup("g", [ConfigError("a"), StorageFailed("b")]), Cause.FAILURE, "a; b"),
        (ExceptionGroup("g", [ConfigError("a"), ExceptionGroup("h", [KeyError("b")])]), Cause.BUG, "Group: a; 'b'"),
    ],
)  # fmt: skip
def test_errors_are_classified_by_cause(error: BaseException, cause: Cause, text: str) -> None:
    """Unusable files are mistakes, missing resources of the machine are failures, and the rest are bugs."""
    verdict = classify(error)
    assert verdict.cause is cause
    assert text in verdict.text
