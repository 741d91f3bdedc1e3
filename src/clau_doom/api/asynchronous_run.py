"""Runs for programs with an event loop: `async with cd.start(...) as run`."""

import asyncio
import contextvars
import os
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

from clau_doom.api.callbacks import Callback, Callbacks
from clau_doom.api.configuration import ConfigSource, configuration_source, keyword_arguments
from clau_doom.api.experiment import Experiment, open_experiment
from clau_doom.api.genome_values import GenomeValues, genome_of
from clau_doom.api.log_following import follow_log
from clau_doom.api.output_dir import find_output_dir
from clau_doom.api.progress import make_display
from clau_doom.api.run_thread import INTERRUPT_GRACE, RunThread
from clau_doom.api.taken_names import IfExists, check_if_exists, explaining_taken_names, prepare
from clau_doom.app.log_tail import LogTail
from clau_doom.app.run_plan import Plan
from clau_doom.app.run_planning import plan_run
from clau_doom.app.served_run import ServedRun
from clau_doom.domain.agent_commands import InjectGenome
from clau_doom.domain.events import RecordedEvent
from clau_doom.domain.experiment import ExperimentState
from clau_doom.domain.snapshot import Snapshot
from clau_doom.errors import WrongState
from clau_doom.storage import ExperimentFolders

__all__ = ["Run", "start"]

_POLL = 0.1
"""Seconds between two reads at the end of the log."""

_T = TypeVar("_T")


def start(
    config: ConfigSource = None,
    /,
    *,
    output_dir: str | os.PathLike[str] | None = None,
    if_exists: IfExists = "error",
    progress: bool | None = False,
    callbacks: Iterable[Callback] = (),
    **overrides: object,
) -> "Run":
    """Return a run that starts when its context is entered.

    The run has an event loop of its own, in a thread of its own. Code that blocks your loop does not delay it.

    Args:
        config: As for `cd.run`.
        output_dir: As for `cd.run`.
        if_exists: As for `cd.run`.
        progress: As for `cd.run`, but off by default.
        callbacks: As for `cd.run`, but called in a thread of their own.
        **overrides: As for `cd.run`.

    Raises:
        ConfigError: An argument is invalid. Entering the context checks the configuration and raises as `cd.run` does.

    Example:
        >>> import clau_doom as cd
        >>> async def main() -> None:
        ...     async with cd.start("quickstart.yaml", name="watched") as run:
        ...         async for recorded in run.events():
        ...             print(recorded.sequence, type(recorded.event).__name__)
        ...         experiment = await run.wait()
    """
    check_if_exists(if_exists)
    folder, called, arguments = find_output_dir(output_dir), Callbacks(callbacks), keyword_arguments(overrides)
    source = configuration_source(config)

    def plan() -> tuple[Plan, Plan | None]:
        found = plan_run(source, folder, environ=os.environ, arguments=arguments)
        return found, prepare(found, if_exists)

    return Run(plan, called, progress=progress)


