"""Tests of the live display with simulated events."""

import asyncio
import io
import re
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from rich.console import Console

from clau_doom.app.progress_display import live_view, show_progress
from clau_doom.app.progress_state import ProgressState
from clau_doom.cli.console import progress_console
from clau_doom.config import ExperimentConfig, GeneticConfig
from clau_doom.domain import AgentRef, Gene, GenomeSpace, Purpose
from clau_doom.domain.events import (
    ChampionChosen,
    EpisodeFinished,
    EpisodeLost,
    Event,
    GenerationCompleted,
    RecordedEvent,
)
from clau_doom.domain.experiment_projection import ExperimentProjection
from clau_doom.domain.snapshot import Snapshot
from clau_doom.testing import ScriptedBackend
from clau_doom.testing.scripted_run import scripted_run, scripted_store


def recorded(events: Sequence[Event], *, every: float = 0.5) -> list[RecordedEvent]:
    return [RecordedEvent(sequence=n, time=1000.0 + n * every, event=event) for n, event in enumerate(events, 1)]


async def stream(events: Sequence[Event]) -> AsyncIterator[RecordedEvent]:
    for event in recorded(events):
        yield event
    await asyncio.Event().wait()  # a log that is followed does not end


async def shown(events: Sequence[Event], config: ExperimentConfig, *, terminal: bool, width: int = 110) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width, highlight=False, color_system=None)
    progress = show_progress(stream(events), config, console=console, now=lambda: 1010.0)
    await asyncio.wait_for(progress, timeout=10)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def view(tracker: ProgressState, now: float, width: int = 110) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(live_view(tracker, now))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


async def test_plain_lines_without_a_terminal(story: list[Event], config: ExperimentConfig) -> None:
    """The start, each generation, each failed agent and the champion have a line."""
    lines = (await shown(story, config, terminal=False)).splitlines()
    assert lines[0] == "evolving tiny on defend_the_center: 2 generations of 3 agents, 2 episodes each"
    assert " ".join(lines[1].split()) == "generation 0 best 4.00 mean 2.33 (n = 3) worst 1.00 5.0 s 1.2 episodes/s"
    assert lines[2] == "agent failed tiny-g001-a002: division by zero"
    assert lines[3].endswith("1 failed")
    assert lines[4] == "champion tiny-g001-a000: fitness 8.00 on validation seeds, best of 2"
    assert len(lines) == 5


async def test_lines_are_printed_above_the_bar(story: list[Event], config: ExperimentConfig) -> None:
    """The bar is removed at the end."""
    text = await shown(story, config, terminal=True)
    assert "generation 0   best    4.00" in text
    assert text.endswith("\x1b[?25h\r\x1b[1A\x1b[2K") or "\x1b[?25h" in text


@pytest.mark.parametrize("ending", [False, True])
async def test_display_ends_with_the_run(
    story: list[Event], config: ExperimentConfig, interrupted: Event, *, ending: bool
) -> None:
    """The display returns when the run is completed or interrupted, even if the log is still open."""
    await shown(story if ending else [*story[:6], interrupted], config, terminal=False)


def test_view_has_episodes_pace_and_results(story: list[Event], config: ExperimentConfig) -> None:
    """Within a generation, the view has its number, episodes, pace and the results of its agents."""
    tracker = ProgressState.begin(config)
    for event in recorded(story)[:8]:  # the start, the generation's, and two agents
        tracker.apply(event)
    assert (tracker.done, tracker.total) == (4, 6)
    text = " ".join(view(tracker, 1004.0).split())
    assert "generation 0 of 2" in text
    assert "4/6 episodes" in text
    assert "best 4.00 mean 2.50" in text
    assert "0:03 elapsed" in text


def test_rate_and_remaining_time(story: list[Event], config: ExperimentConfig) -> None:
    """At 2.4 episodes a second, the remaining 2 + 6 + 2 + 15 episodes need about 10 seconds."""
    tracker = ProgressState.begin(config)
    assert tracker.rate(1000.0) is None
    for event in recorded([event for event in story[:11] if isinstance(event, EpisodeFinished)]):
        tracker.apply(event)
    tracker.total, tracker.done = 6, 4
    assert tracker.rate(1003.0) == pytest.approx(2.4)
    assert tracker.episodes_left() == 2 + 6 + 2 + 15
    assert tracker.seconds_left(1003.0) == pytest.approx(25 / 2.4)
    assert tracker.rate(2000.0) is None


