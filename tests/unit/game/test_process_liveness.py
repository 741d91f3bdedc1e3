"""Tests of process states from the kernel."""

import os
import signal
import subprocess
import sys
import time

from clau_doom.game.process_liveness import child_deaths, child_has_ended, has_ended, is_stopped, notice_child_deaths


def settled(wanted: bool, ask: object, pid: int) -> bool:
    end = time.monotonic() + 5
    while ask(pid) is not wanted and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.01)
    return bool(ask(pid) is wanted)  # type: ignore[operator]


def test_stopped_and_ended_processes_are_distinguished() -> None:
    """A killed child has ended, both before and after `wait`."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert not has_ended(child.pid)
        child.send_signal(signal.SIGSTOP)
        assert settled(True, is_stopped, child.pid)
        assert not has_ended(child.pid)
        assert not child_has_ended(child.pid)
    finally:
        child.kill()
    assert settled(True, has_ended, child.pid), "a zombie has ended"
    assert child_has_ended(child.pid)
    assert child.wait() == -signal.SIGKILL, "asking has left it to be waited for"
    assert has_ended(child.pid)
    assert child_has_ended(child.pid)


def test_end_of_a_child_is_counted() -> None:
    """Earlier signal handlers still run."""
    heard: list[int] = []
    before = signal.signal(signal.SIGCHLD, lambda number, frame: heard.append(number))
    try:
        notice_child_deaths()
        notice_child_deaths()
        count = child_deaths()
        pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ)
        os.waitpid(pid, 0)
        assert child_deaths() == count + 1
        assert heard == [signal.SIGCHLD]
    finally:
        signal.signal(signal.SIGCHLD, before)
