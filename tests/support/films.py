"""A film taken apart by the program that made it: what it says that it is, and every picture in it."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

__all__ = ["DecodedFilm", "take_apart"]

_STREAM = re.compile(r"Video: (\w+).*?, (\w+)[(,].*? (\d+)x(\d+).*?, ([\d.]+) fps")
_DURATION = re.compile(r"Duration: (\d+):(\d+):([\d.]+)")


@dataclass(frozen=True, kw_only=True)
class DecodedFilm:
    """A film.

    Attributes:
        codec: Such as ``h264``.
        pixels: Such as ``yuv420p``.
        size: Width and height, in pixels.
        rate: Pictures a second.
        seconds: How long it lasts.
        pictures: All of them, uint8, shape (pictures, height, width, 3).
    """

    codec: str
    pixels: str
    size: tuple[int, int]
    rate: float
    seconds: float
    pictures: NDArray[np.uint8]


def take_apart(path: Path) -> DecodedFilm:
    """Return what is in a film.

    Raises:
        ValueError: It is none; the message holds what ffmpeg says.
    """
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats", "-i", str(path)]
    raw = ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run([*command, *raw], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    said = done.stderr.decode(errors="replace")
    stream, duration = _STREAM.search(said), _DURATION.search(said)
    if done.returncode or stream is None or duration is None:
        raise ValueError(f"{path} is no film: {said}")
    codec, pixels, width, height, rate = stream.groups()
    hours, minutes, seconds = duration.groups()
    size = (int(width), int(height))
    return DecodedFilm(
        codec=codec,
        pixels=pixels,
        size=size,
        rate=float(rate),
        seconds=3600 * int(hours) + 60 * int(minutes) + float(seconds),
        pictures=np.frombuffer(done.stdout, dtype=np.uint8).reshape(-1, size[1], size[0], 3),
    )
