"""Sections of an analysis: one module for each statistic.

A module has a function `describe`, which takes the `ExperimentData`, computes the result and describes it as a
`Section`. The name of a section is the file name, with dashes instead of underscores. To add a section, add a module
and its name here. The modules are imported when they are used, because the statistics take a second to import.
"""

__all__ = ["EXPERIMENT_SECTIONS", "MAIN_SECTIONS"]

EXPERIMENT_SECTIONS = (
    "held-out",
    "generations",
    "validation",
    "learning",
    "control-charts",
    "diversity",
    "gene-distributions",
    "gene-regression",
    "principal-components",
    "lineage",
    "elite-map",
    "multicriteria-ranking",
    "failures",
    "reproduction",
)
"""Sections of the analysis of one experiment, in order."""

MAIN_SECTIONS = ("held-out", "generations", "learning", "control-charts", "diversity")
"""Sections that the terminal shows by default."""
