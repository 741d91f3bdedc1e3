"""Tests of the overlay of films, by its pixels."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from clau_doom.ports import Frame, ScenarioFacts, SeenObject
from clau_doom.replay import Decision, Overlay
from clau_doom.replay.overlay import button_words
from clau_doom.testing import SCRIPTED_FACTS

SIZE = (640, 480)
RED = (196, 43, 33)


def values(**given: float) -> NDArray[np.float64]:
    return np.array([given.get(name, 0.0) for name in SCRIPTED_FACTS.variables])


def decision(
    buttons: tuple[float, ...] = (0.0, 0.0, 0.0), objects: tuple[SeenObject, ...] = (), tic: int = 0
) -> Decision:
    return Decision(tic=tic, variables=values(HEALTH=100.0), objects=objects, buttons=buttons, tics=4)


def enemy(x: int, y: int, width: int, height: int) -> SeenObject:
    return SeenObject(1, "Demon", "enemy", x, y, width, height, (100.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def drawn(
    made: Decision,
    variables: NDArray[np.float64] | None = None,
    *,
    facts: ScenarioFacts = SCRIPTED_FACTS,
    size: tuple[int, int] = SIZE,
    tic: int = 0,
    caption: str = "",
) -> NDArray[np.int64]:
    """Return a black picture with the overlay."""
    picture = Image.new("RGB", size)
    frame = Frame(
        tic=tic,
        decision=0,
        variables=made.variables if variables is None else variables,
        pixels=np.zeros((size[1], size[0], 3), dtype=np.uint8),
    )
    Overlay(facts, [made], caption).draw(picture, frame)
    return np.asarray(picture).astype(np.int64)


def changed(one: NDArray[np.int64], other: NDArray[np.int64]) -> tuple[int, int, int, int] | None:
    """Return the box (left, top, right, bottom) in which two pictures differ, or None."""
    rows, columns = np.nonzero((one != other).any(axis=2))
    return None if not len(rows) else (columns.min(), rows.min(), columns.max(), rows.max())


@pytest.mark.parametrize("size", [(640, 480), (400, 300)])
def test_box_is_scaled_to_the_picture(size: tuple[int, int]) -> None:
    """An object's box in the policy's pixels is scaled to the picture's, to the corners."""
    with_box = drawn(decision(objects=(enemy(40, 30, 3, 24),)), size=size)
    without = drawn(decision(), size=size)
    scale = size[0] // 160 if size[0] % 160 == 0 else size[0] / 160
    found = changed(with_box, without)
    assert found is not None
    assert np.allclose(found, (40 * scale, 30 * scale, 43 * scale - 1, 54 * scale - 1), atol=2.0)


def carried(**now: float) -> tuple[float, float, float, float] | None:
    """Return the middle and the size of a moved box.

    The object is first in the middle of the screen, 100 units ahead.
    """
    seen, later = decision(objects=(enemy(60, 50, 40, 20),)), values(HEALTH=100.0, **now)
    found = changed(drawn(seen, later)[:438], drawn(decision(), later)[:438])
    if found is None:
        return None
    left, _, right, bottom = found  # above it lies its name
    return (left + right) / 2, bottom, right - left + 1, 0


@pytest.mark.parametrize(("angle", "x"), [(0.0, 320), (10.0, 376), (350.0, 264), (-10.0, 264)])
def test_box_follows_the_players_turn(angle: float, x: int) -> None:
    """The box moves by the tangent of the angle, to the right for a turn to the left."""
    found = carried(ANGLE=angle)
    assert found is not None
    assert found[0] == pytest.approx(x, abs=1.5)


@pytest.mark.parametrize(
    ("moved", "x", "bottom", "width"),
    [
        ({"POSITION_X": 50.0}, 320, 320, 320),  # twice as near: twice as large, twice as far below the horizon
        ({"POSITION_X": -100.0}, 320, 260, 80),
        ({"POSITION_Y": 25.0}, 400, 280, 160),  # to the left: a quarter of the half picture
    ],
)
def test_box_follows_the_players_steps(moved: dict[str, float], x: int, bottom: int, width: int) -> None:
    """The box grows as the player approaches, and moves opposite to a sideways step."""
    found = carried(**moved)
    assert found is not None
    assert np.allclose(found[:3], (x, bottom, width), atol=2.5)


