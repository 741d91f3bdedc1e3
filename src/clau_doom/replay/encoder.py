"""Video encoding as H.264 in an mp4 or as a gif with one palette, by the ffmpeg of imageio-ffmpeg.

A video appears under its name when it is complete.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from clau_doom.atomic_write import atomic_file
from clau_doom.errors import ConfigError, StorageFailed
from clau_doom.parameter_names import argument

__all__ = ["FORMATS", "Format", "check_place", "check_target", "format_of", "write_video"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """Video format.

    Attributes:
        suffix: Suffix of the path.
        rate: Frames per second.
        widest: Maximum width in pixels, or None for the width of the engine.
    """

    suffix: str
    rate: float
    widest: int | None


FORMATS = (
    Format(suffix=".mp4", rate=35.0, widest=None),
    # The delay of gif frames is in hundredths of a second; all browsers support a delay of eight.
    Format(suffix=".gif", rate=12.5, widest=400),
)
"""Supported video formats."""

_H264 = ("-c:v", "libx264", "-preset", "fast", "-crf", "23", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
# Gif compresses repeated patterns, and the grain of the game's textures does not repeat. Smoothing with edges kept,
# 96 colours and no dithering halve the size without a visible difference.
_SMOOTH = "hqdn3d=8:8:0:0"
_PALETTE = "palettegen=max_colors=96:reserve_transparent=0:stats_mode=full"
_PAINT = "paletteuse=dither=none:diff_mode=rectangle"
_ADDRESS = re.compile(r"^\[.*? @ 0x[0-9a-f]+\] ")


def check_target(path: Path, *, force: bool) -> None:
    """Check that a video can be written to `path`.

    Raises:
        ConfigError: The suffix is not a video format, the folder is missing, or the file exists and `force` is not
            set.
    """
    format_of(path)
    check_place(path, force=force)


def check_place(path: Path, *, force: bool) -> None:
    """Check that a file of any kind can be written to `path`.

    Raises:
        ConfigError: The folder is missing, or the file exists and `force` is not set.
    """
    if not path.parent.is_dir():
        raise ConfigError(f"cannot write {path}: folder {path.parent} not found")
    if path.is_dir() or (path.exists() and not force):
        overwrite = "" if path.is_dir() else f", or overwrite it with {argument('force', value=True)}"
        raise ConfigError(f"{path} exists already: choose another name{overwrite}")


def format_of(path: Path) -> Format:
    """Return the video format of a path's suffix.

    Raises:
        ConfigError: The suffix is not a video format.
    """
    found = next((form for form in FORMATS if form.suffix == path.suffix.lower()), None)
    if found is None:
        raise ConfigError(f"{str(path)!r} is not a {' or '.join(form.suffix for form in FORMATS)} file")
    return found


def write_video(
    path: Path, pictures: Iterable[NDArray[np.uint8]], *, size: tuple[int, int], rate: float, title: str = ""
) -> int:
    """Write pictures to a video, and return their number.

    If the iterable raises an error, no file is left.

    Args:
        path: Path with the suffix of a video format. An existing file is replaced.
        pictures: RGB pictures, uint8, shape (height, width, 3), in order.
        size: Width and height in pixels; even numbers.
        rate: Pictures per second.
        title: Title in the metadata of an mp4.

    Raises:
        ConfigError: The suffix is not a video format.
        StorageFailed: The video cannot be written.
    """
    try:
        with atomic_file(path) as staged:
            if format_of(path).suffix == ".gif":
                return _encode_gif(pictures, size, rate, staged)
            return _encode(pictures, size, rate, (*_H264, "-metadata", f"title={title}", str(staged)))
    except OSError as error:
        raise StorageFailed(f"cannot write {path}") from error
    except _Refused as error:
        raise StorageFailed(f"cannot write {path}: ffmpeg reported: {error}") from None


class _Refused(Exception):
    """Failure of the encoder, with the first line of its output."""


def _encode(pictures: Iterable[NDArray[np.uint8]], size: tuple[int, int], rate: float, output: Sequence[str]) -> int:
    width, height = size
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{rate:g}", "-i", "-")
    count = 0
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(  # noqa: S603 - the program is imageio-ffmpeg's own
            _command(*raw, *output), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors
        ) as encoder:
            assert encoder.stdin is not None
            try:
                with suppress(BrokenPipeError):  # the encoder has ended and printed the reason
                    for picture in pictures:
                        encoder.stdin.write(np.ascontiguousarray(picture).data)
                        count += 1
                with suppress(BrokenPipeError):
                    encoder.stdin.close()
            except BaseException:
                encoder.kill()
                raise
        _check(encoder.returncode, errors)
    return count


def _encode_gif(pictures: Iterable[NDArray[np.uint8]], size: tuple[int, int], rate: float, target: Path) -> int:
    """Write a gif in three passes, so that pictures are not kept in memory for the choice of the palette."""
    with tempfile.TemporaryDirectory(prefix=f".{target.stem}-", dir=target.parent) as name:
        film, palette = Path(name, "lossless.mkv"), Path(name, "palette.png")
        count = _encode(pictures, size, rate, ("-c:v", "ffv1", "-pix_fmt", "bgr0", str(film)))
        _run("-i", str(film), "-vf", f"{_SMOOTH},{_PALETTE}", "-update", "1", str(palette))
        _run("-i", str(film), "-i", str(palette), "-lavfi", f"[0]{_SMOOTH}[smooth];[smooth][1]{_PAINT}", str(target))
    return count


def _run(*words: str) -> None:
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(  # noqa: S603 - as above
            _command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, check=False
        )
        _check(done.returncode, errors)


def _command(*words: str) -> list[str]:
    return [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostats", "-y", *words]


def _check(code: int, errors: IO[bytes]) -> None:
    if code:
        errors.seek(0)
        first = errors.read().decode(errors="replace").strip().split("\n")[0]  # later lines are consequences
        raise _Refused(_ADDRESS.sub("", first) or f"it ended with {code}")
