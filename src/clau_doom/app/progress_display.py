"""Live display of a run in a terminal, drawn from the event log without delaying the run."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from importlib import import_module
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from clau_doom.app.progress_state import ProgressState
from clau_doom.app.text_format import clock, sparkline
from clau_doom.config import ExperimentConfig
from clau_doom.domain import Purpose
from clau_doom.domain.budget import BudgetUnit
from clau_doom.domain.event_declaration import Severity, declaration_of, summary_of
from clau_doom.domain.events import (
    AgentFailed,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    ChampionChosen,
    ContestantFailed,
    EpisodeLost,
    Event,
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    GenerationCompleted,
    GenomeInjected,
    RecordedEvent,
)
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.domain.snapshot import Snapshot
from clau_doom.escaping import printable
from clau_doom.number_format import counted, number, number_with_interval

__all__ = [
    "ENDINGS",
    "TerminalProgress",
    "event_line",
    "live_view",
    "phase_text",
    "show_progress",
    "standing_text",
    "times_text",
]

_BARS = 48
_MEAN_WIDTH = 20  # of a mean with its interval, such as 23.59 [22.54, 24.33]
_REFRESH = 4  # updates a second; more would take CPU time from the workers
ENDINGS = (ExperimentCancelled, ExperimentCompleted, ExperimentFailed, ExperimentInterrupted)
"""Last events of a run."""
_STEERED = {
    ExperimentPaused: "paused: new episodes wait for the resume",
    ExperimentResumed: "resumed",
    ExperimentCancelled: "cancelled",
}
_HANDLED = {AgentPaused: "paused", AgentResumed: "resumed", AgentRestarted: "restarted"}
_STYLES = {
    Severity.INFO: "cyan",
    Severity.SUCCESS: "bold green",
    Severity.WARNING: "yellow",
    Severity.ERROR: "bold red",
}
_PHASES = {
    Purpose.VALIDATION: "selecting the champion",
    Purpose.HELD_OUT: "evaluating the champion",
}


async def show_progress(
    events: AsyncIterator[RecordedEvent],
    config: ExperimentConfig,
    *,
    console: Console,
    snapshot: Snapshot | None = None,
    now: Callable[[], float] = time.time,
) -> None:
    """Show a run until the last event of the run; see `TerminalProgress`. Cancellation restores the terminal.

    Args:
        events: The experiment's events; for a resumed run, those after the snapshot.
        config: The configuration of the run.
        console: The output.
        snapshot: The state of a resumed run before its resumption, or None.
        now: Returns the time of events, in seconds since the epoch.
    """
    # The first import of scipy takes a while. In a thread, it does not delay the run.
    await asyncio.to_thread(import_module, "clau_doom.statistics.intervals")
    with TerminalProgress(ProgressState.begin(config, snapshot), console, now) as display:
        async for recorded in events:
            display.show(recorded)
            if isinstance(recorded.event, ENDINGS):
                return


class TerminalProgress:
    """Display of a run: a live bar on a terminal, plain lines elsewhere, and a line for each generation.

    Leaving the context restores the terminal.
    """

    def __init__(self, progress: ProgressState, console: Console, now: Callable[[], float] = time.time) -> None:
        """Prepare.

        Args:
            progress: Progress of the run so far.
            console: The output.
            now: Returns the time of events, in seconds since the epoch.
        """
        self._progress = progress
        self._console = console
        self._live = Live(
            get_renderable=lambda: live_view(progress, now()),
            console=console,
            refresh_per_second=_REFRESH,
            transient=True,
        )

    def __enter__(self) -> Self:
        """Show the bar."""
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the bar."""
        self._live.stop()

    def refresh(self) -> None:
        """Do nothing: the bar is redrawn by a thread of its own."""

    def show(self, recorded: RecordedEvent) -> None:
        """Show the next event."""
        line = event_line(recorded, self._progress, self._console.width)
        self._progress.apply(recorded)
        if line is not None:  # on a terminal, long reasons are wrapped between words
            self._console.print(line, soft_wrap=not self._console.is_terminal)


