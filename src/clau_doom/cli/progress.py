"""The live display of `run`, drawn from the event log on stderr; the run itself never waits for it."""

import time
from collections.abc import AsyncIterator, Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from clau_doom.cli.console import progress_console
from clau_doom.cli.format import clock, number, sparkline
from clau_doom.cli.tracking import Tracker
from clau_doom.config import ExperimentConfig
from clau_doom.domain import AgentRef, Purpose, agent_id
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
from clau_doom.domain.snapshot import Snapshot

__all__ = ["live_view", "show_progress"]

_REFRESH = 4  # a second; more would take time from the cores that play
_ENDINGS = (ExperimentCancelled, ExperimentCompleted, ExperimentFailed, ExperimentInterrupted)
_STEERED = {
    ExperimentPaused: "paused: no new episode is begun until it is resumed",
    ExperimentResumed: "goes on",
    ExperimentCancelled: "cancelled",
}
_HANDLED = {AgentPaused: "paused", AgentResumed: "resumed", AgentRestarted: "restarted"}
_PHASES = {
    Purpose.VALIDATION: "choosing the champion on validation seeds",
    Purpose.HELD_OUT: "judging the champion on held-out seeds",
}


async def show_progress(
    events: AsyncIterator[RecordedEvent],
    config: ExperimentConfig,
    *,
    snapshot: Snapshot | None = None,
    console: Console | None = None,
    now: Callable[[], float] = time.time,
) -> None:
    """Show a run until it ends: a live bar on a terminal, plain lines elsewhere, one line a generation on both.

    Returns after the event that ends the run; cancelling it leaves the terminal as it was.

    Args:
        events: The experiment's events; of a resumed run, those after the snapshot's last.
        config: What is run.
        snapshot: Where a resumed run stood, or None.
        console: Where to draw; default: stderr.
        now: The time that events are stamped with, in seconds since the epoch.
    """
    console = console or progress_console()
    tracker = Tracker.begin(config, snapshot)
    if not console.is_terminal:
        await _follow(events, tracker, console)
        return
    live = Live(
        get_renderable=lambda: live_view(tracker, now()),
        console=console,
        refresh_per_second=_REFRESH,
        transient=True,
    )
    with live:
        await _follow(events, tracker, live.console)


def live_view(tracker: Tracker, now: float) -> RenderableType:
    """Return what is shown of a run at a time: where it is, how fast it goes, how well its agents play."""
    rate, left = tracker.rate(now), tracker.seconds_left(now)
    bar = Table.grid(expand=True, padding=(0, 1))
    bar.add_column(no_wrap=True)
    bar.add_column(ratio=1, min_width=8)
    bar.add_column(no_wrap=True)
    bar.add_column(no_wrap=True)
    bar.add_row(
        _place(tracker),
        ProgressBar(total=max(tracker.total, 1), completed=tracker.done, complete_style="red", finished_style="red"),
        Text(f"{tracker.done:>{len(str(tracker.total))}}/{tracker.total} episodes", "bold"),
        Text(f"{'...' if rate is None else format(rate, '.1f'):>6} episodes/s", "cyan"),
    )
    elapsed = now - tracker.started if tracker.started is not None else 0.0
    times = f"{clock(max(elapsed, 0.0))} elapsed" + (f", about {clock(left)} left" if left is not None else "")
    below = Table.grid(expand=True, padding=(0, 1))
    below.add_column(no_wrap=True)
    below.add_column(justify="right", no_wrap=True, ratio=1)
    below.add_row(_standing(tracker), Text(times, "dim"))
    return Group(bar, below)


async def _follow(events: AsyncIterator[RecordedEvent], tracker: Tracker, console: Console) -> None:
    async for recorded in events:
        line = _line(recorded, tracker)
        tracker.apply(recorded)
        if line is not None:
            console.print(line, soft_wrap=True)
        if isinstance(recorded.event, _ENDINGS):
            return


def _place(tracker: Tracker) -> Text:
    if tracker.phase is not Purpose.TRAINING:
        return Text(_PHASES[tracker.phase], "bold")
    return Text.assemble("generation ", (f"{tracker.generation}", "bold"), f" of {tracker.generations}")