def test_failed_agent_decreases_the_expected_episodes(story: list[Event], config: ExperimentConfig) -> None:
    """The generation's total decreases by the episodes of a failed agent."""
    tracker = ProgressState.begin(config)
    before_end = len(story) - next(i for i, e in enumerate(reversed(story)) if isinstance(e, GenerationCompleted)) - 1
    for event in recorded(story[:before_end]):
        tracker.apply(event)
    assert (tracker.done, tracker.total, tracker.failed) == (4, 4, 1)


def test_holdout_is_a_separate_phase(story: list[Event], config: ExperimentConfig) -> None:
    """After the last generation, validation episodes of two candidates are counted, then held-out ones."""
    tracker = ProgressState.begin(config)
    seen = []
    for event in recorded(story):
        tracker.apply(event)
        if isinstance(event.event, GenerationCompleted | ChampionChosen):
            seen.append((tracker.phase, tracker.total))
    assert seen == [(Purpose.TRAINING, 0), (Purpose.VALIDATION, 2), (Purpose.HELD_OUT, 15)]
    assert tracker.done == 15
    assert "evaluating the champion " in view(tracker, 1020.0)


async def test_lost_episodes_are_shown(story: list[Event], config: ExperimentConfig) -> None:
    """An infrastructure failure has a line with the attempt and the reason, with or without brackets."""
    lost = EpisodeLost(
        purpose=Purpose.TRAINING, agent="tiny-g000-a000", number=1, seed=5, attempt=2, reason="worker 1 [gone]"
    )
    text = await shown([*story[:2], lost, story[-1]], config, terminal=False)
    assert "episode lost tiny-g000-a000, episode 1, attempt 2: worker 1 [gone]" in text


def test_view_fits_a_narrow_terminal(story: list[Event], config: ExperimentConfig) -> None:
    """The terminal has forty columns."""
    tracker = ProgressState.begin(replace_generations(config, 1000))
    for event in recorded(story[:9]):
        tracker.apply(event)
    console = Console(file=io.StringIO(), width=40)
    console.print(live_view(tracker, 1001.0))


def replace_generations(config: ExperimentConfig, generations: int) -> ExperimentConfig:
    return config.model_copy(update={"generations": generations})


def test_resumed_run_continues_the_counts(story: list[Event], config: ExperimentConfig) -> None:
    """A tracker from a snapshot within a generation equals one that received all the events."""
    from clau_doom.domain import Agent, AgentStatus, Evaluation
    from clau_doom.domain.events import GenerationStarted
    from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
    from clau_doom.domain.snapshot import Snapshot

    saw = ProgressState.begin(config)
    for event in recorded(story[:16]):
        saw.apply(event)
    started = [event for event in story[:16] if isinstance(event, GenerationStarted)]
    assert len(started) == 2

    def pending(agent: Agent) -> Evaluation:
        return Evaluation(agent=agent, status=AgentStatus.PENDING, fitness=None, outcomes=())

    first = tuple(pending(agent) for agent in started[0].agents)
    second = tuple(pending(agent) for agent in started[1].agents)
    evaluated = replace(second[0], status=AgentStatus.COMPLETED, fitness=9.0)
    episodes = [event.episode for event in story[:16] if isinstance(event, EpisodeFinished)]
    snapshot = Snapshot(
        experiment=Experiment(id="tiny", uuid="4f8", seed=7, config_yaml="", provenance=Provenance(facts=())),
        config_yaml="",
        state=ExperimentState.INTERRUPTED,
        reason=None,
        generations=(first, (evaluated, *second[1:])),
        summaries=tuple(event.summary for event in story[:16] if isinstance(event, GenerationCompleted)),
        episodes={AgentRef(1, 0): tuple(each for each in episodes if each.agent == "tiny-g001-a000")},
    )
    resumed = ProgressState.begin(config, snapshot)
    for name in ("generation", "phase", "done", "total", "summaries", "fitnesses", "failed"):
        assert getattr(resumed, name) == getattr(saw, name), name


