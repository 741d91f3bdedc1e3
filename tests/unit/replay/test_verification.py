"""Tests of verification: comparison with the record, and the rendering pass."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from clau_doom.domain import Episode, EpisodeOutcome, EpisodeTiming, Genome, Purpose
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ReplayDiffers
from clau_doom.ports import FrameSource
from clau_doom.replay import Performance, RenderingPass, ReplayedAgent, SelectedEpisode, check
from clau_doom.testing import ScriptedEngine

Perform = Callable[..., Performance]
MakeEngine = Callable[..., ScriptedEngine]

THEN = Provenance(facts=(("source.evolution", "aa"), ("source.policy", "aa"), ("vizdoom", "1.3.2")))


def choice(outcome: EpisodeOutcome | None) -> SelectedEpisode:
    timing = EpisodeTiming(seconds=1.0)
    episode = None
    if outcome is not None:
        episode = Episode(purpose=Purpose.HELD_OUT, agent="x-g000-a001", number=3, outcome=outcome, timing=timing)
    agent = ReplayedAgent(id="x-g000-a001", genome=Genome(()), baseline=False, champion=True, episodes=())
    return SelectedEpisode(agent=agent, seed=5, episode=episode)


def test_decisions_are_recorded_unchanged(performed: Perform) -> None:
    """A policy that changes its observation does not change the record. The action is the engine's."""
    performance = performed(decisions=6, pressed=2)
    assert [decision.tic for decision in performance.decisions] == [*range(6)]
    assert all(decision.buttons == (0.0, 0.0, 1.0) and decision.tics == 1 for decision in performance.decisions)
    assert all((decision.variables >= 0.0).all() for decision in performance.decisions)
    assert [seen.name for seen in performance.decisions[0].objects] == ["Demon"]
    assert performance.outcome.measures.decisions == 6


def test_equal_outcome_is_verified(performed: Perform) -> None:
    """Other software versions do not matter in this case. An episode without a record passes as well."""
    outcome = performed().outcome
    for recorded in (performed().outcome, None):
        check(choice(recorded), outcome, then=THEN, now=Provenance(facts=(("vizdoom", "9"),)))


@pytest.mark.parametrize(
    ("kills", "digest", "message"),
    [
        (7.0, None, r"its kills is \d, but the record has 7"),
        (None, "cd" * 32, r"SHA-256 is [0-9a-f]{12}\.\.\., but the record has cdcdcdcdcdcd\.\.\."),
    ],
)
def test_first_difference_is_named(performed: Perform, kills: float | None, digest: str | None, message: str) -> None:
    """The difference is a measure, or else the hash. The error has agent, episode and seed."""
    outcome = performed().outcome
    measures = outcome.measures if kills is None else replace(outcome.measures, kills=kills)
    recorded = replace(outcome, measures=measures, trajectory_sha256=digest or outcome.trajectory_sha256)
    with pytest.raises(ReplayDiffers, match=message) as refused:
        check(choice(recorded), outcome, then=THEN, now=THEN)
    assert str(refused.value).startswith("held-out episode 3 of x-g000-a001 (seed 5) differs from the record")
    assert "the record was changed" in str(refused.value)


def test_only_computed_measures_of_the_user_are_compared(performed: Perform) -> None:
    """A measure whose function is not trusted here has no value to compare."""
    outcome = performed().outcome

    def own(**values: float) -> EpisodeOutcome:
        return replace(outcome, measures=replace(outcome.measures, custom=tuple(values.items()) or None))

    for computed in (own(), own(aim=0.5), own(aim=0.5, care=3.0)):
        check(choice(own(aim=0.5, care=3.0)), computed, then=THEN, now=THEN)
    with pytest.raises(ReplayDiffers, match=r"its aim is 0\.25, but the record has 0\.5"):
        check(choice(own(aim=0.5, care=3.0)), own(aim=0.25), then=THEN, now=THEN)
    with pytest.raises(ReplayDiffers, match=r"its care is 3, but the record has nan"):
        check(choice(own(aim=0.5)), own(aim=0.5, care=3.0), then=THEN, now=THEN)


def test_changed_provenance_is_named_as_the_cause(performed: Perform) -> None:
    """The cause is the first changed fact that affects episodes. An unknown fact is ignored."""
    outcome = performed().outcome
    recorded = replace(outcome, trajectory_sha256="cd" * 32)
    now = Provenance(facts=(("source.evolution", "bb"), ("vizdoom", "1.4.0")))
    with pytest.raises(ReplayDiffers, match=r"recorded with vizdoom 1\.3\.2, but now it is 1\.4\.0"):
        check(choice(recorded), outcome, then=THEN, now=now)


def test_rendering_pass_has_a_frame_for_each_tic(performed: Perform, engine: MakeEngine) -> None:
    """Each frame has its decision."""
    source: FrameSource = RenderingPass(engine(), performed())
    frames = [(frame.tic, frame.decision, frame.pixels.shape) for frame in source.frames()]
    assert frames == [(tic, tic, (120, 160)) for tic in range(10)]


def test_rendering_pass_refuses_other_variables(performed: Perform, engine: MakeEngine) -> None:
    """The error names the first different variable. No later frame is returned."""
    performance = performed()
    third = performance.decisions[3]
    changed = third.variables + np.eye(len(third.variables))[1]  # HEALTH
    decisions = (*performance.decisions[:3], replace(third, variables=changed), *performance.decisions[4:])
    frames = RenderingPass(engine(), replace(performance, decisions=decisions)).frames()
    assert [next(frames).tic for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ReplayDiffers, match=r"HEALTH is .* at decision 3"):
        next(frames)


@pytest.mark.parametrize(
    ("decisions", "message"),
    [(7, "ends before its decision 7"), (12, "continues after its 10 decisions")],
)
def test_rendering_pass_refuses_another_length(
    performed: Perform, engine: MakeEngine, decisions: int, message: str
) -> None:
    """The episode is shorter or longer than that of the first pass."""
    with pytest.raises(ReplayDiffers, match=message):
        list(RenderingPass(engine(decisions=decisions), performed()).frames())


def test_rendering_pass_refuses_other_measures(performed: Perform, engine: MakeEngine) -> None:
    """Only the measures show the effect of the last action."""
    performance = performed()
    measures = replace(performance.outcome.measures, reward=99.0)
    other = replace(performance, outcome=replace(performance.outcome, measures=measures))
    with pytest.raises(ReplayDiffers, match="its reward is"):
        list(RenderingPass(engine(), other).frames())
