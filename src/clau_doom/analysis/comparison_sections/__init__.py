"""Sections of a comparison of experiments.

A module has a function `describe`, which takes the `ComparisonData` and describes a part of the comparison as a
`Section`. To add a section, add a module and its name here.
"""

__all__ = ["COMPARISON_SECTIONS", "MAIN_SECTIONS"]

COMPARISON_SECTIONS = (
    "champions",
    "contrasts",
    "performance-profiles",
    "curves",
    "anytime",
    "setups",
    "quality-diversity",
    "multicriteria-ranking",
    "failures",
    "reproduction",
)
"""Sections of a comparison, in order."""

MAIN_SECTIONS = ("champions", "contrasts", "setups")
"""Sections that the terminal shows."""
