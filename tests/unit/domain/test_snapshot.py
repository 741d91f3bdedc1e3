"""Tests of snapshots of an experiment."""

from clau_doom.domain import Agent, AgentRef, Episode, EpisodeOutcome, EpisodeTiming, Genome, Measures, Purpose
from clau_doom.domain.experiment import Experiment, ExperimentState, Provenance
from clau_doom.domain.snapshot import Snapshot

AGENT = Agent(experiment="lab", ref=AgentRef(0, 0), genome=Genome((0.5,)), parents=(), operator="draw")


def episodes(purpose: Purpose, count: int) -> tuple[Episode, ...]:
    outcome = EpisodeOutcome(seed=1, measures=Measures(), trajectory_sha256="0" * 64)
    return tuple(
        Episode(purpose=purpose, agent=AGENT.id, number=number, outcome=outcome, timing=EpisodeTiming(seconds=1.0))
        for number in range(count)
    )


def snapshot(*, training: int, validation: int, held_out: int) -> Snapshot:
    judged = {Purpose.VALIDATION: validation, Purpose.HELD_OUT: held_out}
    return Snapshot(
        experiment=Experiment(id="lab", uuid="0", seed=1, config_yaml="", provenance=Provenance(facts=())),
        config_yaml="",
        state=ExperimentState.RUNNING,
        reason=None,
        generations=(),
        summaries=(),
        episodes={AGENT.ref: episodes(Purpose.TRAINING, training)} if training else {},
        judging={(purpose, AGENT.id): episodes(purpose, count) for purpose, count in judged.items() if count},
    )


def test_episodes_of_an_agent_are_sorted_by_purpose() -> None:
    """The order is training, validation, held-out. Each part can be missing."""
    played = snapshot(training=2, validation=1, held_out=2).played_by(AGENT)
    assert [(each.purpose, each.number) for each in played] == [
        (Purpose.TRAINING, 0),
        (Purpose.TRAINING, 1),
        (Purpose.VALIDATION, 0),
        (Purpose.HELD_OUT, 0),
        (Purpose.HELD_OUT, 1),
    ]
    assert [each.purpose for each in snapshot(training=0, validation=0, held_out=1).played_by(AGENT)] == [
        Purpose.HELD_OUT
    ]
    assert snapshot(training=0, validation=0, held_out=0).played_by(AGENT) == ()
