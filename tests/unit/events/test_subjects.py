"""Tests of event subjects and subscription patterns."""

import pytest

from clau_doom.domain import AgentRef, Episode, EpisodeOutcome, EpisodeTiming, Genome, Measures, Purpose
from clau_doom.domain.event_declaration import declarations
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    AgentFailed,
    AgentPaused,
    AgentRestarted,
    AgentResumed,
    AgentsAsked,
    ChampionChosen,
    ContestantFailed,
    EpisodeFinished,
    EpisodeLost,
    Event,
    ExperimentCancelled,
    ExperimentCompleted,
    ExperimentCreated,
    ExperimentFailed,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    FailureKind,
    GenerationCompleted,
    GenerationStarted,
    GenomeInjected,
)
from clau_doom.domain.experiment import Experiment, GenerationSummary, Provenance
from clau_doom.errors import AgentNotFound, ConfigError
from clau_doom.events import ALL_EVENTS, covers, events_of, subject_of
from clau_doom.events.subjects import subject_pattern

REF = AgentRef(3, 17)
AGENT = "lab-g003-a017"


def finished(agent: str) -> EpisodeFinished:
    outcome = EpisodeOutcome(seed=1, measures=Measures(), trajectory_sha256="00" * 32)
    return EpisodeFinished(
        episode=Episode(
            purpose=Purpose.TRAINING, agent=agent, number=0, outcome=outcome, timing=EpisodeTiming(seconds=1.0)
        )
    )


EXPERIMENT = Experiment(id="lab", uuid="u", seed=1, config_yaml="", provenance=Provenance(facts=()))
SUMMARY = GenerationSummary(
    index=12,
    best=REF,
    best_fitness=1.0,
    mean_fitness=1.0,
    worst_fitness=1.0,
    std_fitness=0.0,
    failed=0,
    episodes=1,
)
LOST = EpisodeLost(purpose=Purpose.TRAINING, agent=AGENT, number=0, seed=1, attempt=1, reason="x")
CONTESTANT = ContestantFailed(
    purpose=Purpose.VALIDATION, agent=AGENT, number=0, seed=1, kind=FailureKind.POLICY_RAISED, reason="x"
)
SUBJECTS: list[tuple[Event, str]] = [
    (ExperimentCreated(experiment=EXPERIMENT), "created"),
    (ExperimentStarted(resumed=False, generations=1, config_yaml=""), "started"),
    (ExperimentPaused(), "paused"),
    (ExperimentResumed(), "resumed"),
    (ExperimentInterrupted(generation=0, reason="x"), "interrupted"),
    (ExperimentCompleted(generations=1), "completed"),
    (ExperimentFailed(reason="x"), "failed"),
    (ExperimentCancelled(), "cancelled"),
    (ChampionChosen(champion=REF, validation_fitness=1.0, candidates=1), "champion_chosen"),
    (GenerationStarted(generation=12, agents=()), "generation.12.started"),
    (AgentsAsked(generation=12, agents=()), "generation.12.agents_asked"),
    (GenerationCompleted(summary=SUMMARY), "generation.12.completed"),
    (GenomeInjected(generation=4, genome=Genome((1.0,))), "generation.4.genome_injected"),
    (finished(AGENT), f"agent.{AGENT}.episode_finished"),
    (LOST, f"agent.{AGENT}.episode_lost"),
    (CONTESTANT, f"agent.{AGENT}.contestant_failed"),
    (AgentEvaluated(ref=REF, fitness=1.0), f"agent.{AGENT}.evaluated"),
    (AgentDropped(ref=REF, fitness=1.0, episodes=1), f"agent.{AGENT}.dropped"),
    (AgentFailed(ref=REF, kind=FailureKind.STOPPED, reason="x"), f"agent.{AGENT}.failed"),
    (AgentPaused(ref=REF), f"agent.{AGENT}.paused"),
    (AgentResumed(ref=REF), f"agent.{AGENT}.resumed"),
    (AgentRestarted(ref=REF), f"agent.{AGENT}.restarted"),
]


@pytest.mark.parametrize(("event", "rest"), SUBJECTS, ids=[type(event).__name__ for event, _ in SUBJECTS])
def test_subjects_of_events(event: Event, rest: str) -> None:
    """Subjects do not change, because subscribers depend on them."""
    subject = subject_of("lab", event)
    assert subject == f"clau-doom.experiment.lab.{rest}"
    assert covers(events_of("lab"), subject)
    assert covers(ALL_EVENTS, subject)


def test_every_event_type_has_its_own_subject() -> None:
    assert len({subject_pattern(each) for each in declarations()}) == len(declarations())


@pytest.mark.parametrize("name", ["", "a.b", "*", ">", "a b", "Lab", "a\r\nPUB x", "x" * 41])
def test_malformed_id_is_refused_in_subjects(name: str) -> None:
    """A malformed id could change the subject or add a server command."""
    with pytest.raises(ConfigError, match="not an experiment id"):
        events_of(name)
    with pytest.raises(ConfigError, match="not an experiment id"):
        subject_of(name, ExperimentPaused())


@pytest.mark.parametrize("agent", ["", "a.b", "*", ">", "a b", "a\r\nPUB x", "x" * 65])
def test_malformed_agent_id_is_refused_in_subjects(agent: str) -> None:
    with pytest.raises(AgentNotFound):
        subject_of("lab", finished(agent))


def test_events_of_the_random_baseline_have_its_id() -> None:
    """The random baseline plays held-out episodes and does not belong to a generation."""
    assert subject_of("lab", finished("lab-random")).endswith(".agent.lab-random.episode_finished")


@pytest.mark.parametrize(
    ("pattern", "subject", "chosen"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.c", False),
        ("a.b", "a.b.c", False),
        ("a.b.c", "a.b", False),
        ("a.*", "a.b", True),
        ("a.*", "a.b.c", False),
        ("*.b", "a.b", True),
        ("a.*.c", "a.b.c", True),
        ("a.>", "a.b", True),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        (">", "a", True),
        ("a.*", "a.*", True),
        ("a.>", "a.*.c", True),
        ("a.>", "a.>", True),
        ("a.*", "a.>", False),
        ("a.b", "a.*", False),
    ],
)
def test_patterns_match_as_in_nats(pattern: str, subject: str, chosen: bool) -> None:
    """`*` matches one token and `>` all that follow. A wider pattern covers a narrower one."""
    assert covers(pattern, subject) is chosen
