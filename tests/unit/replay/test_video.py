"""Tests of films: frames, sizes and timing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clau_doom.errors import ConfigError, ReplayDiffers, StorageFailed
from clau_doom.ports import Frame
from clau_doom.replay import Clip, RealTimeFrames, ReportedFrames, check_target, film, film_size
from clau_doom.replay.encoder import write_video
from tests.support.films import take_apart

Synthetic = Callable[..., Any]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_mp4_has_a_picture_for_each_tic(tmp_path: Path, synthetic: Synthetic) -> None:
    """The film has 35 pictures a second, in order, in a format of H.264 for browsers."""
    made = film(tmp_path / "a.mp4", synthetic(70), (64, 48), title="an episode")
    found = take_apart(made.path)
    assert (made.frames, made.size, made.bytes) == (70, (64, 48), made.path.stat().st_size)
    assert (len(found.pictures), found.size, found.rate, found.seconds) == (70, (64, 48), 35.0, 2.0)
    assert (found.codec, found.pixels) == ("h264", "yuv420p")
    greys = [float(picture.mean()) for picture in found.pictures]
    assert np.allclose(greys, range(0, 210, 3), atol=4.0)
    assert left(tmp_path) == ["a.mp4"]


def test_gif_has_the_duration_of_the_episode(tmp_path: Path, synthetic: Synthetic) -> None:
    """Two seconds of game are 25 frames of 0.08 s."""
    made = film(tmp_path / "a.gif", synthetic(70), (640, 480))
    with Image.open(made.path) as gif:
        assert (gif.n_frames, gif.size, made.size) == (25, (400, 300), (400, 300))  # type: ignore[attr-defined]
        assert gif.info["loop"] == 0
        greys, lasting = [], 0
        for number in range(25):
            gif.seek(number)
            lasting += gif.info["duration"]
            greys.append(float(np.asarray(gif.convert("L")).mean()))
    assert (made.frames, lasting) == (25, 2000)
    assert np.allclose(greys, [3 * int(number * 2.8) for number in range(25)], atol=5.0)
    assert left(tmp_path) == ["a.gif"]


def test_clip_shows_a_part_and_plays_the_whole_episode(tmp_path: Path, synthetic: Synthetic) -> None:
    """All frames are requested, so that the whole episode is verified."""
    source = synthetic(105)
    made = film(tmp_path / "a.mp4", source, (64, 48), clip=Clip(start=1.0, end=2.0))
    pictures = take_apart(made.path).pictures
    assert (made.frames, len(pictures), source.asked) == (35, 35, 105)
    assert abs(float(pictures[0].mean()) - 105.0) < 4.0
    gif = film(tmp_path / "a.gif", synthetic(105), (64, 48), clip=Clip(start=2.0))
    assert gif.frames == 13
    with Image.open(gif.path) as opened:
        assert abs(float(np.asarray(opened.convert("L")).mean()) - 210.0) < 5.0


@pytest.mark.parametrize(
    ("name", "resolution", "size"),
    [("a.mp4", (1280, 960), (1280, 960)), ("a.gif", (1280, 960), (400, 300)), ("a.GIF", (160, 120), (160, 120))],
)
def test_film_size_depends_on_the_format(name: str, resolution: tuple[int, int], size: tuple[int, int]) -> None:
    """An mp4 has the size of the rendered frames. A gif is at most 400 pixels wide."""
    assert film_size(Path(name), resolution) == size


class Failing:
    """Frames that differ from the recorded episode."""

    def frames(self) -> Iterator[Frame]:
        pixels = np.zeros((48, 64, 3), dtype=np.uint8)
        yield Frame(tic=0, decision=0, variables=np.zeros(1), pixels=pixels)
        raise ReplayDiffers("it is another one")


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_failed_film_leaves_no_file(tmp_path: Path, name: str) -> None:
    """An existing file stays unchanged."""
    with pytest.raises(ReplayDiffers):
        film(tmp_path / name, Failing(), (64, 48))
    assert left(tmp_path) == []
    (tmp_path / name).write_bytes(b"before")
    with pytest.raises(ReplayDiffers):
        film(tmp_path / name, Failing(), (64, 48))
    assert (tmp_path / name).read_bytes() == b"before"


def test_error_of_the_encoder_is_reported(tmp_path: Path, synthetic: Synthetic) -> None:
    """H.264 needs even sizes."""
    odd = (np.zeros((49, 65, 3), dtype=np.uint8) for _ in range(9))
    with pytest.raises(StorageFailed, match=r"a\.mp4: ffmpeg reported: .*not divisible by 2"):
        write_video(tmp_path / "a.mp4", odd, size=(65, 49), rate=35.0)
    assert left(tmp_path) == []


def test_target_is_checked_before_the_replay(tmp_path: Path) -> None:
    """Suffix, folder and existing file are checked. `force` overwrites a file but not a folder."""
    (tmp_path / "a.mp4").touch()
    (tmp_path / "b.gif").mkdir()
    check_target(tmp_path / "c.MP4", force=False)
    check_target(tmp_path / "a.mp4", force=True)
    for name, force, message in (
        ("a.avi", False, r"a\.avi' is not a \.mp4 or \.gif file"),
        ("a", True, "is not a .mp4 or .gif file"),
        ("no/a.mp4", False, "not found"),
        ("a.mp4", False, "overwrite it with force=True"),
        ("b.gif", True, "another name"),
    ):
        with pytest.raises(ConfigError, match=message):
            check_target(tmp_path / name, force=force)


def test_frames_are_shown_in_real_time(synthetic: Synthetic) -> None:
    """A late frame is shown at once, and the following frames catch up."""
    clock = [100.0]
    waits = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    for frame in RealTimeFrames(synthetic(70), now=lambda: clock[0], sleep=sleep).frames():
        assert clock[0] >= 100.0 + frame.tic / 35
        clock[0] += 1.0 if frame.tic == 10 else 0.01
    assert clock[0] == pytest.approx(100.0 + 69 / 35 + 0.01)
    assert len(waits) < 69


def test_progress_has_at_most_a_hundred_reports(synthetic: Synthetic) -> None:
    """The frames are unchanged."""
    for tics, reports in ((1000, 100), (7, 7)):
        shares: list[float] = []
        frames = [frame.tic for frame in ReportedFrames(synthetic(tics), tics, shares.append).frames()]
        assert frames == list(range(tics))
        assert (len(shares), shares[0]) == (reports, 0.0)
        assert shares == sorted(shares)
        assert 0.8 < shares[-1] <= 1.0
