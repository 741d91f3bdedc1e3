"""Overlay of an agent's observations and actions on frames: boxes, a status bar and held buttons."""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from clau_doom.ports import Frame, ScenarioFacts, SeenObject
from clau_doom.replay.verification import Decision

__all__ = ["Overlay", "button_words"]

_Colour = tuple[int, int, int]
_Box = tuple[float, float, float, float]
_INK: _Colour = (245, 245, 242)
_FAINT: _Colour = (168, 170, 176)
_PANEL: _Colour = (14, 15, 19)
_LIT: _Colour = (196, 43, 33)
_HEALTHY, _HURT, _DYING = (88, 190, 104), (233, 178, 61), (222, 62, 50)
_KINDS: dict[str, _Colour] = {
    "enemy": (255, 82, 66),
    "projectile": (255, 176, 59),
    "pickup": (98, 214, 122),
    "hazard": (201, 120, 255),
}
_OTHER: _Colour = (190, 194, 202)
_TICS_A_SECOND = 35
_TINY = 12  # pixels; thicker lines would hide what is smaller
_NEAREST = 8.0  # map units; half of the player's own width


class Overlay:
    """Draws on the pictures of an episode, of any size with the aspect ratio of the policy's screen.

    Boxes show the objects that the policy observed at its last decision. While an action is held, boxes are moved for
    the player's own movement only. An object that moves leaves its box until the next decision.
    """

    def __init__(self, facts: ScenarioFacts, decisions: Sequence[Decision], caption: str) -> None:
        """Draw an episode.

        Args:
            facts: Facts about the scenario; boxes refer to its resolution.
            decisions: Decisions of the episode.
            caption: Short description of the episode.
        """
        self._facts = facts
        self._decisions = decisions
        self._caption = caption
        self._places = {name: place for place, name in enumerate(facts.variables)}
        self._figures = self._captions(decisions)

    def draw(self, picture: Image.Image, frame: Frame) -> None:
        """Draw on the picture of a frame.

        Args:
            picture: RGB picture, changed in place.
            frame: Frame of the picture.
        """
        pen = ImageDraw.Draw(picture, "RGBA")
        decision = self._decisions[frame.decision]
        self._draw_objects(pen, picture.size, decision, frame.variables)
        self._draw_caption(pen, picture.size, frame.tic)
        self._draw_bar(pen, picture.size, frame.variables, decision)

    def _captions(self, decisions: Sequence[Decision]) -> tuple[tuple[str, str], ...]:
        """Return the variables to show for this scenario, as (word, variable)."""
        armed = "ATTACK" in self._facts.buttons
        armoured = any(decision.variables[self._places["ARMOR"]] > 0.0 for decision in decisions)
        figures = (
            ("armor", "ARMOR", armoured),
            ("ammo", "SELECTED_WEAPON_AMMO", armed),
            ("kills", "KILLCOUNT", armed),
        )
        return tuple((word, variable) for word, variable, wanted in figures if wanted)

    def _draw_objects(
        self, pen: ImageDraw.ImageDraw, size: tuple[int, int], decision: Decision, variables: NDArray[np.float64]
    ) -> None:
        then, now = self._eye(decision.variables), self._eye(variables)
        width, height = size
        across, down = width / self._facts.resolution[0], height / self._facts.resolution[1]
        font, line = _font(max(9, round(height * 0.028))), max(2, round(height / 240))
        named: list[_Box] = []
        for seen in sorted(decision.objects, key=lambda seen: seen.width * seen.height, reverse=True):
            left, top = seen.x * across, seen.y * down
            box = _carried((left, top, left + seen.width * across, top + seen.height * down), seen, then, now, size)
            if box is None:
                continue
            _corners(pen, box, _KINDS.get(seen.kind, _OTHER), line)
            if box[2] - box[0] > height * 0.05:
                _name(pen, ((box[0] + box[2]) / 2, box[1] - 3), seen.name, font, named)

    def _eye(self, variables: NDArray[np.float64]) -> "_Eye":
        x, y, angle = (float(variables[self._places[name]]) for name in ("POSITION_X", "POSITION_Y", "ANGLE"))
        return _Eye(x, y, math.radians(angle))

    def _draw_caption(self, pen: ImageDraw.ImageDraw, size: tuple[int, int], tic: int) -> None:
        width, height = size
        font, edge = _font(max(10, round(height * 0.030))), round(height * 0.02)
        seconds = tic / _TICS_A_SECOND
        for x, anchor, text in ((edge, "lt", self._caption), (width - edge, "rt", f"{seconds:.1f} s")):
            pen.text((x, edge), text, font=font, anchor=anchor, fill=_INK, stroke_width=1, stroke_fill=(0, 0, 0, 160))

    def _draw_bar(
        self, pen: ImageDraw.ImageDraw, size: tuple[int, int], variables: NDArray[np.float64], decision: Decision
    ) -> None:
        def value(variable: str) -> float:
            return max(0.0, float(variables[self._places[variable]]))

        bar = _Bar(pen, size)
        bar.meter(value("HEALTH"))
        bar.figure(value("HEALTH"), "health", widest="100")
        for word, variable in self._figures:
            bar.figure(value(variable), word, widest="88")
        bar.buttons(self._facts.buttons, decision.buttons)


