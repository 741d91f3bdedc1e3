"""Output of `clau-doom analyze ID ID ...` for experiments of several scenarios, as text, JSON or HTML."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.cli.document_output import print_document, write_report

if TYPE_CHECKING:
    from clau_doom.ports import StoredExperiment

__all__ = ["analyze_scenarios"]


def analyze_scenarios(
    stored: "Sequence[StoredExperiment]",
    baseline: str,
    *,
    control: bool,
    margin: float | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Compare experiments of several scenarios by their conditions, and print the comparison.

    Args:
        stored: The experiments.
        baseline: Id of one of the experiments.
        control: Whether the other conditions are compared with the baseline's only.
        margin: Largest difference of normalised scores without practical meaning. None: none.
        report: HTML file to write, or None.
        as_json: Whether to print JSON.

    Raises:
        ConfigError: The experiments do not allow the comparison.
        WrongState: An experiment has no held-out episodes yet.
    """
    from clau_doom.analysis.report import render
    from clau_doom.analysis.scenario_document import scenario_document
    from clau_doom.app.scenario_comparison import compare_over_scenarios

    document = scenario_document(compare_over_scenarios(stored, baseline, control=control, margin=margin))
    if report is not None:
        write_report(report, render(document))
    print_document(document, as_json=as_json)
