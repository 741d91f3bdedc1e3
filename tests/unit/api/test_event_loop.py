"""Tests of blocking calls of coroutines."""

import asyncio
import subprocess
import sys
import threading

import pytest

from clau_doom.api.event_loop import run_blocking


async def _thread_and_loop() -> tuple[str, asyncio.AbstractEventLoop]:
    return threading.current_thread().name, asyncio.get_running_loop()


def test_all_coroutines_run_in_one_loop_of_a_background_thread() -> None:
    name, loop = run_blocking(_thread_and_loop())
    assert name == "clau-doom"
    assert run_blocking(_thread_and_loop()) == (name, loop)


async def test_a_running_loop_of_the_caller_is_no_obstacle() -> None:
    """The caller of a notebook has a running event loop."""
    _, loop = run_blocking(_thread_and_loop())
    assert loop is not asyncio.get_running_loop()


def test_errors_reach_the_caller() -> None:
    async def fail() -> None:
        raise ValueError("17")

    with pytest.raises(ValueError, match="17"):
        run_blocking(fail())


def test_a_cancelled_coroutine_raises_cancelled_error() -> None:
    async def cancel_itself() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run_blocking(cancel_itself())


def test_a_blocking_call_within_a_coroutine_is_an_error() -> None:
    """It would wait for itself forever."""

    async def nested() -> None:
        run_blocking(_thread_and_loop())

    with pytest.raises(RuntimeError, match="use await"):
        run_blocking(nested())


def test_ctrl_c_cancels_the_coroutine_and_waits_for_its_end() -> None:
    code = """
import asyncio, os, signal
from clau_doom.api.event_loop import run_blocking
async def wait():
    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.to_thread(lambda: None)
        print("clean")
try:
    run_blocking(wait())
except KeyboardInterrupt:
    print("interrupted")
"""
    assert _output(code) == "clean\ninterrupted"


def test_a_forked_process_has_a_thread_of_its_own() -> None:
    code = """
import asyncio, os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from clau_doom.api.event_loop import run_blocking
async def value(): return 3
run_blocking(value())
pid = os.fork()
if pid == 0:
    os._exit(run_blocking(value()))
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert _output(code) == "3"


def test_coroutines_are_cancelled_when_the_process_exits() -> None:
    code = """
import asyncio
from clau_doom.api.event_loop import run_blocking
started = []
async def forever():
    try:
        await asyncio.Event().wait()
    finally:
        print("cancelled")
async def start(): started.append(asyncio.create_task(forever()))
async def turn(): await asyncio.sleep(0)
run_blocking(start())
run_blocking(turn())
"""
    assert _output(code) == "cancelled"


def _output(code: str) -> str:
    found = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.stderr == ""
    return found.stdout.strip()
