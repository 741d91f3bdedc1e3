"""Films decoded by ffmpeg, for tests."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

__all__ = ["DecodedFilm", "make_film", "take_apart"]

_STREAM = re.compile(r"Video: (\w+).*?, (\w+)[(,].*? (\d+)x(\d+).*?, ([\d.]+) fps")
_DURATION = re.compile(r"Duration: (\d+):(\d+):([\d.]+)")


@dataclass(frozen=True, kw_only=True)
class DecodedFilm:
    """Properties and pictures of a film.

    Attributes:
        codec: Name of the codec, such as ``h264``.
        pixels: Pixel format, such as ``yuv420p``.
        size: Width and height, in pixels.
        rate: Pictures a second.
        seconds: Duration.
        pictures: All pictures, uint8, shape (pictures, height, width, 3).
    """

    codec: str
    pixels: str
    size: tuple[int, int]
    rate: float
    seconds: float
    pictures: NDArray[np.uint8]


def make_film(path: Path, greys: tuple[int, ...]) -> Path:
    """Write a film of one-coloured pictures of 64x48, and return its path."""
    writer = imageio_ffmpeg.write_frames(str(path), (64, 48), fps=5, macro_block_size=1)
    writer.send(None)
    for grey in greys:
        writer.send(bytes([grey]) * (64 * 48 * 3))
    writer.close()
    return path


def take_apart(path: Path) -> DecodedFilm:
    """Decode a film.

    Raises:
        ValueError: The file is not a film. The message contains the output of ffmpeg.
    """
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats", "-i", str(path)]
    raw = ["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run([*command, *raw], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    text = done.stderr.decode(errors="replace")
    stream, duration = _STREAM.search(text), _DURATION.search(text)
    if done.returncode or stream is None or duration is None:
        raise ValueError(f"{path} is no film: {text}")
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