def button_words(name: str, value: float) -> str:
    """Describe a held button, such as ``turn left``, or ``turn left right +3.5`` for a delta button."""
    words = name.removesuffix("_DELTA").lower().replace("_", " ")
    return f"{words} {value:+.1f}" if name.endswith("_DELTA") else words


class _Bar:
    """Status bar at the lower edge: figures from the left, buttons at the right."""

    def __init__(self, pen: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
        width, height = size
        self._pen = pen
        self._deep = max(28, round(height * 0.085))
        self._middle = height - self._deep / 2
        self._x = self._deep * 0.35
        self._right = width - self._deep * 0.35
        pen.rectangle((0, height - self._deep, width, height), fill=(*_PANEL, 205))

    def meter(self, health: float) -> None:
        """Draw health as a bar, full at 100."""
        long, high, share = self._deep * 1.5, self._deep * 0.30, min(health, 100.0) / 100.0
        top, bottom = self._middle - high / 2, self._middle + high / 2
        colour = _HEALTHY if health > 50.0 else _HURT if health > 25.0 else _DYING
        self._pen.rounded_rectangle((self._x, top, self._x + long, bottom), high / 2, fill=(255, 255, 255, 36))
        if share * long >= high:
            self._pen.rounded_rectangle((self._x, top, self._x + share * long, bottom), high / 2, fill=(*colour, 255))
        self._x += long + self._deep * 0.25

    def figure(self, value: float, word: str, *, widest: str) -> None:
        """Draw a figure and its word at a fixed position."""
        figures, words = _font(round(self._deep * 0.46), bold=True), _font(round(self._deep * 0.34))
        text = f"{value:.0f}"
        end = self._x + max(figures.getlength(widest), figures.getlength(text))
        self._pen.text((end, self._middle), text, font=figures, anchor="rm", fill=_INK)
        end += words.size * 0.4
        self._pen.text((end, self._middle), word, font=words, anchor="lm", fill=_FAINT)
        self._x = end + words.getlength(word) + self._deep * 0.4

    def buttons(self, names: Sequence[str], values: Sequence[float]) -> None:
        """Draw all buttons with held ones highlighted, or only held ones if space is short."""
        font, right = _font(round(self._deep * 0.34)), self._right
        chips = [(button_words(name, value), bool(value)) for name, value in zip(names, values, strict=True)]
        if not self._fit(chips, font):
            chips = [chip for chip in chips if chip[1]] or [("no button", False)]
            while len(chips) > 1 and not self._fit(chips, font):
                chips = chips[:-1]
        for text, lit in reversed(chips):
            left = right - self._chip(text, font)
            box = (left, self._middle - self._deep * 0.31, right, self._middle + self._deep * 0.31)
            self._pen.rounded_rectangle(box, self._deep * 0.14, fill=(*_LIT, 240) if lit else (255, 255, 255, 22))
            place = ((left + right) / 2, self._middle)
            self._pen.text(place, text, font=font, anchor="mm", fill=_INK if lit else _FAINT)
            right = left - self._deep * 0.14

    def _fit(self, chips: Sequence[tuple[str, bool]], font: ImageFont.FreeTypeFont) -> bool:
        wide = sum(self._chip(text, font) + self._deep * 0.14 for text, _ in chips)
        return wide <= self._right - self._x

    def _chip(self, text: str, font: ImageFont.FreeTypeFont) -> float:
        return font.getlength(text) + self._deep * 0.40


class _Eye(NamedTuple):
    """Position and viewing direction of the player, in radians counter-clockwise from east."""

    x: float
    y: float
    angle: float

    def to(self, seen: SeenObject) -> tuple[float, float]:
        """Return the distance of an object forwards and to the left, in map units."""
        east, north = seen.position[0] - self.x, seen.position[1] - self.y
        sine, cosine = math.sin(self.angle), math.cos(self.angle)
        return east * cosine + north * sine, north * cosine - east * sine


def _carried(box: _Box, seen: SeenObject, then: _Eye, now: _Eye, size: tuple[int, int]) -> _Box | None:
    """Return an object's box after the player's movement, or None if the object is behind the player.

    The projection is a plane with a field of view of 90 degrees: size is proportional to 1 / distance.

    Args:
        box: Previous box in pixels.
        seen: The object, assumed to be stationary.
        then: View of the player at the observation.
        now: Current view of the player.
        size: Width and height of the picture.
    """
    (ahead, aside), (ahead_now, aside_now) = then.to(seen), now.to(seen)
    if ahead < _NEAREST:  # very close objects have no valid projection
        return box
    if ahead_now < _NEAREST:
        return None
    left, top, right, bottom = box
    half, horizon, growth = size[0] / 2, size[1] / 2, ahead / ahead_now
    middle = (left + right) / 2 + half * (aside / ahead - aside_now / ahead_now)
    reach = (right - left) / 2 * growth
    return middle - reach, horizon + (top - horizon) * growth, middle + reach, horizon + (bottom - horizon) * growth


def _corners(pen: ImageDraw.ImageDraw, box: _Box, colour: _Colour, line: int) -> None:
    """Draw the four corners of a box."""
    left, top, right, bottom = (round(edge) for edge in box)
    right, bottom = right - 1, bottom - 1
    shorter = min(right - left, bottom - top)
    arm, line = max(2, shorter // 4), line if shorter > _TINY else 1
    for x, inward in ((left, 1), (right, -1)):
        for y, onward in ((top, 1), (bottom, -1)):
            pen.line((x, y, x + inward * arm, y), fill=colour, width=line)
            pen.line((x, y, x, y + onward * arm), fill=colour, width=line)


def _name(
    pen: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    font: ImageFont.FreeTypeFont,
    before: list[_Box],
) -> None:
    """Write an object's name above its box unless it would overlap an earlier name; store its place."""
    left, top, right, bottom = pen.textbbox(place, text, font=font, anchor="mb", stroke_width=1)
    if any(left < other[2] and other[0] < right and top < other[3] and other[1] < bottom for other in before):
        return
    before.append((left, top, right, bottom))
    pen.text(place, text, font=font, anchor="mb", fill=_INK, stroke_width=1, stroke_fill=_PANEL)


@lru_cache(maxsize=32)
def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return matplotlib's DejaVu Sans at a size in pixels."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / name), size)
