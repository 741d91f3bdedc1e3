"""Output of `clau-doom analyze ID ...`: analysis of one experiment, or comparison of several, as text, JSON or HTML."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from clau_doom.analysis import comparison_sections, sections
from clau_doom.cli.analysis_options import AnalysisRequest
from clau_doom.cli.commands.analyze_scenarios import analyze_scenarios
from clau_doom.cli.console import data_console, progress_console
from clau_doom.cli.document_output import print_document, write_report
from clau_doom.errors import ConfigError, StorageFailed

if TYPE_CHECKING:
    from clau_doom.analysis.experiment_data import ExperimentData
    from clau_doom.analysis.topsis import Criterion
    from clau_doom.ports import StoredExperiment

__all__ = ["analyze_experiments"]


def analyze_experiments(stored: "Sequence[StoredExperiment]", first: str, request: AnalysisRequest) -> None:
    """Analyse one experiment, or compare several, and print the results.

    Args:
        stored: The experiments.
        first: Name of the first one, the default baseline.
        request: The results to show, and the files to write.

    Raises:
        ConfigError: An option does not fit the number of experiments, or the experiments cannot be compared.
        StorageFailed: A file cannot be written.
    """
    from clau_doom.analysis.ranking import criteria_of
    from clau_doom.app.shared_measures import shared_measures

    criteria = () if request.criteria is None else criteria_of(request.criteria, shared_measures(stored))
    if len(stored) > 1 or request.baseline is not None:
        if request.plot is not None:
            raise ConfigError("--plot needs exactly one experiment: give one, or omit --plot")
        _compare(stored, request.baseline or first, criteria, request)
        return
    for flag, value in (("--target", request.targets), ("--equivalence", request.margin)):
        if value:
            raise ConfigError(f"{flag} needs several experiments: give two or more, or omit {flag}")
    _analyze(stored[0], criteria, request)


def _analyze(stored: "StoredExperiment", criteria: "Sequence[Criterion]", request: AnalysisRequest) -> None:
    requested = request.sections(sections.EXPERIMENT_SECTIONS)

    from clau_doom.analysis.experiment_document import experiment_document
    from clau_doom.app.analyze import analyse
    from clau_doom.app.report import report_experiment

    analysis = analyse(stored, criteria, x=request.x)
    if request.plot is not None:
        _draw(analysis, request.plot)
    if request.report is not None:
        write_report(request.report, report_experiment(stored, criteria, analysis=analysis))
    if request.as_json:
        print_document(experiment_document(analysis), as_json=True)
        return
    main = [*sections.MAIN_SECTIONS, *(["multicriteria-ranking"] if criteria else [])]
    shown = requested or [name for name in sections.EXPERIMENT_SECTIONS if name in main]
    print_document(experiment_document(analysis, shown), as_json=False, whole=bool(requested))
    if not requested:
        _print_more(sections.EXPERIMENT_SECTIONS, shown)


def _compare(
    stored: "Sequence[StoredExperiment]", baseline: str, criteria: "Sequence[Criterion]", request: AnalysisRequest
) -> None:
    requested = request.sections(comparison_sections.COMPARISON_SECTIONS)

    from clau_doom.analysis.comparison_document import comparison_document, main_sections
    from clau_doom.app.analyze import compare
    from clau_doom.app.report import report_comparison
    from clau_doom.app.scenario_comparison import has_several_scenarios

    if len(stored) < 2:
        raise ConfigError(f"{baseline} needs other experiments: give two or more")
    if has_several_scenarios(stored):
        _compare_scenarios(stored, baseline, request)
        return
    comparison = compare(stored, baseline, criteria, request.targets, margin=request.margin, x=request.x)
    if request.report is not None:
        write_report(request.report, report_comparison(stored, baseline, criteria, comparison=comparison))
    if request.as_json:
        print_document(comparison_document(comparison), as_json=True)
        return
    shown = requested or [*main_sections(comparison), *(["multicriteria-ranking"] if criteria else [])]
    print_document(comparison_document(comparison, shown), as_json=False)
    if not requested:
        _print_more(comparison_sections.COMPARISON_SECTIONS, shown)


def _compare_scenarios(stored: "Sequence[StoredExperiment]", baseline: str, request: AnalysisRequest) -> None:
    options = (
        ("--criteria", request.criteria),
        ("--target", request.targets),
        ("--section", request.names),
        ("--x", request.x),
    )
    for flag, value in options:
        if value:
            raise ConfigError(f"{flag} needs experiments of one scenario: omit {flag}, or give such experiments")
    analyze_scenarios(
        stored,
        baseline,
        control=request.baseline is not None,
        margin=request.margin,
        report=request.report,
        as_json=request.as_json,
    )


def _print_more(known: Sequence[str], shown: Sequence[str]) -> None:
    more = " | ".join(name for name in known if name not in shown)
    data_console().print(Text(f"\nmore: --section {more}, or --all; --json has all results", "dim"))


def _draw(analysis: "ExperimentData", path: Path) -> None:
    from clau_doom.app.plot import plot_experiment

    figure = plot_experiment(analysis)
    try:
        figure.write(path)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror or error}") from error
    progress_console().print(f"drew {path}", style="dim", soft_wrap=True)
