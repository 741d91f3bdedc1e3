"""Videos of episodes: selection, size and timing of frames."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from clau_doom.ports import Frame, FrameSource
from clau_doom.replay.encoder import format_of, write_video
from clau_doom.replay.overlay import Overlay

__all__ = ["TICS_A_SECOND", "Clip", "Film", "RealTimeFrames", "ReportedFrames", "film", "film_size"]

TICS_A_SECOND = 35


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """Part of an episode.

    Attributes:
        start: Start in seconds of game time.
        end: End in seconds of game time, or None for the end of the episode.
    """

    start: float = 0.0
    end: float | None = None

    def holds(self, tic: int) -> bool:
        """Return whether a tic is in the clip."""
        return self.start * TICS_A_SECOND <= tic and (self.end is None or tic < self.end * TICS_A_SECOND)


@dataclass(frozen=True, kw_only=True, slots=True)
class Film:
    """Written video.

    Attributes:
        path: Path of the file.
        frames: Number of pictures.
        rate: Pictures per second.
        size: Width and height in pixels.
        bytes: Size of the file.
    """

    path: Path
    frames: int
    rate: float
    size: tuple[int, int]
    bytes: int


def film_size(path: Path, resolution: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of a video: even numbers within the limit of its format.

    Raises:
        ConfigError: The suffix is not a video format.
    """
    width, height = resolution
    widest = format_of(path).widest or width
    share = min(1.0, widest / width)
    return round(width * share / 2) * 2, round(height * share / 2) * 2


def film(
    path: Path,
    source: FrameSource,
    resolution: tuple[int, int],
    *,
    overlay: Overlay | None = None,
    clip: Clip | None = None,
    title: str = "",
) -> Film:
    """Write a video of an episode. All frames are read, also those outside of the clip, so that all are verified.

    Args:
        path: Path with the suffix of a video format. An existing file is replaced.
        source: Frames of the episode.
        resolution: Width and height of the frames in pixels.
        overlay: Overlay of each picture.
        clip: Part to show; None: the whole episode.
        title: Title in the metadata of an mp4.

    Raises:
        ConfigError: The suffix is not a video format.
        ReplayDiffers: The source reports a difference from the record.
        StorageFailed: The file cannot be written.
    """
    size, rate = film_size(path, resolution), format_of(path).rate
    pictures = _pictures(source.frames(), size, rate, overlay, clip or Clip())
    frames = write_video(path, pictures, size=size, rate=rate, title=title)
    return Film(path=path, frames=frames, rate=rate, size=size, bytes=path.stat().st_size)


class RealTimeFrames:
    """Frames of another source in real time, 35 tics a second; delays are compensated."""

    def __init__(
        self,
        source: FrameSource,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Delay the frames of `source`; `now` returns monotonic seconds, and `sleep` waits for some seconds."""
        self._source = source
        self._now = now
        self._sleep = sleep

    def frames(self) -> Iterator[Frame]:
        """Yield the source's frames; see the port."""
        begun = self._now()
        for frame in self._source.frames():
            early = begun + frame.tic / TICS_A_SECOND - self._now()
            if early > 0.0:
                self._sleep(early)
            yield frame


class ReportedFrames:
    """Frames of another source, with progress reports for each hundredth of the episode."""

    def __init__(self, source: FrameSource, tics: float, report: Callable[[float], None]) -> None:
        """Report progress as a share from 0 to 1.

        Args:
            source: Frames of the episode.
            tics: Length of the episode.
            report: Receives the finished share.
        """
        self._source = source
        self._tics = max(tics, 1.0)
        self._report = report

    def frames(self) -> Iterator[Frame]:
        """Yield the frames."""
        reported = -1
        for frame in self._source.frames():
            share = min(int(100 * frame.tic / self._tics), 100)
            if share > reported:
                reported = share
                self._report(share / 100)
            yield frame


def _pictures(
    frames: Iterator[Frame], size: tuple[int, int], rate: float, overlay: Overlay | None, clip: Clip
) -> Iterator[NDArray[np.uint8]]:
    """Yield the pictures to show; at a lower frame rate, the latest tic at each time."""
    shown, first = 0, 0
    for frame in frames:
        if not clip.holds(frame.tic):
            continue
        first = first if shown else frame.tic
        if frame.tic - first < int(shown * TICS_A_SECOND / rate):
            continue
        shown += 1
        picture = Image.fromarray(frame.pixels)
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        if overlay is not None:
            overlay.draw(picture, frame)
        yield np.asarray(picture)
