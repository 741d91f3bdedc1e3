"""Tests of the colours of the dashboard."""

import re
from itertools import combinations
from pathlib import Path

import pytest

import clau_doom.web

STATIC = Path(clau_doom.web.__file__).parent / "static"


def lab(colour: str) -> tuple[float, float, float]:
    """Return an sRGB colour in CIELAB (white point D65)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz]
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", [0, 1, 2])
def test_colours_of_curves_are_distinguishable(theme: int) -> None:
    """In each theme six colours differ by at least 30 units of CIELAB, and from the background by 40."""
    style = (STATIC / "style.css").read_text()
    colours = [re.findall(rf"--series-{n}: (#[0-9a-f]{{6}})", style)[theme] for n in range(1, 7)]
    panel = re.findall(r"--panel: (#[0-9a-f]{6})", style)[theme]
    for one, other in combinations(colours, 2):
        assert sum((a - b) ** 2 for a, b in zip(lab(one), lab(other), strict=True)) ** 0.5 > 30, (one, other)
    for colour in colours:
        assert sum((a - b) ** 2 for a, b in zip(lab(colour), lab(panel), strict=True)) ** 0.5 > 40, colour
