"""Standard streams whose failures do not end a run: closed, on a full disk, or with a reader that has ended."""

import codecs
import errno
import io
import os
import select
import sys
from typing import TextIO, cast

__all__ = ["OutputStream", "install_streams", "make_output_optional", "output_failure"]

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_PATIENCE = 1.0  # seconds of waiting for a full non-blocking pipe, if output may be dropped
_BARS = dict(zip("▁▂▃▄▅▆▇█", "12345678", strict=True))
_ASCII = _BARS | {
    "●": "*",
    "○": "o",
    "✓": "yes",
    "✗": "no",
    "→": "->",
    "…": "...",
    "·": ".",
    "±": "+/-",
    "−": "-",  # noqa: RUF001 - the minus sign
    "–": "-",  # noqa: RUF001 - the en dash
    "×": "x",  # noqa: RUF001 - the multiplication sign
    "²": "2",
    "η": "eta",
    "ω": "omega",
    "χ": "chi",
    "─": "-",
    "━": "-",
    "╴": "-",
    "╺": "-",
    "╸": "-",
    "├": "+",
    "└": "+",
    "│": "|",
}
"""Replacements for symbols that a stream's encoding lacks."""
_REPLACING = "clau_doom.ascii"


class OutputStream(io.TextIOBase):
    """Unbuffered text stream on a file descriptor.

    Characters that the encoding lacks are replaced. A failed write raises `OutputFailed` if the output is required.
    Otherwise, the output is dropped and the error is kept.

    Attributes:
        required: Whether a failed write is an error.
        failure: The last failed write, or None.
    """

    def __init__(self, descriptor: int, encoding: str, *, required: bool) -> None:
        self.required = required
        self.failure: OSError | None = None
        self._descriptor = descriptor
        self._encoding = encoding
        self._encoder = codecs.getincrementalencoder(encoding)(_REPLACING)

    @property
    def encoding(self) -> str:  # type: ignore[override] # typeshed has a variable
        """Name of the encoding."""
        return self._encoding

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Write a text at once.

        Raises:
            OutputFailed: The output is required and cannot be written.
        """
        try:
            self._write(self._encoder.encode(text))
        except OSError as error:
            self.failure = error
            if self.required:
                from clau_doom.errors import OutputFailed

                reason = error.strerror or str(error)
                gone = error.errno == errno.EPIPE
                raise OutputFailed(f"cannot write standard output: {reason}", reader_gone=gone) from None
        return len(text)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                # Another process that shares the stream has made it non-blocking.
                poll = select.poll()
                poll.register(self._descriptor, select.POLLOUT)
                if not poll.poll(None if self.required else 1_000 * _PATIENCE):
                    raise


def install_streams() -> None:
    """Replace Python's standard streams; closed ones are opened on the null device.

    Otherwise an opened file could get the descriptor of a closed standard stream, and libraries would print into it.
    """
    encodings = [stream.encoding if stream else "utf-8" for stream in (sys.stdout, sys.stderr)]
    for descriptor in (_STDIN, _STDOUT, _STDERR):
        _open_closed(descriptor)
    sys.stdout = cast("TextIO", OutputStream(_STDOUT, encodings[0], required=True))
    sys.stderr = cast("TextIO", OutputStream(_STDERR, encodings[1], required=False))
    if sys.stdin is None:
        sys.stdin = open(_STDIN, encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the process ends


def make_output_optional() -> None:
    """Drop output that stdout does not accept from now on; the command continues, and also reports elsewhere."""
    if isinstance(sys.stdout, OutputStream):
        sys.stdout.required = False


def output_failure() -> OSError | None:
    """Return the reason for dropped output on stdout, or None; a reader that has ended does not count."""
    stream = sys.stdout
    if not isinstance(stream, OutputStream) or stream.required or stream.failure is None:
        return None
    return None if stream.failure.errno == errno.EPIPE else stream.failure


def _open_closed(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        null = os.open(os.devnull, os.O_RDWR)
        if null != descriptor:
            os.dup2(null, descriptor)
            os.close(null)
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - positional only


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_ASCII.get(char) or char.encode("unicode_escape").decode() for char in text), error.end


codecs.register_error(_REPLACING, _replace)
