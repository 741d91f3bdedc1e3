"""Names of the sections of an analysis on the command line."""

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
"""Sections that are shown by default."""
