"""Tests of the metrics that are derived from the event log."""

import math
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families

from clau_doom.domain import AgentRef, AgentStatus, Evaluation
from clau_doom.domain.budget import Budget
from clau_doom.domain.event_declaration import declarations
from clau_doom.domain.events import (
    AgentDropped,
    AgentFailed,
    AgentsAsked,
    EpisodeFinished,
    Event,
    ExperimentCancelled,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    FailureKind,
    GenerationStarted,
    RecordedEvent,
)
from clau_doom.domain.experiment import Experiment, ExperimentState
from clau_doom.domain.snapshot import Snapshot
from clau_doom.metrics import MetricsCollector

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]
Finish = Callable[..., EpisodeFinished]


def scrape(metrics: MetricsCollector) -> Series:
    text = metrics.exposition()[0].decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(metrics: MetricsCollector, name: str, **labels: str) -> float | None:
    """Return the value of a series of experiment `tiny`, or None if the series does not exist."""
    series = scrape(metrics)
    bare = series.get((f"clau_doom_{name}", frozenset(labels.items())))
    return series.get((f"clau_doom_{name}", frozenset({"experiment": "tiny", **labels}.items())), bare)


def snapshot(story: Sequence[RecordedEvent], experiment: Experiment, state: ExperimentState) -> Snapshot:
    """Return the experiment's snapshot after its first generation, with a second generation started."""
    begun = [recorded.event for recorded in story if isinstance(recorded.event, GenerationStarted)]
    generations = tuple(
        tuple(Evaluation(agent=agent, status=AgentStatus.PENDING, fitness=None, outcomes=()) for agent in event.agents)
        for event in begun
    )
    summaries = tuple(recorded.event.summary for recorded in story[:11] if hasattr(recorded.event, "summary"))
    return Snapshot(
        experiment=experiment,
        config_yaml="",
        state=state,
        reason=None,
        generations=generations,
        summaries=summaries,
        last_sequence=12,
    )


@pytest.mark.parametrize(
    ("purpose", "outcome", "count"),
    [
        ("training", "finished", 3),
        ("training", "lost", 2),
        ("training", "failed", 1),
        ("validation", "finished", 1),
        ("validation", "lost", 1),
        ("validation", "failed", 0),
        ("held_out", "finished", 1),
        ("held_out", "lost", 0),
        ("held_out", "failed", 1),
    ],
)
def test_episodes_are_counted_by_purpose_and_outcome(
    filled: MetricsCollector, purpose: str, outcome: str, count: int
) -> None:
    """Finished, lost and stopped episodes are all counted. The last attempt of an exhausted agent counts as lost."""
    assert value(filled, "episodes_total", purpose=purpose, outcome=outcome) == count


def test_events_are_counted_by_type(filled: MetricsCollector) -> None:
    """Every declared type has a series, which starts at zero."""
    assert value(filled, "events_total", code="episode_finished") == 5
    assert value(filled, "events_total", code="agent_evaluated") == 3
    assert {value(filled, "events_total", code=each.code) is None for each in declarations()} == {False}


@pytest.mark.parametrize(
    ("outcome", "count"),
    [("evaluated", 3), ("policy_raised", 0), ("policy_timed_out", 1), ("attempts_exhausted", 1), ("stopped", 1)],
)
def test_agents_are_counted_by_outcome(filled: MetricsCollector, outcome: str, count: int) -> None:
    """An agent without a fitness is counted by its reason, and not as evaluated."""
    assert value(filled, "agents_total", outcome=outcome) == count


def test_tics_seconds_and_decisions_are_summed_over_finished_episodes(filled: MetricsCollector) -> None:
    """Five episodes of 70 tics, 20 decisions and 0.02 s: rates and mean latencies follow from the sums."""
    assert value(filled, "tics_total") == 350
    assert value(filled, "decisions_total") == 100
    assert value(filled, "episode_duration_seconds_count") == 5
    assert value(filled, "episode_duration_seconds_sum") == pytest.approx(0.1)
    assert value(filled, "decision_duration_seconds_sum") == pytest.approx(0.005)
    assert value(filled, "decision_duration_seconds_bucket", le="0.0005") == 0
    assert value(filled, "decision_duration_seconds_bucket", le="0.001") == 5


