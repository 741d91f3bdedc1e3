"""Blocking runs: `cd.run` and `cd.resume`."""

import os
import sys
from collections.abc import Callable, Iterable

from clau_doom.api.callbacks import Callback, Callbacks
from clau_doom.api.configuration import ConfigSource, configuration_source, keyword_arguments
from clau_doom.api.event_loop import run_blocking
from clau_doom.api.experiment import Experiment, open_experiment
from clau_doom.api.interrupts import counted_interrupts
from clau_doom.api.log_following import follow_log, wait_for
from clau_doom.api.opening import locate
from clau_doom.api.output_dir import find_output_dir
from clau_doom.api.progress import make_display
from clau_doom.api.run_thread import INTERRUPT_GRACE, RunThread
from clau_doom.api.taken_names import (
    IfExists,
    check_if_exists,
    explaining_taken_names,
    output_dir_argument,
    prepare,
)
from clau_doom.app.log_tail import LogTail
from clau_doom.app.run_plan import Plan
from clau_doom.app.run_planning import plan_resume, plan_run
from clau_doom.domain.experiment import ExperimentState

__all__ = ["resume", "run"]


def run(
    config: ConfigSource = None,
    /,
    *,
    output_dir: str | os.PathLike[str] | None = None,
    if_exists: IfExists = "error",
    progress: bool | None = None,
    callbacks: Iterable[Callback] = (),
    **overrides: object,
) -> Experiment:
    """Run an experiment to its end, and return it.

    The run has a thread of its own, so that it also works in a notebook, where an event loop runs already. Ctrl-C, or
    the stop button of a notebook, interrupts the run: running episodes have 10 s to end, and the experiment can be
    resumed. A second Ctrl-C abandons the running episodes. The workers end with this process.

    Args:
        config: Path of a YAML file, a dict with nested or dotted keys, an `ExperimentConfig`, or None for the defaults.
            Environment variables ``CLAU_DOOM_*`` override it, as on the command line.
        output_dir: Folder of experiments. None: ``$CLAU_DOOM_OUTPUT_DIR``, or else ``runs``.
        if_exists: Reaction to a stored experiment of the same name. ``error``: raise. ``resume``: continue the
            experiment, or return it if it is completed; the configuration must be the same. ``replace``: delete the
            experiment first.
        progress: Whether to show the progress. None: in a notebook, or in a terminal on standard error.
        callbacks: Functions that receive each `RecordedEvent` after it is committed, in the order of the log. They are
            called in the calling thread, and do not delay the run. Exceptions of a callback are logged.
        **overrides: Values of fields, such as ``generations=5``, ``execution={"workers": 2}`` or
            ``**{"execution.workers": 2}``. They override the configuration and the environment. A class of an
            importable module can be the value of ``policy`` and ``evolution``.

    Returns:
        The experiment. Its state is ``completed``, ``cancelled`` by another process, or ``interrupted`` because
        `max_duration` is used up or the disk is full.

    Raises:
        ConfigError: The configuration is invalid. The message lists all problems.
        ExperimentExists: The name is taken.
        ExperimentFailed: The experiment cannot continue.
        KeyboardInterrupt: The run was interrupted by Ctrl-C. The experiment is stored and can be resumed.

    Example:
        >>> import clau_doom as cd
        >>> experiment = cd.run("quickstart.yaml", generations=5, seed=3)  # doctest: +SKIP
        >>> experiment.champion.held_out  # doctest: +SKIP
        Interval(mean=23.1, low=21.9, high=24.4, n=100, reason='')
    """
    folder, called = find_output_dir(output_dir), Callbacks(callbacks)
    arguments = keyword_arguments(overrides)
    check_if_exists(if_exists)
    plan = plan_run(configuration_source(config), folder, environ=os.environ, arguments=arguments)
    if (prepared := prepare(plan, if_exists)) is not None:
        with explaining_taken_names(plan):
            _run_to_end(prepared, called, progress=progress)
    return open_experiment(plan.config.name, folder)


def resume(
    experiment: str | os.PathLike[str] | Experiment,
    *,
    output_dir: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    callbacks: Iterable[Callback] = (),
    **overrides: object,
) -> Experiment:
    """Resume an interrupted experiment, or continue a completed one with more generations, and return it.

    Finished episodes are not played again. The history is the same as without the interruption.

    Args:
        experiment: Id or path of the experiment, as for `cd.open`, or an `Experiment`.
        output_dir: Folder of experiments, for an id. None: ``$CLAU_DOOM_OUTPUT_DIR``, or else ``runs``.
        progress: As for `cd.run`.
        callbacks: As for `cd.run`. They receive the events from the resume on.
        **overrides: Fields that do not decide the results of finished generations, such as ``generations``,
            ``max_duration`` and ``execution``.

    Raises:
        ExperimentNotFound: The experiment does not exist.
        ExperimentDone: The experiment is over, and its number of generations was not raised.
        ResumeRefused: A change would change the results.
        WrongState: `max_duration` is used up.
        ConfigError, ExperimentFailed, KeyboardInterrupt: As for `cd.run`.

    Example:
        >>> import clau_doom as cd
        >>> cd.resume("quickstart", generations=20)  # doctest: +SKIP
    """
    called, arguments = Callbacks(callbacks), keyword_arguments(overrides)
    name, folder = experiment.location if isinstance(experiment, Experiment) else locate(experiment, output_dir)
    plan = run_blocking(plan_resume(name, folder, environ=os.environ, arguments=arguments))
    _run_to_end(plan, called, progress=progress)
    return open_experiment(name, folder)


def _run_to_end(plan: Plan, callbacks: Callbacks, *, progress: bool | None) -> ExperimentState:
    """Run a plan in a thread, and show it until its end. Interrupts stop the run, and are raised after its end."""
    thread = RunThread(plan)
    announced = 0

    def announce() -> None:
        nonlocal announced
        if interrupts.count > announced:
            announced = interrupts.count
            print(_announcement(announced), file=sys.stderr, flush=True)  # noqa: T201 - the user waits for an answer

    def interrupt(count: int) -> None:
        thread.stop("Ctrl-C", grace=INTERRUPT_GRACE if count == 1 else 0.0)

    with counted_interrupts(interrupt) as interrupts:
        thread.start()
        try:
            _follow(thread, callbacks, progress=progress, on_turn=announce)
        except BaseException as error:  # such as an exception of the program's own signal handler
            thread.stop(type(error).__name__)
            thread.join()
            raise
    state = thread.done.result()
    if interrupts.count and state is ExperimentState.INTERRUPTED:
        name, where = plan.config.name, output_dir_argument(plan.output_dir)
        raise KeyboardInterrupt(f"experiment {name} was interrupted: continue with cd.resume({name!r}{where})")
    return state


def _follow(thread: RunThread, callbacks: Callbacks, *, progress: bool | None, on_turn: Callable[[], None]) -> None:
    """Show the run until its end. Errors of the run are in its future result."""
    wait_for(thread.begun, on_turn)
    if thread.begun.exception() is not None:
        return
    before = thread.begun.result()
    if before is None:
        return
    plan = thread.plan
    tail = LogTail(plan.output_dir, plan.config.name, after=before.last_sequence)
    display = make_display(plan, before, progress)
    follow_log(tail, thread.done, callbacks=callbacks, display=display, on_turn=on_turn)


def _announcement(count: int) -> str:
    if count == 1:
        return f"interrupted: running episodes have {INTERRUPT_GRACE:g} s to end; interrupt again to stop at once"
    return "interrupted again: stopping at once"
