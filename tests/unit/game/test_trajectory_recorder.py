"""Tests of the measures that are summed over an episode."""

import hashlib
import struct

import numpy as np
import pytest
from numpy.typing import NDArray

from clau_doom.errors import PolicyFailed
from clau_doom.game.scenarios import CANONICAL_VARIABLES
from clau_doom.game.trajectory_recorder import ActionCheck, EpisodeRecorder
from clau_doom.ports import Action

CHECK = ActionCheck(3, 4)


def values(**known: float) -> NDArray[np.float64]:
    return np.array([known.get(name, 0.0) for name in CANONICAL_VARIABLES])


def test_shots_and_distance_are_summed() -> None:
    """Spent rounds count as shots, found rounds and a change of weapon do not. Distance is the path on the plane."""
    tally = EpisodeRecorder(values(SELECTED_WEAPON=2, SELECTED_WEAPON_AMMO=50, HEALTH=100), 10)
    there = {"POSITION_X": 3.0, "POSITION_Y": 4.0}
    tally.add(b"", values(SELECTED_WEAPON=2, SELECTED_WEAPON_AMMO=48, POSITION_Z=99, **there), 14)
    tally.add(b"", values(SELECTED_WEAPON=2, SELECTED_WEAPON_AMMO=60, **there), 18)
    tally.add(b"", values(SELECTED_WEAPON=3, SELECTED_WEAPON_AMMO=8, **there), 22)
    tally.add(b"", values(SELECTED_WEAPON=3, SELECTED_WEAPON_AMMO=7, HEALTH=-20, DEAD=1, KILLCOUNT=2), 25)
    measures = tally.measures(1.5)
    assert (measures.shots, measures.distance) == (3, 10)
    assert (measures.tics, measures.decisions) == (15, 4)
    assert (measures.health, measures.deaths, measures.kills, measures.reward) == (0, 1, 2, 1.5)


def test_trajectory_hash_ends_with_the_last_decision() -> None:
    """The hash covers each decision's observation and action. The state after the last one is omitted."""
    first, second, last = values(HEALTH=100), values(HEALTH=90), values(HEALTH=0)
    tally = EpisodeRecorder(first, 1)
    tally.add(b"left", second, 5)
    tally.add(b"right", last, 9)
    whole = first.tobytes() + b"left" + second.tobytes() + b"right"
    assert tally.trajectory_sha256() == hashlib.sha256(whole).hexdigest()


def test_changed_variables_do_not_change_the_record() -> None:
    """A policy that changes the variables changes neither measures nor hash."""
    row = values(HEALTH=100)
    tally = EpisodeRecorder(row, 1)
    before = tally.trajectory_sha256(), tally.measures(0.0)
    row[:] = 7.0
    assert (tally.trajectory_sha256(), tally.measures(0.0)) == before


@pytest.mark.parametrize("buttons", [[True, 0, 2.5], (1, 0, 0), np.array([1, 0, 1]), [np.float32(1), np.bool_(0), 0]])
def test_numbers_of_all_kinds_are_actions(buttons: list[float]) -> None:
    """Any number type is valid for a button, and 0 tics mean the maximum."""
    given, tics, written = CHECK(Action(buttons))
    assert (given, tics) == ([float(value) for value in buttons], 4)
    assert written == struct.pack("<3dq", *given, 4)


@pytest.mark.parametrize(
    "action",
    [
        None,
        3,
        Action([1, 0]),
        Action([1, 0, 10**400]),
        Action([1, 0, 10**5000]),
        Action([1, 0, "up"]),  # type: ignore[list-item]
        Action([1, 0, float("inf")]),
        Action([1, 0, 1], 5),
        Action([1, 0, 1], -1),
        Action([1, 0, 1], 10**400),
        Action([1, 0, 1], 2.5),  # type: ignore[arg-type]
    ],
)
def test_invalid_action_is_a_policy_failure(action: Action) -> None:
    with pytest.raises(PolicyFailed, match="the policy"):
        CHECK(action)