def test_gauges_of_the_last_generation_and_the_champion(filled: MetricsCollector) -> None:
    assert value(filled, "generation") == 1
    assert value(filled, "generations_planned") == 2
    assert [value(filled, f"fitness_{which}") for which in ("best", "mean", "worst", "stddev")] == [
        9.0,
        8.0,
        7.0,
        0.5,
    ]
    assert value(filled, "champion_validation_fitness") == 8.0


def test_gene_spread_is_relative_to_generation_0(story: Sequence[RecordedEvent], filled: MetricsCollector) -> None:
    """The ratio is 1 at the start. A gene at half its deviation and a gene without spread give 0.25."""
    early = MetricsCollector()
    for recorded in story[:3]:
        early.apply("tiny", recorded)
    assert value(early, "genome_spread_ratio") == 1.0
    assert value(filled, "genome_spread_ratio") == 0.25


def test_steady_state_gauges_show_the_current_generation(
    story: Sequence[RecordedEvent], filled: MetricsCollector
) -> None:
    """A complete generation has the values of a generational run."""
    events = list[Event]()
    for event in [recorded.event for recorded in story]:
        if isinstance(event, GenerationStarted):
            events += [AgentsAsked(generation=event.generation, agents=(agent,)) for agent in event.agents]
        else:
            events.append(event)
    steady = MetricsCollector()
    for sequence, event in enumerate(events, start=1):
        steady.apply("tiny", RecordedEvent(sequence=sequence, time=0.0, event=event))
        if isinstance(event, AgentsAsked):
            assert value(steady, "generation") == event.generation
    assert value(steady, "genome_spread_ratio") == value(filled, "genome_spread_ratio")


def test_unknown_gauge_has_no_series(story: Sequence[RecordedEvent]) -> None:
    """An unknown gauge has no series. A counter starts at zero."""
    metrics = MetricsCollector()
    metrics.apply("tiny", story[0])
    assert value(metrics, "fitness_best") is None
    assert value(metrics, "generation") is None
    assert value(metrics, "episodes_total", purpose="training", outcome="finished") == 0


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], "pending"),
        ([ExperimentStarted(resumed=False, generations=2, config_yaml="")], "running"),
        ([ExperimentPaused()], "paused"),
        ([ExperimentPaused(), ExperimentResumed()], "running"),
        ([ExperimentInterrupted(generation=0, reason="Ctrl-C")], "interrupted"),
        ([ExperimentCancelled()], "cancelled"),
    ],
)
def test_experiments_are_counted_by_state(story: Sequence[RecordedEvent], events: Sequence[Event], state: str) -> None:
    """An experiment is in one state at a time, and each state has a series."""
    metrics = MetricsCollector()
    for sequence, event in enumerate([story[0].event, *events], start=1):
        metrics.apply("tiny", RecordedEvent(sequence=sequence, time=0.0, event=event))
    counts = {each.value: value(metrics, "experiments", state=each.value) for each in ExperimentState}
    assert counts == {each.value: float(each.value == state) for each in ExperimentState}


def test_gauges_start_from_the_snapshot(story: Sequence[RecordedEvent], experiment: Experiment) -> None:
    """Gauges start from the snapshot. Counters start at zero and exclude the snapshot's events."""
    metrics = MetricsCollector()
    metrics.begin("tiny", snapshot(story, experiment, ExperimentState.PAUSED))
    for recorded in story[:12]:
        metrics.apply("tiny", recorded)
    assert value(metrics, "experiments", state="paused") == 1
    assert (value(metrics, "generation"), value(metrics, "fitness_best")) == (1, 3.0)
    assert value(metrics, "genome_spread_ratio") == 0.25
    assert value(metrics, "tics_total") == 0
    metrics.apply("tiny", story[12])
    assert value(metrics, "tics_total") == 70


