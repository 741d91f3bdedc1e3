"""Sections of a comparison of experiments.

A module has a function `describe`, which takes the `ComparisonData` and describes a part of the comparison as a
`Section`. To add a section, add a module and its name here.
"""

__all__ = ["COMPARISON_SECTIONS", "MAIN_SECTIONS", "SINGLE_RUN_SECTIONS"]

COMPARISON_SECTIONS = (
    "conditions",
    "variance-components",
    "exploratory-measures",
    "curves",
    "anytime",
    "quality-diversity",
    "champions",
    "champion-contrasts",
    "performance-profiles",
    "multicriteria-ranking",
    "failures",
    "reproduction",
)
"""Sections of a comparison, in order: the conclusions about methods first, then the agents."""

MAIN_SECTIONS = ("conditions", "variance-components", "champions")
"""Sections that the terminal shows if conditions are compared by runs."""

SINGLE_RUN_SECTIONS = ("conditions", "champions", "champion-contrasts")
"""Sections that the terminal shows if no conditions can be compared: the agents are compared."""
