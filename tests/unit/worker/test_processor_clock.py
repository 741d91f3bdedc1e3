"""Tests of the processor time of a worker and its engine."""

import math
import subprocess
import sys
import time

from clau_doom.worker.processor_clock import processor_clock
from tests.support.waiting import wait_until

BUSY = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\ninput()"


def test_time_of_the_engine_is_added_to_that_of_the_process() -> None:
    """The expected time is that of the engine's own clock. After the end of the engine, the time is unknown."""
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        clock, own = processor_clock(engine.pid), time.process_time()
        before = clock()
        engine.stdout.readline()
        assert before - own >= 0.0
        assert clock() - time.process_time() >= 0.3
        assert clock() > before
        engine.kill()
        engine.wait()
        wait_until(lambda: math.isnan(clock()))


def test_time_is_unknown_without_an_engine() -> None:
    assert math.isnan(processor_clock(None)())
