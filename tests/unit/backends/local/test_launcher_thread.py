"""The thread that starts workers."""

import os
import threading
import warnings
import weakref
from functools import partial

import pytest

from clau_doom.backends.local.launcher_thread import call_in_launcher_thread
from tests.support.waiting import wait_until


class Held:
    pass


def in_another_thread() -> int:
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(call_in_launcher_thread(threading.get_native_id)))
    thread.start()
    thread.join()
    return found[0]


def test_all_callers_share_a_thread_that_outlives_them() -> None:
    first = in_another_thread()
    assert first != threading.get_native_id()
    assert in_another_thread() == first == call_in_launcher_thread(threading.get_native_id)


def test_errors_are_raised_in_the_calling_thread_and_leave_the_thread_usable() -> None:
    with pytest.raises(ZeroDivisionError):
        call_in_launcher_thread(lambda: 1 // 0)
    assert call_in_launcher_thread(lambda: 7) == 7


def test_a_waiting_thread_holds_no_objects_of_the_last_caller() -> None:
    held = Held()
    alive = weakref.ref(held)
    call_in_launcher_thread(partial(id, held))
    del held
    wait_until(lambda: alive() is None, seconds=5.0)


def test_a_forked_process_has_a_thread_of_its_own() -> None:
    call_in_launcher_thread(lambda: None)
    reader, writer = os.pipe()
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # Python 3.12 warns of threads
        child = os.fork()
    if child == 0:
        os.write(writer, b"done" if call_in_launcher_thread(os.getpid) == os.getpid() else b"fail")
        os._exit(0)
    assert os.read(reader, 4) == b"done"
    assert os.waitpid(child, 0)[1] == 0
    os.close(reader)
    os.close(writer)
