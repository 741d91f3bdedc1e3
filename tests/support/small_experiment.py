"""Events of a small experiment, for tests of the state that follows from them."""

from collections.abc import Iterable

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
    AgentFailed,
    EpisodeFinished,
    Event,
    ExperimentCreated,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
)
from clau_doom.domain.experiment import Experiment, GenerationSummary, Provenance
from clau_doom.domain.experiment_projection import ExperimentProjection
from clau_doom.domain.failure_trace import FailureTrace

EXPERIMENT = Experiment(id="lab", uuid="0", seed=1, config_yaml="", provenance=Provenance(facts=()))
TRACE = FailureTrace(digest="d", text="Traceback")


def agent(generation: int, index: int, experiment: str = "lab") -> Agent:
    return Agent(
        experiment=experiment, ref=AgentRef(generation, index), genome=Genome((0.5,)), parents=(), operator="draw"
    )


def episode(player: str, *, number: int = 0, purpose: Purpose = Purpose.TRAINING, repeated: int = 0) -> EpisodeFinished:
    return EpisodeFinished(
        episode=Episode(
            purpose=purpose,
            agent=player,
            number=number,
            outcome=EpisodeOutcome(seed=number, measures=Measures(), trajectory_sha256="0" * 64),
            timing=EpisodeTiming(seconds=1.0, repeated=repeated),
        )
    )


def failed(ref: AgentRef, kind: FailureKind) -> AgentFailed:
    return AgentFailed(ref=ref, kind=kind, reason="it failed", traceback=TRACE)


def completed(index: int, best: AgentRef) -> GenerationCompleted:
    summary = GenerationSummary(
        index=index,
        best=best,
        best_fitness=1.0,
        mean_fitness=1.0,
        worst_fitness=1.0,
        std_fitness=0.0,
        failed=0,
        episodes=1,
    )
    return GenerationCompleted(summary=summary)


def projection(events: Iterable[Event] = (), *, agents: int = 2) -> ExperimentProjection:
    """Return the state of a running experiment after its first generation was asked and further events."""
    started = ExperimentProjection()
    for event in [
        ExperimentCreated(experiment=EXPERIMENT),
        ExperimentStarted(resumed=False, generations=3, config_yaml=""),
        GenerationStarted(generation=0, agents=tuple(agent(0, index) for index in range(agents))),
        *events,
    ]:
        started.apply(event)
    return started