def _standing(tracker: Tracker) -> Text:
    fitnesses = [*tracker.fitnesses.values()]
    if fitnesses and tracker.phase is Purpose.TRAINING:
        best, mean = max(fitnesses), sum(fitnesses) / len(fitnesses)
    elif tracker.summaries:
        best, mean = tracker.summaries[-1].best_fitness, tracker.summaries[-1].mean_fitness
    else:
        return Text("no agent is evaluated yet", "dim")
    curve = sparkline([summary.mean_fitness for summary in tracker.summaries])
    failed = (f"   {tracker.failed} failed", "red") if tracker.failed else ""
    return Text.assemble(
        "best ", (number(best), "bold"), "   mean ", (number(mean), "bold"), "   ", (curve, "red"), failed
    )


def _line(recorded: RecordedEvent, tracker: Tracker) -> Text | None:
    """Return the line that an event leaves behind, or None; `tracker` does not know the event yet."""
    event = recorded.event
    match event:
        case GenerationCompleted():
            return _generation_line(event.summary, tracker, recorded.time)
        case ExperimentStarted():
            return _start_line(event, tracker)
        case ChampionChosen():
            chosen = f"fitness {number(event.validation_fitness)} on validation seeds, best of {event.candidates}"
            return _said("champion", "bold green", _id(event.champion, tracker), chosen)
        case AgentFailed() | ContestantFailed() | EpisodeLost():
            return _failure_line(event, tracker)
    return _steering_line(event, tracker)


def _steering_line(event: Event, tracker: Tracker) -> Text | None:
    match event:
        case ExperimentPaused() | ExperimentResumed() | ExperimentCancelled():
            return _said("experiment", "cyan", tracker.config.name, _STEERED[type(event)])
        case AgentPaused() | AgentResumed() | AgentRestarted():
            return _said("agent", "cyan", _id(event.ref, tracker), _HANDLED[type(event)])
        case GenomeInjected():
            return _said("genome", "cyan", f"generation {event.generation}", "one will be injected")
    return None


def _failure_line(event: AgentFailed | ContestantFailed | EpisodeLost, tracker: Tracker) -> Text:
    match event:
        case AgentFailed():
            return _said("agent failed", "bold red", _id(event.ref, tracker), event.reason)
        case ContestantFailed():
            where = f"{event.agent}, {event.purpose.value} episode {event.number}"
            return _said("policy failed", "bold red", where, event.reason)
        case EpisodeLost():
            lost = f"{event.agent}, episode {event.number}, attempt {event.attempt}"
            return _said("episode lost", "yellow", lost, event.reason)


def _said(what: str, style: str, where: str, text: str) -> Text:
    return Text.assemble((what, style), f" {where}: {text}")


def _id(ref: AgentRef, tracker: Tracker) -> str:
    return agent_id(tracker.config.name, ref.generation, ref.index)


def _start_line(event: ExperimentStarted, tracker: Tracker) -> Text:
    config = tracker.config
    verb = "resuming " if event.resumed else "evolving "
    size = f"{event.generations} generations of {config.population} agents, {config.episodes} episodes each"
    return Text.assemble(verb, (config.name, "bold"), f" on {config.scenario.name}: {size}")


def _generation_line(summary: GenerationSummary, tracker: Tracker, at: float) -> Text:
    record = all(summary.best_fitness > earlier.best_fitness for earlier in tracker.summaries)
    width = len(str(tracker.generations - 1))
    line = Text.assemble(
        ("generation ", "dim"),
        f"{summary.index:>{width}}",
        ("   best ", "dim"),
        (f"{number(summary.best_fitness):>8}", "bold green" if record else "bold"),
        ("   mean ", "dim"),
        f"{number(summary.mean_fitness):>8}",
        ("   worst ", "dim"),
        f"{number(summary.worst_fitness):>8}",
    )
    if tracker.generation_started is not None:
        seconds = max(at - tracker.generation_started, 0.001)
        line.append(f"   {seconds:6.1f} s   {summary.episodes / seconds:6.1f} episodes/s", "dim")
    if summary.failed:
        line.append(f"   {summary.failed} failed", "red")
    return line