def test_resume_keeps_the_counters(
    story: Sequence[RecordedEvent], experiment: Experiment, filled: MetricsCollector
) -> None:
    """A resume resets the gauges and keeps the counters. Forgetting the experiment removes both."""
    filled.begin("tiny", snapshot(story, experiment, ExperimentState.INTERRUPTED))
    assert value(filled, "tics_total") == 350
    assert value(filled, "experiments", state="interrupted") == 1
    assert value(filled, "experiments", state="completed") == 0
    filled.forget("tiny")
    assert not [labels for _, labels in scrape(filled) if "experiment" in dict(labels)]


def test_recreated_experiment_has_new_series(
    story: Sequence[RecordedEvent], experiment: Experiment, filled: MetricsCollector
) -> None:
    """The counters of a deleted and recreated experiment start at zero."""
    filled.begin(
        "tiny", snapshot(story, replace(experiment, uuid="other"), ExperimentState.INTERRUPTED), planned=Budget(5)
    )
    assert (value(filled, "tics_total"), value(filled, "generations_planned")) == (0, 5)


@pytest.mark.parametrize("kind", FailureKind)
def test_agent_outcomes_and_failure_kinds_are_counted(story: Sequence[RecordedEvent], kind: FailureKind) -> None:
    """Each series starts at zero."""
    metrics = MetricsCollector()
    metrics.apply("tiny", story[0])
    assert (value(metrics, "agents_total", outcome="dropped"), value(metrics, "agents_total", outcome=kind)) == (0, 0)
    dropped = AgentDropped(ref=AgentRef(0, 0), fitness=1.0, episodes=1)
    failed = AgentFailed(ref=AgentRef(0, 1), kind=kind, reason="it failed")
    events: list[Event] = [dropped, failed]
    for sequence, event in enumerate(events, start=2):
        metrics.apply("tiny", RecordedEvent(sequence=sequence, time=0.0, event=event))
    assert (value(metrics, "agents_total", outcome="dropped"), value(metrics, "agents_total", outcome=kind)) == (1, 1)


def test_repeated_event_counts_once(story: Sequence[RecordedEvent], filled: MetricsCollector) -> None:
    before = scrape(filled)
    for recorded in story:
        filled.apply("tiny", recorded)
    after = scrape(filled)
    assert {key: after[key] for key in after if key[0].startswith("clau_doom")} == {
        key: before[key] for key in before if key[0].startswith("clau_doom")
    }


def test_removed_experiment_has_no_series(story: Sequence[RecordedEvent], filled: MetricsCollector) -> None:
    """Late events do not restore removed series, and other experiments' series stay."""
    filled.apply("other", story[0])
    filled.forget("tiny")
    filled.apply("tiny", replace(story[-1], sequence=99))
    filled.outbox_lag("tiny", 5)
    named = {dict(labels).get("experiment") for _, labels in scrape(filled)}
    assert named == {None, "other"}
    assert value(filled, "experiments", state="completed") == 0
    assert value(filled, "experiments", state="pending") == 1


@pytest.mark.parametrize("claim", [math.nan, math.inf, -1.0])
def test_invalid_numbers_are_not_counted(story: Sequence[RecordedEvent], finish: Finish, claim: float) -> None:
    """Invalid measures or seconds of a worker are left out, and the episode is counted."""
    metrics = MetricsCollector()
    metrics.apply("tiny", story[0])
    for sequence, event in enumerate([finish(tics=claim), finish(seconds=claim), finish()], start=2):
        metrics.apply("tiny", RecordedEvent(sequence=sequence, time=0.0, event=event))
    assert value(metrics, "episodes_total", purpose="training", outcome="finished") == 3
    assert value(metrics, "tics_total") == 140
    assert value(metrics, "episode_duration_seconds_sum") == pytest.approx(0.04)


