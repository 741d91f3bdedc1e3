"""Sections of an analysis: one module for each statistic.

A module has `TITLE`, the heading, and `describe`, which computes the result and describes it as a `Section`. The file
name is the name of the section, with dashes instead of underscores. To add a section, add a module and its name here.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from clau_doom.analysis.document import Section
    from clau_doom.analysis.experiment_data import ExperimentData

__all__ = ["EXPERIMENT_SECTIONS", "MAIN_SECTIONS", "describe_sections"]

EXPERIMENT_SECTIONS = (
    "held-out",
    "generations",
    "learning",
    "control",
    "diversity",
    "genes",
    "regression",
    "components",
    "lineage",
    "map",
    "ranking",
    "failures",
    "reproduction",
)
"""Sections of the analysis of one experiment, in order."""

MAIN_SECTIONS = ("held-out", "generations", "learning", "control", "diversity")
"""Sections that the terminal shows by default."""


class _SectionModule(Protocol):
    TITLE: str

    def describe(self, data: "ExperimentData") -> "Section": ...


def describe_sections(data: "ExperimentData", names: Sequence[str]) -> "tuple[Section, ...]":
    """Describe results of an experiment, in the order of the names."""
    return tuple(_module(name).describe(data) for name in names)


def _module(name: str) -> _SectionModule:
    return cast("_SectionModule", import_module(f"{__name__}.{name.replace('-', '_')}"))
