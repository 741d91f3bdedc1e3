"""Names and colours of conditions in charts and tables."""

from clau_doom.analysis.charts import CYCLE, Colour

__all__ = ["condition_colour", "condition_name"]


def condition_name(number: int) -> str:
    """Return the display name of a condition."""
    return f"condition {number}"


def condition_colour(number: int) -> Colour:
    """Return the colour of a condition in charts."""
    return CYCLE[number % len(CYCLE)]
