"""Frame of a running episode for the live view. It does not influence results."""

from dataclasses import dataclass, field

__all__ = ["LiveFrame"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveFrame:
    """Screen and state at one decision of an episode.

    Attributes:
        task: Number of the episode at its worker.
        tic: Tics since the start of the episode.
        health: Health, in points.
        kills: Number of killed monsters.
        held: Names of the pressed buttons in ViZDoom.
        width: Width of the screen in pixels.
        height: Height of the screen in pixels.
        channels: 1 for grey levels, 3 for red, green and blue.
        pixels: One byte for each channel of each pixel, row by row from the top left corner.
    """

    task: int
    tic: int
    health: float
    kills: float
    held: tuple[str, ...]
    width: int
    height: int
    channels: int
    pixels: bytes = field(repr=False)
