"""Output of `clau-doom analyze ID ID ...` for experiments of several scenarios, as text, JSON or HTML."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.cli.console import data_console, print_json, progress_console

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
    from clau_doom.analysis.document_json import document_json
    from clau_doom.analysis.report import render
    from clau_doom.analysis.scenario_document import scenario_document
    from clau_doom.app.scenario_comparison import compare_over_scenarios
    from clau_doom.atomic_write import write_output
    from clau_doom.cli.views.document_rendering import document_view

    document = scenario_document(compare_over_scenarios(stored, baseline, control=control, margin=margin))
    if report is not None:
        write_output(report, render(document))
        progress_console().print(f"wrote {report}", style="dim", soft_wrap=True)
    if as_json:
        print_json(document_json(document))
    else:
        data_console().print(document_view(document, whole=True))