class Run:
    """An experiment that runs in this process; see `cd.start`.

    Leaving the context without an exception waits for the end of the run, as an `asyncio.TaskGroup` does; call `stop`
    before to end it early. An exception, such as a cancellation by Ctrl-C, interrupts the run: running episodes have
    10 s to end, or no time after a second cancellation. The experiment can be resumed.
    """

    def __init__(
        self, plan: Callable[[], tuple[Plan, Plan | None]], callbacks: Callbacks, *, progress: bool | None
    ) -> None:
        """Use `cd.start` in place of the constructor."""
        self._make_plan = plan
        self._callbacks = callbacks
        self._progress = progress
        self._plan: Plan | None = None
        self._thread: RunThread | None = None
        self._done: asyncio.Future[ExperimentState] | None = None
        self._follower: threading.Thread | None = None
        self._first = 0
        self._waited = False

    async def __aenter__(self) -> Self:
        """Start the run, and return when its workers are started.

        Raises:
            ConfigError: The configuration is invalid.
            ExperimentExists: The name is taken.
            InfrastructureFailed: The workers do not start.
        """
        if self._plan is not None:
            raise WrongState(f"the run of experiment {self.id} was started already: call cd.start again")
        self._plan, prepared = await asyncio.to_thread(self._make_plan)
        if prepared is not None:
            await self._begin(prepared)
        return self

    async def _begin(self, plan: Plan) -> None:
        thread = self._thread = RunThread(plan)
        thread.start()
        self._done = asyncio.wrap_future(thread.done)
        self._done.add_done_callback(lambda done: done.exception())  # retrieved, also if `wait` is not called
        try:
            with explaining_taken_names(plan):
                before = await asyncio.shield(asyncio.wrap_future(thread.begun))
            if before is not None:
                self._first = before.last_sequence
                self._follow(thread, before)
        except BaseException:
            await self._stop_and_wait("the start was cancelled")
            raise

    def _follow(self, thread: RunThread, before: Snapshot) -> None:
        """Start the thread of the display and the callbacks, if there are any."""
        plan = thread.plan
        tail = LogTail(plan.output_dir, plan.config.name, after=before.last_sequence)
        display = make_display(plan, before, self._progress)
        if display is None and not self._callbacks:
            return
        context = contextvars.copy_context()  # in a notebook, it has the cell of the output
        self._follower = threading.Thread(
            target=lambda: context.run(follow_log, tail, thread.done, callbacks=self._callbacks, display=display),
            name=f"clau-doom-callbacks-{plan.config.name}",
            daemon=True,
        )
        self._follower.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the end of the run. After an exception, interrupt the run first."""
        if kind is not None:
            await self._stop_and_wait(f"the program raised {kind.__name__}")
            await self._callbacks_finished()
        elif not self._waited:
            try:
                await self.wait()
            except asyncio.CancelledError:
                await self._stop_and_wait("the program was cancelled")
                raise

    @property
    def id(self) -> str:
        """Id of the experiment."""
        return self._entered().config.name

    @property
    def experiment(self) -> Experiment:
        """The experiment, which can be read while it runs. In a coroutine, reading blocks the event loop briefly."""
        plan = self._entered()
        return open_experiment(plan.config.name, plan.output_dir)

    async def events(self, *, after: int | None = None) -> AsyncGenerator[RecordedEvent, None]:
        """Yield each event after it is committed, in the order of the log, until the run ends.

        Several loops can read at the same time, each at its own pace. A slow loop does not delay the run.

        Args:
            after: Sequence after which to begin. None: the first event of this run. 0: the beginning of the log.
        """
        plan, after = self._entered(), self._first if after is None else after
        async with ExperimentFolders(plan.output_dir).open(plan.config.name).read() as store:
            while True:
                over = self._done is None or self._done.done()  # read first: the log is complete then
                async for recorded in store.events(after):
                    after = recorded.sequence
                    yield recorded
                if over:
                    return
                await self._ended(_POLL)

    async def pause(self) -> None:
        """Start no further episodes until `resume`. Running episodes finish, and the running time stops.

        Raises:
            WrongState: The run is paused already, stopping or over.
        """
        await self._submit(lambda served: served.run.control.pause())

    async def resume(self) -> None:
        """Start episodes again.

        Raises:
            WrongState: The run is not paused.
        """
        await self._submit(lambda served: served.run.control.resume())

    async def inject(self, genome: GenomeValues) -> None:
        """Add an agent with a genome to the next generation. The intervention is counted as a deviation.

        Args:
            genome: Values by name of the gene (choices by their name), or in the order of the genes.

        Raises:
            InvalidGenome: The genome is not in the policy's space.
            GenerationFull: The next generation has no place for another genome.
            WrongState: No generation follows, or the run is over.
        """
        plan = self._entered()
        command = InjectGenome(experiment=plan.config.name, genome=genome_of(genome, plan.space))
        await self._submit(lambda served: served.run.control.execute(command))

    def stop(self, *, grace: float = INTERRUPT_GRACE) -> None:
        """Interrupt the run. The experiment can be resumed. Do nothing if the run is over.

        Args:
            grace: Seconds for running episodes.
        """
        self._entered()
        if self._thread is not None:
            self._thread.stop("stopped by the program", grace=grace)

    async def cancel(self) -> None:
        """Cancel the experiment permanently: it cannot be resumed.

        Raises:
            WrongState: The run is over.
        """

        async def cancel(served: ServedRun) -> None:
            served.run.control.cancel()

        await self._submit(cancel)

    async def wait(self) -> Experiment:
        """Wait for the end of the run and for its callbacks, and return the experiment.

        Raises:
            ExperimentFailed: The experiment cannot continue.
        """
        self._entered()
        await self._ended()
        await self._callbacks_finished()
        self._waited = True
        if self._done is not None:
            self._done.result()
        return await asyncio.to_thread(lambda: self.experiment)

    def _entered(self) -> Plan:
        if self._plan is None:
            raise WrongState("the run is not started: use `async with cd.start(...) as run`")
        return self._plan

    async def _submit(self, command: Callable[[ServedRun], Coroutine[Any, Any, _T]]) -> _T:
        """Carry out a command in the thread of the run, unless the run ends before."""
        self._entered()
        if self._thread is None or self._done is None:
            raise WrongState(f"experiment {self.id} is completed")
        answer = asyncio.wrap_future(self._thread.submit(command))
        either: set[asyncio.Future[Any]] = {answer, self._done}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise WrongState(f"experiment {self.id} is over")
        return answer.result()

    async def _ended(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - errors are not raised
        """Wait for the end of the run. Errors of the run are not raised."""
        if self._done is not None:
            await asyncio.wait({self._done}, timeout=timeout)

    async def _callbacks_finished(self) -> None:
        if self._follower is not None:
            await asyncio.to_thread(self._follower.join)

    async def _stop_and_wait(self, reason: str) -> None:
        """Interrupt the run and wait for its end. A further cancellation abandons the running episodes."""
        if self._thread is None:
            return
        self._thread.stop(reason)
        try:
            await self._ended()
        except asyncio.CancelledError:
            self._thread.stop(reason, grace=0.0)
            await self._ended()
            raise
