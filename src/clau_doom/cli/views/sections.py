"""The sections of an analysis, by the names that the command line gives them."""

from enum import StrEnum

__all__ = ["DEFAULT", "Section"]


class Section(StrEnum):
    """A part of an analysis."""

    GENERATIONS = "generations"
    HELD_OUT = "held-out"
    LEARNING = "learning"
    CONTROL = "control"
    GENES = "genes"
    REGRESSION = "regression"
    COMPONENTS = "components"
    LINEAGE = "lineage"
    MAP = "map"
    RANKING = "ranking"


DEFAULT = (Section.GENERATIONS, Section.HELD_OUT, Section.LEARNING)
"""What is shown unless something else is asked for."""
