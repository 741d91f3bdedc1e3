"""Options of `clau-doom analyze` for experiments: which results are shown, and where they are written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from clau_doom.analysis import comparison_sections, sections
from clau_doom.domain.budget import BudgetUnit
from clau_doom.errors import ConfigError

__all__ = [
    "AllSections",
    "AnalysisRequest",
    "Baseline",
    "CriteriaText",
    "Experiments",
    "Force",
    "Margin",
    "PlotFile",
    "ReportFile",
    "SectionNames",
    "Targets",
    "XAxis",
]


def _above_0(margin: float | None) -> float | None:
    if margin is not None and not 0.0 < margin < math.inf:
        raise typer.BadParameter(f"{margin:g} is not a margin: give a number above 0")
    return margin


def _known_sections(names: list[str] | None) -> list[str] | None:
    for name in names or ():
        if name not in (*sections.EXPERIMENT_SECTIONS, *comparison_sections.COMPARISON_SECTIONS):
            raise typer.BadParameter(
                f"unknown section {name!r}: choose one of {', '.join(sections.EXPERIMENT_SECTIONS)}; for several "
                f"experiments, one of {', '.join(comparison_sections.COMPARISON_SECTIONS)}"
            )
    return names


Experiments = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", help="Ids of experiments; several are compared.", show_default=False),
]
Baseline = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="ID",
        help="Experiment to compare the others with (default: the first ID); with --task, a method.",
    ),
]
CriteriaText = Annotated[
    str | None,
    typer.Option(
        "--criteria",
        metavar="NAME:WEIGHT,...",
        help="Rank agents by several measures, such as kills:1,damage_taken:-2; a negative weight prefers less.",
    ),
]
Margin = Annotated[
    float | None,
    typer.Option(
        "--equivalence",
        metavar="MARGIN",
        callback=_above_0,
        help="Smallest difference of interest: test the equivalence of conditions, or of pairs of a table, too.",
    ),
]
SectionNames = Annotated[
    list[str] | None,
    typer.Option(
        "--section",
        metavar="NAME",
        callback=_known_sections,
        help=(
            f"Show a complete section; repeatable: {', '.join(sections.EXPERIMENT_SECTIONS)}; of several experiments: "
            f"{', '.join(comparison_sections.COMPARISON_SECTIONS)}."
        ),
    ),
]
AllSections = Annotated[bool, typer.Option("--all", help="Show all sections.")]
Targets = Annotated[
    list[float] | None,
    typer.Option(
        "--target",
        metavar="VALUE",
        help=(
            "Fitness to reach, for the running times of several experiments; repeatable (default: 51 values from the "
            "best agents of generation 0 to the best champion)."
        ),
        show_default=False,
    ),
]
XAxis = Annotated[
    BudgetUnit | None,
    typer.Option(
        "--x",
        help=(
            "Unit of the horizontal axis of curves and of their tables (default: the unit of the budget; without one, "
            "generations, and episodes for several experiments)."
        ),
        show_default=False,
    ),
]
PlotFile = Annotated[
    Path | None,
    typer.Option(
        "--plot", metavar="FILE", help="File for a plot of the training fitness, with held-out results (.png or .svg)."
    ),
]
ReportFile = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="Write a report with figures (.html); an older report is replaced."),
]
Force = Annotated[bool, typer.Option("--force", help="Let --report replace a file that is not a report.")]


@dataclass(frozen=True, kw_only=True)
class AnalysisRequest:
    """An analysis of one experiment, or a comparison of several.

    Attributes:
        baseline: Experiment that the others are compared with. None: the first one.
        criteria: Measures with their weights, for a ranking. None: no ranking.
        margin: Smallest difference of interest, for tests of equivalence. None: no such tests.
        names: Sections to show in full.
        everything: Whether to show all sections.
        targets: Fitness values for running times.
        x: Unit of the horizontal axis. None: the default.
        plot: File for a plot of the training fitness, or None.
        report: HTML file for a report, or None.
        force: Whether the report may replace a file that is not a report.
        as_json: Whether to print JSON.
    """

    baseline: str | None
    criteria: str | None
    margin: float | None
    names: Sequence[str]
    everything: bool
    targets: Sequence[float]
    x: BudgetUnit | None
    plot: Path | None
    report: Path | None
    force: bool
    as_json: bool

    def check_files(self) -> None:
        """Check that the report can be written.

        Raises:
            ConfigError: It cannot, or `force` is given without a report.
        """
        if self.report is not None:
            from clau_doom.app.report import check_report_target

            check_report_target(self.report, force=self.force)
        elif self.force:
            raise ConfigError("--force needs --report FILE")

    def sections(self, known: Sequence[str]) -> Sequence[str]:
        """Return the sections to show in full, in the order of the output.

        Args:
            known: Sections of this kind of analysis.

        Raises:
            ConfigError: A section belongs to another kind of analysis.
        """
        foreign = next((name for name in self.names if name not in known), None)
        if foreign:
            extent = "one experiment" if foreign in sections.EXPERIMENT_SECTIONS else "several experiments"
            raise ConfigError(f"{foreign} is a section of {extent}: choose one of {', '.join(known)}")
        return known if self.everything else [name for name in known if name in self.names]
