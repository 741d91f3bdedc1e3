"""One moment of an episode that is being played, for people; it proves nothing and decides nothing."""

from dataclasses import dataclass, field

__all__ = ["LiveFrame"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveFrame:
    """One decision of an episode.

    Attributes:
        task: The worker's number of the episode.
        tic: Tics since the episode began.
        health: Health, in points.
        kills: Monsters killed so far.
        held: The buttons that are held, by ViZDoom's names.
        width: The screen's width, in pixels.
        height: Its height, in pixels.
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