def live_view(progress: ProgressState, now: float) -> RenderableType:
    """Return the display of a run at a given time, at most 80 columns wide: progress, rate, times and fitness."""
    rate = progress.rate(now)
    bar = Table.grid(expand=True, padding=(0, 1))
    bar.add_column(no_wrap=True)
    bar.add_column(ratio=1, min_width=8)
    bar.add_column(no_wrap=True)
    bar.add_column(no_wrap=True)
    bar.add_row(
        phase_text(progress),
        ProgressBar(total=max(progress.total, 1), completed=progress.done, complete_style="red", finished_style="red"),
        Text(f"{progress.done:>{len(str(progress.total))}}/{progress.total} episodes", "bold"),
        Text(f"{'...' if rate is None else format(rate, '.1f'):>6} episodes/s", "cyan"),
    )
    below = Table.grid(expand=True, padding=(0, 1))
    below.add_column(no_wrap=True)
    below.add_column(justify="right", no_wrap=True, ratio=1)
    below.add_row(standing_text(progress), Text(times_text(progress, now), "dim"))
    return Group(bar, below, _curve(progress))


def times_text(progress: ProgressState, now: float) -> str:
    """Return the elapsed and the remaining time."""
    elapsed = now - progress.started if progress.started is not None else 0.0
    left = progress.seconds_left(now)
    return f"{clock(max(elapsed, 0.0))} elapsed" + (f", about {clock(left)} left" if left is not None else "")


def phase_text(progress: ProgressState) -> Text:
    """Return the current generation, or the phase after the last generation."""
    if progress.phase is not Purpose.TRAINING:
        return Text(_PHASES[progress.phase], "bold")
    generation = Text.assemble("generation ", (f"{progress.generation}", "bold"))
    if progress.budget.unit is BudgetUnit.GENERATIONS:
        return generation.append(f" of {progress.generations}")
    return generation.append(f", {progress.budget.progress(progress.summaries)}")


def standing_text(progress: ProgressState) -> Text:
    """Return the best fitness so far, and the mean of the current or last generation."""
    fitnesses = [*progress.fitnesses.values()] if progress.phase is Purpose.TRAINING else []
    bests = [*fitnesses, *(summary.best_fitness for summary in progress.summaries)]
    if not bests:
        return Text("no evaluated agents yet", "dim")
    mean = _mean_text(fitnesses) if fitnesses else number(progress.summaries[-1].mean_fitness)
    failed = (f"   {progress.failed} failed", "red") if progress.failed else ""
    return Text.assemble("best ", (number(max(bests)), "bold"), "   mean ", (mean, "bold"), failed)


def _mean_text(fitnesses: list[float]) -> str:
    """Return the mean of agents with its 95 % interval, or with the number of agents if there is no interval."""
    from clau_doom.statistics.intervals import student_interval  # noqa: PLC0415 - imported in a thread by `show_progress`

    mean = student_interval(fitnesses)
    text = number_with_interval(mean.mean, mean.low, mean.high)
    return f"{text} (n = {mean.n})" if mean.reason else text


def _curve(progress: ProgressState) -> Text:
    """Return the last line, the generations' mean fitness. It is short, because the terminal echoes Ctrl-C after it."""
    if len(progress.summaries) < 2:
        return Text("Ctrl-C interrupts the run, which can be resumed", "dim", no_wrap=True, overflow="ellipsis")
    bars = sparkline([summary.mean_fitness for summary in progress.summaries], _BARS)
    line = Text.assemble(("mean of each generation ", "dim"), (bars, "red"))
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def event_line(recorded: RecordedEvent, progress: ProgressState, width: int) -> Text | None:
    """Return the line for an event, or None. Call this before `progress` gets the event."""
    event = recorded.event
    match event:
        case GenerationCompleted():
            return _generation_line(event.summary, progress, recorded.time, width)
        case ExperimentStarted():
            return _start_line(event, progress, width)
        case ChampionChosen():
            chosen = f"fitness {number(event.validation_fitness)} on validation seeds, best of {event.candidates}"
            return _styled_line("champion", "bold green", event.champion.agent_id(progress.config.name), chosen)
        case AgentFailed() | ContestantFailed() | EpisodeLost():
            return _failure_line(event, progress)
    return _steering_line(event, progress)


