"""Tests of curves, against values computed by hand."""

from dataclasses import replace

from clau_doom.app.tracking.generation_curves import CurveAccumulator
from clau_doom.domain import AgentRef, Measures, Purpose
from clau_doom.domain.events import (
    AgentDropped,
    AgentEvaluated,
    EpisodeFinished,
    Event,
    ExperimentInterrupted,
    ExperimentPaused,
    ExperimentResumed,
    ExperimentStarted,
    FailureKind,
    RecordedEvent,
)
from clau_doom.ports import GenerationCurves
from tests.support.small_experiment import completed, episode, failed

STARTED = ExperimentStarted(resumed=False, generations=2, config_yaml="")


def curves_of(*timed: tuple[float, Event]) -> list[GenerationCurves]:
    curves = CurveAccumulator()
    found = [
        curves.apply(RecordedEvent(sequence=number, time=time, event=event))
        for number, (time, event) in enumerate(timed, start=1)
    ]
    return [each for each in found if each]


def played(
    agent: str, kills: float, tics: float, purpose: Purpose = Purpose.TRAINING, *, aim: float | None = None
) -> EpisodeFinished:
    finished = episode(agent, purpose=purpose)
    custom = None if aim is None else (("aim", aim),)
    outcome = replace(finished.episode.outcome, measures=Measures(kills=kills, tics=tics, custom=custom))
    return EpisodeFinished(episode=replace(finished.episode, outcome=outcome))


def test_values_of_generations() -> None:
    """Means cover the generation's training episodes; progress covers all of them so far."""
    first, second = curves_of(
        (10.0, STARTED),
        (11.0, played("lab-g000-a000", 2.0, 100.0)),
        (11.0, played("lab-g000-a001", 5.0, 50.0)),
        (11.0, played("lab-g000-a001", 99.0, 99.0, Purpose.VALIDATION)),
        (12.0, AgentEvaluated(ref=AgentRef(0, 0), fitness=4.0)),
        (12.0, AgentDropped(ref=AgentRef(0, 1), fitness=1.0, episodes=1)),
        (12.0, AgentEvaluated(ref=AgentRef(0, 2), fitness=7.0)),
        (13.0, completed(0, AgentRef(0, 2))),
        (14.0, played("lab-g001-a000", 1.0, 10.0)),
        (15.0, completed(1, AgentRef(1, 0))),
    )
    assert (first.generation, second.generation) == (0, 1)
    assert (first.values["measures/kills"], first.values["measures/tics"]) == (3.5, 75.0)
    assert first.values["fitness/median"] == 4.0
    assert (first.values["fitness/best"], first.values["agents/failed"]) == (1.0, 0.0)
    assert [each.values["progress/episodes"] for each in (first, second)] == [2.0, 3.0]
    assert [each.values["progress/tics"] for each in (first, second)] == [150.0, 160.0]
    assert [each.values["progress/seconds"] for each in (first, second)] == [3.0, 5.0]
    assert second.values["measures/kills"] == 1.0
    assert "fitness/median" not in second.values


def test_measures_of_the_user_have_curves() -> None:
    (curves,) = curves_of(
        (10.0, STARTED),
        (11.0, played("lab-g000-a000", 2.0, 100.0, aim=0.25)),
        (11.0, played("lab-g000-a001", 5.0, 50.0, aim=0.5)),
        (13.0, completed(0, AgentRef(0, 1))),
    )
    assert (curves.values["measures/aim"], curves.values["measures/kills"]) == (0.375, 3.5)


def test_failed_agents_have_no_share_in_the_median() -> None:
    """An agent that fails after its evaluation, in a verification, loses its fitness."""
    (curves,) = curves_of(
        (0.0, STARTED),
        (1.0, AgentEvaluated(ref=AgentRef(0, 0), fitness=1.0)),
        (1.0, AgentEvaluated(ref=AgentRef(0, 1), fitness=9.0)),
        (1.0, failed(AgentRef(0, 1), FailureKind.FORGED)),
        (2.0, completed(0, AgentRef(0, 0))),
    )
    assert curves.values["fitness/median"] == 1.0


def test_seconds_exclude_pauses_and_time_between_runs() -> None:
    """A killed process leaves no event, so that its time ends at its last event."""
    resumed = ExperimentStarted(resumed=True, generations=2, config_yaml="")
    (curves,) = curves_of(
        (0.0, STARTED),
        (2.0, ExperimentPaused()),
        (50.0, ExperimentResumed()),
        (51.0, ExperimentInterrupted(generation=0, reason="Ctrl-C")),
        (100.0, resumed),
        (104.0, played("lab-g000-a000", 1.0, 1.0)),  # killed
        (200.0, resumed),
        (208.0, completed(0, AgentRef(0, 0))),
    )
    assert curves.values["progress/seconds"] == 2.0 + 1.0 + 4.0 + 8.0
