"""Tests of a server's log lines for the events of its experiments."""

import io
import json
from dataclasses import replace

from clau_doom.app.event_logging import log_event
from clau_doom.domain import AgentRef, Purpose
from clau_doom.domain.events import (
    AgentEvaluated,
    AgentFailed,
    EpisodeLost,
    Event,
    ExperimentInterrupted,
    FailureKind,
    GenerationCompleted,
)
from clau_doom.domain.experiment import GenerationSummary
from clau_doom.domain.failure_trace import FailureTrace
from clau_doom.logs import bound, configure_logs


def logged(*events: Event) -> list[dict[str, object]]:
    stream = io.StringIO()
    configure_logs(stream, json=True)
    with bound(experiment="lab"):
        for event in events:
            log_event("lab", event)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_traceback_of_equal_failures_is_logged_once() -> None:
    """Of equal failures, only the first event is logged with a traceback."""
    trace = FailureTrace(digest="a", text="Traceback\n  line")
    kind = FailureKind.POLICY_RAISED
    rows = logged(
        AgentFailed(ref=AgentRef(0, 1), kind=kind, reason="no", traceback=trace),
        AgentFailed(ref=AgentRef(0, 2), kind=kind, reason="no", traceback=replace(trace, text=None)),
    )
    assert [row.get("exception") for row in rows] == ["Traceback\n  line", None]


def test_logged_events_have_experiment_generation_and_agent() -> None:
    """Experiment, generation and agent are separate fields, and routine events are not logged."""
    summary = GenerationSummary(
        index=3,
        best=AgentRef(3, 0),
        best_fitness=2.0,
        mean_fitness=1.0,
        worst_fitness=0.0,
        std_fitness=1.0,
        failed=0,
        episodes=4,
    )
    lost = EpisodeLost(
        purpose=Purpose.HELD_OUT, agent="lab-random", number=1, seed=2, attempt=1, reason="the engine is gone"
    )
    rows = logged(
        GenerationCompleted(summary=summary),
        AgentEvaluated(ref=AgentRef(3, 0), fitness=2.0),
        AgentFailed(ref=AgentRef(4, 17), kind=FailureKind.POLICY_RAISED, reason="no idea"),
        lost,
        ExperimentInterrupted(generation=4, reason="Ctrl-C"),
    )
    assert {row["experiment"] for row in rows} == {"lab"}
    assert [(row["event"], row.get("generation"), row.get("agent")) for row in rows] == [
        ("generation completed", 3, None),
        ("agent failed", 4, "lab-g004-a017"),
        ("episode lost", None, "lab-random"),
        ("experiment interrupted", 4, None),
    ]
