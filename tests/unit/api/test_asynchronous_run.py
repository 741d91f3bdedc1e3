"""Runs for programs with an event loop, with scripted episodes."""

import asyncio
import threading
import time
from typing import Any

import pytest

import clau_doom as cd
from clau_doom.domain.events import (
    ExperimentCompleted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    GenerationStarted,
    GenomeInjected,
    RecordedEvent,
)
from clau_doom.errors import ConfigError, ExperimentExists, InvalidGenome, WrongState
from clau_doom.policies import GENES
from tests.support.scripted_runs import small

pytestmark = pytest.mark.usefixtures("workplace")
LONG: dict[str, Any] = {"generations": 1000, "inprocess.seconds": 0.02}
"""The run is far from its end during a test, and its episodes end within the grace."""
ENDLESS: dict[str, Any] = {"inprocess.seconds": 3600.0}


async def first_generation(run: cd.Run) -> None:
    async for recorded in run.events():
        if isinstance(recorded.event, GenerationStarted):
            return


async def test_events_are_those_of_the_log() -> None:
    async with cd.start(small()) as run:
        seen = [recorded async for recorded in run.events()]
        experiment = await run.wait()
    assert (run.id, experiment.status.state.value) == ("small", "completed")
    assert [each.sequence for each in seen] == experiment.events.to_arrow()["sequence"].to_pylist()[1:]
    assert isinstance(seen[0].event, ExperimentStarted)
    assert isinstance(seen[-1].event, ExperimentCompleted)
    again = [recorded async for recorded in run.events(after=0)]
    assert again[1:] == seen


async def test_history_is_that_of_a_blocking_run() -> None:
    async with cd.start(small()) as run:
        pass
    other = await asyncio.to_thread(cd.run, small(), name="blocking")
    assert run.experiment.status.history_sha256 == other.status.history_sha256
    assert run.experiment.status.state.value == "completed"


async def test_pause_resume_and_stop() -> None:
    async with cd.start(small(**LONG)) as run:
        await first_generation(run)
        await run.pause()
        assert run.experiment.status.state.value == "paused"
        with pytest.raises(WrongState, match="paused already"):
            await run.pause()
        await run.resume()
        run.stop()
        experiment = await run.wait()
    status = experiment.status
    assert (status.state.value, status.reason) == ("interrupted", "stopped by the program")
    kinds = [type(recorded.event) async for recorded in run.events()]
    assert [kind for kind in kinds if kind in {ExperimentPaused, ExperimentResumed}] == [
        ExperimentPaused,
        ExperimentResumed,
    ]
    with pytest.raises(WrongState, match="experiment small is not running"):
        await run.pause()


async def test_cancel_is_final() -> None:
    async with cd.start(small(**ENDLESS)) as run:
        await first_generation(run)
        await run.cancel()
        assert (await run.wait()).status.state.value == "cancelled"


async def test_genomes_are_injected_by_name_or_in_order() -> None:
    async with cd.start(small(**LONG, population=8, evolution={"immigrants": 4})) as run:
        await first_generation(run)
        genes = run.experiment.agent((0, 0)).genome
        await run.inject(genes)
        await run.inject(GENES.read(genes))
        await run.inject([*GENES.read(genes)])
        with pytest.raises(InvalidGenome, match="gene aim_gain is missing"):
            await run.inject({"x": 1.0})
        with pytest.raises(InvalidGenome, match="a genome of 2 genes"):
            await run.inject([0.5, 0.5])
        with pytest.raises(InvalidGenome, match="'brave' is not a genome"):
            await run.inject("brave")  # type: ignore[arg-type]
        run.stop()
    injected = [each.event async for each in run.events() if isinstance(each.event, GenomeInjected)]
    assert [each.genome for each in injected] == [GENES.read(genes)] * 3


async def test_an_exception_interrupts_the_run() -> None:
    run = cd.start(small(**{**LONG, "generations": 30}))

    async def program() -> None:
        async with run:
            await first_generation(run)
            raise LookupError

    with pytest.raises(LookupError):
        await program()
    status = run.experiment.status
    assert (status.state.value, status.reason) == ("interrupted", "the program raised LookupError")
    assert (await asyncio.to_thread(cd.resume, "small", inprocess={"seconds": 0.0})).status.state.value == "completed"


async def test_second_cancellation_abandons_running_episodes() -> None:
    """As two times Ctrl-C with `asyncio.run`. The episodes would take an hour, and the grace 10 s."""
    began = asyncio.Event()

    async def program() -> None:
        async with cd.start(small(**ENDLESS)) as run:
            await first_generation(run)
            began.set()
            await run.wait()

    task = asyncio.create_task(program())
    await began.wait()
    start = time.monotonic()
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=1.0)
    assert not done
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - start < 9.0
    assert cd.open("small").status.state.value == "interrupted"


async def test_a_blocked_event_loop_does_not_delay_the_run() -> None:
    async with cd.start(small()) as run:
        deadline = time.monotonic() + 30.0
        while run.experiment.status.state.value != "completed":  # without await: the loop of the test is blocked
            assert time.monotonic() < deadline
        await run.wait()


async def test_callbacks_run_in_a_thread_of_their_own() -> None:
    seen: list[RecordedEvent] = []
    threads: set[str] = set()

    def take(recorded: RecordedEvent) -> None:
        seen.append(recorded)
        threads.add(threading.current_thread().name)

    async with cd.start(small(), callbacks=[take]) as run:
        await run.wait()
        assert isinstance(seen[-1].event, ExperimentCompleted)
    assert threads == {"clau-doom-callbacks-small"}


async def test_taken_names_and_completed_experiments() -> None:
    async with cd.start(small()):
        pass
    with pytest.raises(ExperimentExists, match="if_exists='resume'"):
        async with cd.start(small()):
            pass
    async with cd.start(small(), if_exists="resume") as run:
        assert (await run.wait()).status.state.value == "completed"
        with pytest.raises(WrongState, match="is completed"):
            await run.pause()


async def test_mistakes_are_refused() -> None:
    with pytest.raises(ConfigError, match="seed"):
        async with cd.start(small(), seed="x"):
            pass

    async def callback(recorded: RecordedEvent) -> None:
        pass

    with pytest.raises(ConfigError, match="is not a plain function"):
        cd.start(small(), callbacks=[callback])
    run = cd.start(small())
    with pytest.raises(WrongState, match="use `async with cd"):
        await run.wait()