def test_episode_without_decisions_has_no_latency(story: Sequence[RecordedEvent], finish: Finish) -> None:
    """The episode is counted, without a division by zero."""
    metrics = MetricsCollector()
    metrics.apply("tiny", story[0])
    episode = finish().episode
    none = replace(episode.outcome, measures=replace(episode.outcome.measures, decisions=0.0))
    event = EpisodeFinished(episode=replace(episode, outcome=none))
    metrics.apply("tiny", RecordedEvent(sequence=2, time=0.0, event=event))
    assert value(metrics, "episode_duration_seconds_count") == 1
    assert value(metrics, "decision_duration_seconds_count") == 0


def test_values_without_events_have_setters(filled: MetricsCollector) -> None:
    """Workers, restarts, the outbox, calls and open streams have setters."""
    method = "/claudoom.orchestrator.v1.OrchestratorService/GetGenerationStatus"
    assert (
        value(filled, "workers"),
        value(filled, "workers_busy"),
        value(filled, "worker_restarts_total"),
    ) == (2, 1, 1)
    assert value(filled, "outbox_lag_events") == 3
    assert value(filled, "grpc_calls_total", method=method, code="OK") == 1
    assert value(filled, "grpc_call_duration_seconds_bucket", method=method, le="0.0025") == 0
    assert value(filled, "grpc_call_duration_seconds_bucket", method=method, le="0.005") == 1
    with filled.event_stream(), filled.event_stream():
        assert value(filled, "event_streams") == 2
    assert value(filled, "event_streams") == 0


def test_broken_stream_decreases_the_count(filled: MetricsCollector) -> None:
    with pytest.raises(ConnectionError), filled.event_stream():
        raise ConnectionError
    assert value(filled, "event_streams") == 0


def test_unknown_methods_share_one_label(filled: MetricsCollector) -> None:
    """Calls of unknown methods create no new series."""
    before = len(scrape(filled))
    for number in range(50):
        filled.rpc(f"/made.up/Method{number}", "UNIMPLEMENTED", 0.001)
    assert value(filled, "grpc_calls_total", method="unknown", code="UNIMPLEMENTED") == 50
    assert len(scrape(filled)) < before + 20


def test_no_series_is_labelled_by_agent(filled: MetricsCollector) -> None:
    """There are thousands of agents."""
    labels = [dict(labels) for _, labels in scrape(filled)]
    assert not [each for each in labels if "agent" in each or any("-a0" in text for text in each.values())]


def test_collectors_have_separate_registries(filled: MetricsCollector) -> None:
    """Prometheus's global registry is not used."""
    assert value(MetricsCollector(), "workers") == 0
    code = (
        "import prometheus_client; before = prometheus_client.generate_latest().count(b'TYPE');"
        "from clau_doom.metrics import MetricsCollector; MetricsCollector();"
        "assert prometheus_client.generate_latest().count(b'TYPE') == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_prometheus_and_openmetrics_formats(filled: MetricsCollector) -> None:
    """The default is plain text, and OpenMetrics on request. Neither has creation times."""
    plain, plain_type = filled.exposition("text/html")
    opened, opened_type = filled.exposition("application/openmetrics-text; version=1.0.0, text/plain;q=0.5")
    assert plain_type.startswith("text/plain; version=0.0.4")
    assert opened_type.startswith("application/openmetrics-text; version=1.0.0")
    families = open_families(opened.decode())  # type: ignore[no-untyped-call]
    assert {family.name for family in families} >= {"clau_doom_tics", "clau_doom_workers"}
    assert not re.search(rb"^\w+_created\b", plain + opened, re.MULTILINE)


def test_20_000_episodes_take_less_than_2_s(story: Sequence[RecordedEvent], finish: Finish) -> None:
    """An idle core needs about 0.1 s. A run finishes 1,000 episodes a second."""
    metrics = MetricsCollector()
    metrics.apply("tiny", story[0])
    event = finish()
    started = time.process_time()
    for sequence in range(2, 20_002):
        metrics.apply("tiny", RecordedEvent(sequence=sequence, time=0.0, event=event))
    assert time.process_time() - started < 2.0
