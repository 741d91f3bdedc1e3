"""Tests of what is added up over an episode."""

import numpy as np
import pytest
from numpy.typing import NDArray

from clau_doom.errors import PolicyFailed
from clau_doom.game.episode import Tally, checked
from clau_doom.game.scenarios import CANONICAL_VARIABLES
from clau_doom.ports import Action


def values(**known: float) -> NDArray[np.float64]:
    return np.array([known.get(name, 0.0) for name in CANONICAL_VARIABLES])


def test_shots_and_distance() -> None:
    """Spent rounds count as shots, found rounds and a change of weapon do not; distance is the path on the plane."""
    tally = Tally(values(SELECTED_WEAPON=2, SELECTED_WEAPON_AMMO=50, HEALTH=100), 10)
    tally.add(values(SELECTED_WEAPON=2, SELECTED_WEAPON_AMMO=48, POSITION_X=3, POSITION_Y=4, POSITION_Z=99), 14)
    tally.add(values(SELECTED_WEAPON=2, SELECTED_WEAPON_AMMO=60, POSITION_X=3, POSITION_Y=4), 18)
    tally.add(values(SELECTED_WEAPON=3, SELECTED_WEAPON_AMMO=8, POSITION_X=3, POSITION_Y=4), 22)
    tally.add(values(SELECTED_WEAPON=3, SELECTED_WEAPON_AMMO=7, HEALTH=-20, DEAD=1, KILLCOUNT=2), 25)
    measures = tally.measures(1.5)
    assert (measures.shots, measures.distance) == (3, 10)
    assert (measures.tics, measures.decisions) == (15, 4)
    assert (measures.health, measures.deaths, measures.kills, measures.reward) == (0, 1, 2, 1.5)


@pytest.mark.parametrize("buttons", [[True, 0, 2.5], (1, 0, 0), np.array([1, 0, 1]), [np.float32(1), np.bool_(0), 0]])
def test_numbers_of_all_kinds_are_actions(buttons: list[float]) -> None:
    """Whatever is a number serves as a button's value, and 0 tics mean the longest."""
    assert checked(Action(buttons), 3, 4) == ([float(value) for value in buttons], 4)


@pytest.mark.parametrize("action", [None, 3, Action([1, 0, 10**400]), Action([1, 0, 1], 5), Action([1, 0, "up"])])  # type: ignore[list-item]
def test_no_actions(action: Action) -> None:
    """Whatever else a policy returns is its own fault."""
    with pytest.raises(PolicyFailed, match="the policy"):
        checked(action, 3, 4)
