"""Fixtures: the events of a small experiment, and metrics that received all of them."""

from collections.abc import Callable, Sequence

import pytest

from clau_doom.domain import (
    Agent,
    AgentRef,
    Episode,
    EpisodeOutcome,
    EpisodeTiming,
    Genome,
    Measures,
    Purpose,
)
from clau_doom.domain.events import (
    AgentEvaluated,
    AgentFailed,
    ChampionChosen,
    ContestantFailed,
    EpisodeFinished,
    EpisodeLost,
    Event,
    ExperimentCompleted,
    ExperimentCreated,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
    RecordedEvent,
)
from clau_doom.domain.experiment import Experiment, GenerationSummary, Provenance
from clau_doom.metrics import MetricsCollector

EXPERIMENT = Experiment(id="tiny", uuid="4f8", seed=7, config_yaml="", provenance=Provenance(facts=()))

Finish = Callable[..., EpisodeFinished]


@pytest.fixture
def experiment() -> Experiment:
    return EXPERIMENT


@pytest.fixture
def finish() -> Finish:
    return _finish


@pytest.fixture
def story() -> list[RecordedEvent]:
    return record(_events())


@pytest.fixture
def filled(story: Sequence[RecordedEvent]) -> MetricsCollector:
    """Return metrics that received all events of the experiment and all values from other sources."""
    metrics = MetricsCollector()
    for recorded in story:
        metrics.apply("tiny", recorded)
    metrics.workers(busy=1, total=2)
    metrics.worker_restarted()
    metrics.outbox_lag("tiny", 3)
    metrics.reader_failed("metrics")
    metrics.rpc("/claudoom.orchestrator.v1.OrchestratorService/GetGenerationStatus", "OK", 0.003)
    return metrics


def record(events: Sequence[Event]) -> list[RecordedEvent]:
    return [RecordedEvent(sequence=number, time=0.0, event=event) for number, event in enumerate(events, start=1)]


def _finish(purpose: Purpose = Purpose.TRAINING, *, tics: float = 70.0, seconds: float = 0.02) -> EpisodeFinished:
    measures = Measures(tics=tics, decisions=20.0)
    outcome = EpisodeOutcome(seed=1, measures=measures, trajectory_sha256="ab" * 32)
    return EpisodeFinished(
        episode=Episode(
            purpose=purpose,
            agent="tiny-g000-a000",
            number=0,
            outcome=outcome,
            timing=EpisodeTiming(seconds=seconds),
        )
    )


def _lose(purpose: Purpose = Purpose.TRAINING) -> EpisodeLost:
    return EpisodeLost(purpose=purpose, agent="tiny-g000-a000", number=0, seed=1, attempt=1, reason="it died")


def _generation(index: int, genes: Sequence[tuple[float, ...]]) -> GenerationStarted:
    agents = tuple(
        Agent(experiment="tiny", ref=AgentRef(index, place), genome=Genome(values), parents=(), operator="draw")
        for place, values in enumerate(genes)
    )
    return GenerationStarted(generation=index, agents=agents)


def _summary(index: int, best: float) -> GenerationCompleted:
    return GenerationCompleted(
        summary=GenerationSummary(
            index=index,
            best=AgentRef(index, 0),
            best_fitness=best,
            mean_fitness=best - 1.0,
            worst_fitness=best - 2.0,
            std_fitness=0.5,
            failed=0,
            episodes=2,
        )
    )


def _events() -> list[Event]:
    failed = ContestantFailed(
        purpose=Purpose.HELD_OUT, agent="x", number=0, seed=1, kind=FailureKind.POLICY_RAISED, reason="it raised"
    )
    return [
        ExperimentCreated(experiment=EXPERIMENT),
        ExperimentStarted(resumed=False, generations=2, config_yaml=""),
        # Three genes: the first does not vary at first, the others shrink to a half and to nothing.
        _generation(0, [(1.0, 0.0, 0.0), (1.0, 4.0, 10.0), (1.0, 0.0, 0.0), (1.0, 4.0, 10.0)]),
        _finish(),
        _lose(),
        _finish(),
        AgentEvaluated(ref=AgentRef(0, 0), fitness=3.0),
        AgentFailed(ref=AgentRef(0, 1), kind=FailureKind.POLICY_TIMED_OUT, reason="it is still deciding"),
        AgentFailed(ref=AgentRef(0, 2), kind=FailureKind.ATTEMPTS_EXHAUSTED, reason="lost three times"),
        AgentFailed(ref=AgentRef(0, 3), kind=FailureKind.STOPPED, reason="stopped by a user"),
        _summary(0, 3.0),
        _generation(1, [(1.0, 0.0, 5.0), (3.0, 2.0, 5.0)]),
        _finish(),
        AgentEvaluated(ref=AgentRef(1, 0), fitness=9.0),
        AgentEvaluated(ref=AgentRef(1, 1), fitness=7.0),
        _summary(1, 9.0),
        _finish(Purpose.VALIDATION),
        _lose(Purpose.VALIDATION),
        ChampionChosen(champion=AgentRef(1, 0), validation_fitness=8.0, candidates=2),
        _finish(Purpose.HELD_OUT),
        failed,
        ExperimentCompleted(generations=2),
    ]