@pytest.mark.parametrize("behind", [{"ANGLE": 150.0}, {"POSITION_X": 120.0}])
def test_box_behind_the_player_is_not_drawn(behind: dict[str, float]) -> None:
    assert carried(**behind) is None


def test_names_do_not_overlap() -> None:
    """Only the name of the larger object is drawn, but both boxes."""
    large, small = enemy(60, 40, 40, 40), enemy(62, 41, 30, 10)
    both = drawn(decision(objects=(small, large)))
    alone = drawn(decision(objects=(large,)))
    assert changed(both[:158], alone[:158]) is None
    assert changed(both, alone) is not None


def test_large_object_has_its_name_above_the_box() -> None:
    with_box, without = drawn(decision(objects=(enemy(60, 50, 40, 40),))), drawn(decision())
    found = changed(with_box, without)
    assert found is not None
    assert found[1] < 200 - 8


@pytest.mark.parametrize("place", [0, 1, 2])
def test_held_button_is_highlighted(place: int) -> None:
    """One chip is red, in the order of the buttons. Without a held button no chip is red."""
    held = tuple(float(place == other) for other in range(3))
    picture = drawn(decision(buttons=held))
    lit = np.abs(picture - np.array(RED)).sum(axis=2) < 40
    columns = np.nonzero(lit.any(axis=0))[0]
    assert lit.sum() > 500
    idle = np.abs(drawn(decision()) - np.array(RED)).sum(axis=2) < 40
    assert idle.sum() == 0
    others = [
        np.nonzero((np.abs(drawn(decision(buttons=row)) - np.array(RED)).sum(axis=2) < 40).any(axis=0))[0].min()
        for row in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    ]
    assert columns.min() == sorted(others)[place]


def test_health_follows_the_frame() -> None:
    """The bar and the number use the frame's variables, not those of the decision."""
    pictures = [drawn(decision(), values(HEALTH=health)) for health in (100.0, 60.0, 20.0, 0.0, -5.0)]
    corners = [picture[440:, :160] for picture in pictures]  # the bar is what has a colour in them
    lengths = [int((corner.max(axis=2) - corner.min(axis=2) > 60).sum()) for corner in corners]
    assert lengths[0] > lengths[1] > lengths[2] > lengths[3] == 0
    assert changed(pictures[3], pictures[4]) is None


def test_irrelevant_numbers_are_omitted() -> None:
    """A scenario without attack has no ammunition and kills, and one without armour has no armour."""
    peaceful = replace(SCRIPTED_FACTS, buttons=("TURN_LEFT", "TURN_RIGHT", "MOVE_FORWARD"))
    ammunition = values(HEALTH=100.0, SELECTED_WEAPON_AMMO=26.0, KILLCOUNT=3.0)
    assert changed(drawn(decision(), facts=peaceful), drawn(decision(), ammunition, facts=peaceful)) is None
    assert changed(drawn(decision()), drawn(decision(), ammunition)) is not None


def test_only_pressed_buttons_are_drawn_without_space() -> None:
    names = tuple(f"SELECT_WEAPON{number}" for number in range(9)) * 3
    facts = replace(SCRIPTED_FACTS, buttons=(*names[:26], "ATTACK"))
    held = decision(buttons=(*[0.0] * 24, 1.0, 1.0, 1.0))
    everything = decision(buttons=(1.0,) * 27)
    for made, fewest in ((held, 1), (everything, 1)):
        picture = drawn(made, facts=facts)
        lit = np.abs(picture - np.array(RED)).sum(axis=2) < 40
        assert lit.sum() > 500 * fewest
        assert not lit[:, :200].any()


def test_caption_is_left_and_game_time_right() -> None:
    """Both are in the upper corners."""
    blank, captioned = drawn(decision()), drawn(decision(), caption="x-g000-a001")
    found = changed(blank, captioned)
    assert found is not None
    assert found[2] < 320
    assert found[3] < 40
    later = changed(blank, drawn(decision(), tic=35))
    assert later is not None
    assert later[0] > 500
    assert later[3] < 40


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ATTACK", 1.0, "attack"),
        ("MOVE_FORWARD", 1.0, "move forward"),
        ("TURN_LEFT_RIGHT_DELTA", -3.25, "turn left right -3.2"),
    ],
)
def test_buttons_have_readable_names(name: str, value: float, words: str) -> None:
    """A delta button has its amount."""
    assert button_words(name, value) == words
