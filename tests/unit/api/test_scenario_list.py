"""Tests of the list of bundled scenarios."""

import clau_doom as cd
from clau_doom.game import SCENARIOS


def test_each_bundled_scenario_has_a_row() -> None:
    """The facts of defend_the_center are those of ViZDoom's defend_the_center.cfg."""
    table = cd.scenarios()
    assert table["name"] == sorted(SCENARIOS)
    row = next(each for each in table if each["name"] == "defend_the_center")
    assert (row["buttons"], row["timeout"], row["doom_skill"]) == (["TURN_LEFT", "TURN_RIGHT", "ATTACK"], 2100, 3)
    assert "kills" in row["measures"]
    assert row["description"]
