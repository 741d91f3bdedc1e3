"""Following of a run's log."""

import logging
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Self

import pytest

import clau_doom as cd
from clau_doom.api.callbacks import Callbacks
from clau_doom.api.log_following import follow_log
from clau_doom.app.log_tail import LogTail
from clau_doom.domain.events import RecordedEvent
from tests.support.scripted_runs import small
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("workplace")


class BrokenDisplay:
    """A display that fails at its second event, as in a closed terminal."""

    def __init__(self) -> None:
        self.shown = 0
        self.left = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.left = True

    def show(self, recorded: RecordedEvent) -> None:
        self.shown += 1
        if self.shown == 2:
            raise OSError(5, "Input/output error")

    def refresh(self) -> None:
        pass


def ended() -> "Future[None]":
    done: Future[None] = Future()
    done.set_result(None)
    return done


def test_failed_display_is_dropped_and_callbacks_get_all_events(caplog: pytest.LogCaptureFixture) -> None:
    experiment = cd.run(small())
    display, seen = BrokenDisplay(), list[RecordedEvent]()
    with caplog.at_level(logging.ERROR):
        tail = LogTail(Path("runs"), "small", after=0)
        follow_log(tail, ended(), callbacks=Callbacks([seen.append]), display=display)
    assert display.shown == 2
    assert [each.sequence for each in seen] == experiment.events.to_arrow()["sequence"].to_pylist()
    assert "progress display failed (error: " in caplog.text


def test_lost_folder_is_logged_once_and_ends_with_the_run(caplog: pytest.LogCaptureFixture) -> None:
    cd.run(small())
    tail = LogTail(Path("runs"), "small", after=0)
    Path("runs/small/results.sqlite").rename("away")
    done: Future[None] = Future()
    turns: list[None] = []
    thread = threading.Thread(
        target=lambda: follow_log(tail, done, callbacks=Callbacks([print]), on_turn=lambda: turns.append(None))
    )
    with caplog.at_level(logging.WARNING):
        thread.start()
        wait_until(lambda: len(turns) > 3)
        done.set_result(None)
        thread.join(10.0)
    assert not thread.is_alive()
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().startswith("the log of the run cannot be read (error: ")


def test_logs_longer_than_a_page_are_passed_whole() -> None:
    """A page has 256 events."""
    seen: list[int] = []
    cd.run(small(population=20, episodes=6), callbacks=[lambda recorded: seen.append(recorded.sequence)])
    assert len(seen) > 256
    assert seen == [*range(2, 2 + len(seen))]
