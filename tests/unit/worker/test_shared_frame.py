"""Tests of frames in shared memory."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.domain import LiveFrame
from clau_doom.worker import SharedFrame


def frame(*, width: int = 4, height: int = 3, channels: int = 1, held: tuple[str, ...] = ("ATTACK",)) -> LiveFrame:
    return LiveFrame(
        task=7,
        tic=20,
        health=55.5,
        kills=2.0,
        held=held,
        width=width,
        height=height,
        channels=channels,
        pixels=bytes(range(width * height * channels)),
    )


@given(channels=st.sampled_from([1, 3]), held=st.lists(st.sampled_from(["ATTACK", "TURN_LEFT", "MOVE_FORWARD"])))
def test_written_frame_is_read_once(tmp_path_factory: pytest.TempPathFactory, channels: int, held: list[str]) -> None:
    path = tmp_path_factory.mktemp("p") / "frame"
    it = frame(channels=channels, held=tuple(held[:20]))
    with SharedFrame(path, (8, 8)) as written, SharedFrame(path) as looked:
        assert (written.requested[0], looked.look()) == (0, None)
        assert written.requested[0] == 1
        written.write(it)
        assert written.requested[0] == 0
        assert looked.look() == it
        assert looked.look() is None


def test_oversized_picture_is_dropped(tmp_path: Path) -> None:
    """The request is answered, so that it is not repeated. No byte beyond the file is written."""
    with SharedFrame(tmp_path / "shared_frame", (2, 2)) as written, SharedFrame(tmp_path / "shared_frame") as looked:
        looked.look()
        written.write(frame(width=13, height=1))
        assert written.requested[0] == 0
        assert looked.look() is None