async def test_steady_state_progress_is_counted_by_generations(config: ExperimentConfig) -> None:
    """Agents that are requested early count for their own generation, even after a resume within it."""
    evolution = GeneticConfig(mode="steady_state", lookahead=4)
    steady = config.model_copy(update={"evolution": evolution, "generations": 4})
    story, snapshots = await steady_story(steady)
    tracker, whole = ProgressState.begin(steady), steady.population * steady.episodes
    ahead = 0
    for recorded in story:
        tracker.apply(recorded)
        if tracker.phase is not Purpose.TRAINING:
            break
        assert tracker.generation == len(tracker.summaries)
        assert tracker.done <= tracker.total
        if tracker.generation_started is not None:
            assert tracker.total == whole
        if isinstance(recorded.event, GenerationCompleted):
            ahead += tracker.done
        resumed = ProgressState.begin(steady, snapshots[recorded.sequence])
        found = [resumed.generation, resumed.done, resumed.total, resumed.fitnesses, resumed.failed]
        assert found == [tracker.generation, tracker.done, tracker.total, tracker.fitnesses, tracker.failed]
    assert tracker.phase is Purpose.VALIDATION
    assert ahead > 0


async def steady_story(config: ExperimentConfig) -> tuple[list[RecordedEvent], dict[int, Snapshot]]:
    """Return the events of a steady-state run, with its state after each event."""
    store, projection = scripted_store(config), ExperimentProjection()
    await scripted_run(config, store, ScriptedBackend(slots=3), space=GenomeSpace((Gene.real("x", 0.0, 1.0),))).run()
    story, snapshots = [recorded async for recorded in store.events()], dict[int, Snapshot]()
    for recorded in story:
        projection.apply(recorded.event)
        snapshots[recorded.sequence] = projection.snapshot()
    return story, snapshots


def test_best_fitness_is_the_best_so_far(story: list[Event], config: ExperimentConfig) -> None:
    """Worse agents of a later generation do not lower the best fitness, and the curve has a label."""
    tracker = ProgressState.begin(config)
    for event in recorded(story):
        tracker.apply(event)
        if isinstance(event.event, GenerationCompleted) and len(tracker.summaries) == 2:
            break
    tracker.summaries.append(replace(tracker.summaries[-1], best_fitness=2.0, mean_fitness=1.0))
    text = view(tracker, 1020.0)
    assert "best 9.00   mean 1.00" in text
    assert "mean of each generation ▃█▁" in text


async def test_lines_fit_80_columns(story: list[Event], config: ExperimentConfig) -> None:
    """Large numbers fit in every phase. The rate is omitted first."""
    long = replace_generations(config.model_copy(update={"name": "a" * 30, "population": 1000}), 1000)
    tracker = ProgressState.begin(long)
    for event in recorded(story, every=500.0):
        if isinstance(event.event, GenerationCompleted):
            for _ in range(60):
                tracker.apply(event)
        tracker.apply(event)
        tracker.failed = 1234
        lines = view(tracker, event.time, width=80).splitlines()
        assert max(map(len, lines)) <= 80, lines
        assert not any("…" in line for line in lines), lines
        assert len(lines[-1]) <= 76  # ^C fits behind it
    events = [
        replace(e, summary=replace(e.summary, best_fitness=-99999.0, worst_fitness=-99999.0, failed=12))
        if isinstance(e, GenerationCompleted)
        else e
        for e in story
    ]
    lines = [line for line in (await shown(events, config, terminal=True, width=80)).splitlines() if "   best " in line]
    assert lines
    assert all(line.endswith("   12 failed") and "episodes/s" not in line for line in lines)
    assert "episodes/s   12 failed" in await shown(events, config, terminal=True, width=140)


class Screen(io.StringIO):
    """Terminal that supports the codes of a live display: lines, carriage returns, cursor up, erase line."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        rows, row, column = [""], 0, 0
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", self.getvalue()):
            if part == "\n":
                row, column = row + 1, 0
                rows += [""] * (row == len(rows))
            elif part == "\r":
                column = 0
            elif part == "\x1b[2K":
                rows[row] = ""
            elif part.endswith("A") and part[0] == "\x1b":
                row -= int(part[2:-1] or 1)
            elif part[0] != "\x1b":
                rows[row] = rows[row][:column].ljust(column) + part + rows[row][column + len(part) :]
                column += len(part)
        return rows


async def test_messages_are_printed_above_the_live_display(
    story: list[Event], config: ExperimentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages of other modules on stderr during a run remain after the bar is removed."""
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")

    async def stream() -> AsyncIterator[RecordedEvent]:
        for event in recorded(story):
            if isinstance(event.event, GenerationCompleted):
                progress_console().print("dashboard: http://127.0.0.1:8080")
                print("from a library", file=sys.stderr)
            yield event

    await show_progress(stream(), config, console=progress_console(), now=lambda: 1010.0)
    lines = screen.lines()
    assert lines.count("dashboard: http://127.0.0.1:8080") == 2
    assert sum("from a library" in line for line in lines) == 2
    assert not any("elapsed" in line for line in lines)
