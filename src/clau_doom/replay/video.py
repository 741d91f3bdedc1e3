"""From an episode's frames to a film of it: which of them are shown, how large, and when."""

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

__all__ = ["TICS_A_SECOND", "Clip", "Film", "InRealTime", "Reported", "film", "film_size"]

TICS_A_SECOND = 35


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """A part of an episode.

    Attributes:
        start: Seconds of game time at which it begins.
        end: Seconds at which it ends, or None for the episode's end.
    """

    start: float = 0.0
    end: float | None = None

    def holds(self, tic: int) -> bool:
        """Say whether a tic lies in it."""
        return self.start * TICS_A_SECOND <= tic and (self.end is None or tic < self.end * TICS_A_SECOND)


@dataclass(frozen=True, kw_only=True, slots=True)
class Film:
    """A film that was made.

    Attributes:
        path: The file.
        frames: How many pictures it has.
        rate: How many of them are shown a second.
        size: Their width and height, in pixels.
        bytes: How large the file is.
    """

    path: Path
    frames: int
    rate: float
    size: tuple[int, int]
    bytes: int


def film_size(path: Path, resolution: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height of a film's pictures: even numbers, no larger than its format allows.

    Raises:
        ConfigError: The suffix names no kind of video.
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
    """Film an episode. All its frames are asked for, those outside of the clip too, so that it is proved as a whole.

    Args:
        path: The file; its suffix says its kind. What is there is replaced.
        source: The episode.
        resolution: The frames' width and height, in pixels.
        overlay: What is drawn over each picture.
        clip: The part to show; None: all of it.
        title: What an mp4 says that it is.

    Raises:
        ConfigError: The suffix names no kind of video.
        ReplayDiffers: The source says that it is another episode.
        StorageFailed: The file cannot be written.
    """
    size, rate = film_size(path, resolution), format_of(path).rate
    pictures = _pictures(source.frames(), size, rate, overlay, clip or Clip())
    frames = write_video(path, pictures, size=size, rate=rate, title=title)
    return Film(path=path, frames=frames, rate=rate, size=size, bytes=path.stat().st_size)


class InRealTime:
    """The frames of another source when their time has come, 35 tics a second; what comes late is made up for."""

    def __init__(
        self,
        source: FrameSource,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Hold back the frames of `source`; `now` tells seconds that never go back, `sleep` waits for so many."""
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


class Reported:
    """The frames of another source, with a report of each hundredth of the episode."""

    def __init__(self, source: FrameSource, tics: float, report: Callable[[float], None]) -> None:
        """Report progress as a share from 0 to 1.

        Args:
            source: The episode.
            tics: How long it is.
            report: Called with the share that is over.
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
    """Yield what is shown: of a slower film, at each of its moments, the tic that is on then."""
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
