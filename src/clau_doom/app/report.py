"""HTML reports of stored experiments."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.app.analyze import analyse, compare
from clau_doom.errors import ConfigError, StorageFailed
from clau_doom.parameter_names import argument
from clau_doom.ports import StoredExperiment
from clau_doom.regular_files import open_regular

if TYPE_CHECKING:
    from clau_doom.analysis.comparison_data import ComparisonData
    from clau_doom.analysis.experiment_data import ExperimentData
    from clau_doom.analysis.topsis import Criterion

__all__ = ["check_report_target", "report_comparison", "report_experiment"]

_HEAD = 2_000  # bytes of a file that contain the mark of a report


def report_experiment(
    stored: StoredExperiment, criteria: "Sequence[Criterion]" = (), *, analysis: "ExperimentData | None" = None
) -> str:
    """Render the HTML report of an experiment in its current state.

    The page contains no scripts and loads no other files.

    Args:
        stored: The experiment.
        criteria: Criteria for the ranking of agents. Empty: no ranking.
        analysis: Result of `analyse` for these arguments. None: compute it.
    """
    from clau_doom.analysis.experiment_document import experiment_document  # noqa: PLC0415 - scipy, which no run needs
    from clau_doom.analysis.report import render  # noqa: PLC0415 - jinja2, as above

    return render(experiment_document(analysis or analyse(stored, criteria)))


def report_comparison(
    experiments: Sequence[StoredExperiment],
    baseline: str,
    criteria: "Sequence[Criterion]" = (),
    *,
    margin: float | None = None,
    comparison: "ComparisonData | None" = None,
) -> str:
    """Render the HTML report of a comparison of experiments.

    Args:
        experiments: Two or more experiments.
        baseline: Id of one of the experiments.
        criteria: Criteria for the ranking of champions. Empty: no ranking.
        margin: Smallest difference of interest in fitness, for equivalence tests. None: no such tests.
        comparison: Result of `compare` for these arguments. None: compute it.

    Raises:
        ConfigError: The experiments are not comparable; see `compare`.
        WrongState: An experiment has no held-out episodes yet.
    """
    from clau_doom.analysis.comparison_document import comparison_document  # noqa: PLC0415 - as above
    from clau_doom.analysis.report import render  # noqa: PLC0415 - as above

    return render(comparison_document(comparison or compare(experiments, baseline, criteria, margin=margin)))


def check_report_target(path: Path, *, force: bool) -> None:
    """Check that a report can be written to a path.

    The path must be free, or hold an older report.

    Raises:
        ConfigError: The suffix is not .html or .htm, the folder is missing, or the path holds another file.
    """
    from clau_doom.analysis.report import MARK  # noqa: PLC0415 - as above

    if path.suffix.lower() not in {".html", ".htm"}:
        raise ConfigError(f"{str(path)!r} is not an .html file: use a name that ends in .html")
    if not path.parent.is_dir():
        raise ConfigError(f"cannot write {path}: folder {path.parent} not found")
    if path.is_dir():
        raise ConfigError(f"{path} is a folder: choose another name")
    if path.exists() and not force and MARK.encode() not in _beginning(path):
        raise ConfigError(
            f"{path} is not a report: choose another name, or replace it with {argument('force', value=True)}"
        )


def _beginning(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(_HEAD)
    except OSError as error:
        raise StorageFailed(f"cannot read the existing file {path}: {error.strerror or error}") from error
