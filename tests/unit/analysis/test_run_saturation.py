"""Tests of the saturation of one run."""

from dataclasses import replace

from clau_doom.analysis.run_saturation import saturation_of_run
from clau_doom.analysis.saturation import Saturation
from tests.support.stored_runs import REWARD, snapshot_of

_TRAINING = [[[1.0, 9.0]], [[9.0, 9.0, 9.0, 9.0, 2.0]]]


def test_last_generation_validation_and_held_out_episodes_are_checked() -> None:
    """4 of 5 training, 3 of 5 validation and 5 of 6 held-out episodes have the largest reward."""
    snapshot = snapshot_of(
        "a", _TRAINING, {(1, 0): [9.0, 9.0, 9.0, 1.0, 1.0]}, champion=[9.0] * 5 + [0.0], random=[0.0] * 6
    )
    assert saturation_of_run(snapshot, REWARD) == (
        Saturation(episodes="training episodes of generation 1", n=5, at_largest=4, largest=9.0),
        Saturation(episodes="validation episodes of the champion", n=5, at_largest=3, largest=9.0),
        Saturation(episodes="held-out episodes of the champion", n=6, at_largest=5, largest=9.0),
    )


def test_run_without_a_champion_has_its_training_episodes_only() -> None:
    snapshot = replace(snapshot_of("a", _TRAINING, {}), champion=None, judging={})
    assert [each.episodes for each in saturation_of_run(snapshot, REWARD)] == ["training episodes of generation 1"]
    assert saturation_of_run(replace(snapshot, generations=(), summaries=()), REWARD) == ()
