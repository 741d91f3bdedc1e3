"""Colours of conditions in charts."""

from clau_doom.analysis.charts import CYCLE, Colour

__all__ = ["condition_colour"]


def condition_colour(number: int) -> Colour:
    """Return the colour of a condition in charts. It is the same in all charts."""
    return CYCLE[number % len(CYCLE)]