def _steering_line(event: Event, progress: ProgressState) -> Text | None:
    match event:
        case ExperimentPaused() | ExperimentResumed() | ExperimentCancelled():
            return _styled_line("experiment", "cyan", progress.config.name, _STEERED[type(event)])
        case AgentPaused() | AgentResumed() | AgentRestarted():
            return _styled_line("agent", "cyan", event.ref.agent_id(progress.config.name), _HANDLED[type(event)])
        case GenomeInjected():
            return _styled_line("genome", "cyan", f"generation {event.generation}", "one waits for injection")
    return _declared_line(event, progress)


def _declared_line(event: Event, progress: ProgressState) -> Text | None:
    """Return the line for an event without a line of its own, from its declaration; None for routine events."""
    declaration = declaration_of(event)
    if isinstance(event, ENDINGS) or declaration.severity is Severity.ROUTINE:
        return None
    return _styled_line(declaration.title, _STYLES[declaration.severity], progress.config.name, summary_of(event))


def _failure_line(event: AgentFailed | ContestantFailed | EpisodeLost, progress: ProgressState) -> Text:
    match event:
        case AgentFailed():
            return _styled_line(
                "agent failed", "bold red", event.ref.agent_id(progress.config.name), event.reason, event.traceback
            )
        case ContestantFailed():
            where = f"{event.agent}, {event.purpose.value} episode {event.number}"
            return _styled_line("policy failed", "bold red", where, event.reason, event.traceback)
        case EpisodeLost():
            lost = f"{event.agent}, episode {event.number}, attempt {event.attempt}"
            return _styled_line("episode lost", "yellow", lost, event.reason)


def _styled_line(what: str, style: str, where: str, text: str, trace: FailureTrace | None = None) -> Text:
    """Return a line, followed by a traceback for the first of several similar failures."""
    line = Text.assemble((what, style), f" {where}: {text}")
    return line.append(f"\n{trace.text}", "dim") if trace and trace.text else line


def _start_line(event: ExperimentStarted, progress: ProgressState, width: int) -> Text:
    config = progress.config
    verb = "resuming " if event.resumed else "evolving "
    line = Text.assemble(verb, (config.name, "bold"), f" on {printable(config.scenario.name)}: ")
    line.append(config.evolution_size)
    episodes = f", {counted(config.episodes, 'episode')} each"
    return line.append(episodes) if len(line) + len(episodes) <= width else line


def _generation_line(summary: GenerationSummary, progress: ProgressState, at: float, width: int) -> Text:
    """Return a generation's line; narrow terminals omit the rate, then the time and the worst fitness."""
    fitnesses = [fitness for ref, fitness in progress.fitnesses.items() if ref.generation == summary.index]
    mean = _mean_text(fitnesses) if fitnesses else number(summary.mean_fitness)
    record = all(summary.best_fitness > earlier.best_fitness for earlier in progress.summaries)
    line = Text.assemble(
        ("generation ", "dim"),
        f"{summary.index:>{len(str(progress.generations - 1))}}",
        ("   best ", "dim"),
        (f"{number(summary.best_fitness):>7}", "bold green" if record else "bold"),
        ("   mean ", "dim"),
        f"{mean:<{_MEAN_WIDTH}}",
    )
    failed = Text(f"   {summary.failed} failed" if summary.failed else "", "red")
    parts = [Text.assemble(("   worst ", "dim"), f"{number(summary.worst_fitness):>7}")]
    if progress.generation_started is not None:
        seconds = max(at - progress.generation_started, 0.001)
        parts += [Text(f"   {seconds:6.1f} s", "dim"), Text(f"   {summary.episodes / seconds:6.1f} episodes/s", "dim")]
    for part in parts:
        if len(line) + len(part) + len(failed) > width:
            break
        line.append(part)
    return line.append(failed)
