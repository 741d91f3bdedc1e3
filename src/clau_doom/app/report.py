"""Reports: from stored experiments to a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.app.analyze import analyse, compare
from clau_doom.config import StoredExperiment
from clau_doom.errors import ConfigError, StorageFailed
from clau_doom.files import open_regular

if TYPE_CHECKING:
    from clau_doom.analysis import Criterion
    from clau_doom.analysis.comparison import ExperimentComparison
    from clau_doom.analysis.experiment_analysis import ExperimentAnalysis

__all__ = ["check_report_target", "report_comparison", "report_experiment"]

_HEAD = 2_000  # bytes within which a report says that it is one


def report_experiment(
    stored: StoredExperiment, criteria: "Sequence[Criterion]" = (), *, analysis: "ExperimentAnalysis | None" = None
) -> str:
    """Return the report of an experiment as it stands: an HTML page that fetches nothing and runs no script.

    Args:
        stored: The experiment.
        criteria: What its agents are ranked by; none: no ranking.
        analysis: What `analyse` said of both, where it is at hand.
    """
    from clau_doom.analysis.report import experiment_report, render  # noqa: PLC0415 - jinja2, which no run needs

    return render(experiment_report(stored, analysis or analyse(stored, criteria)))


def report_comparison(
    experiments: Sequence[StoredExperiment],
    baseline: str,
    criteria: "Sequence[Criterion]" = (),
    *,
    comparison: "ExperimentComparison | None" = None,
) -> str:
    """Return the report of experiments side by side, as `report` does of one.

    Args:
        experiments: Two or more.
        baseline: The id of one of them.
        criteria: What their champions are ranked by; none: no ranking.
        comparison: What `compare` said of all this, where it is at hand.

    Raises:
        ConfigError: They cannot be compared, as `compare` says.
        WrongState: One has no held-out episodes yet.
    """
    from clau_doom.analysis.report import comparison_report, render  # noqa: PLC0415 - as above

    return render(comparison_report(experiments, comparison or compare(experiments, baseline, criteria)))


def check_report_target(path: Path, *, force: bool) -> None:
    """Do nothing if a report can be written at `path`: where nothing is, or an older report.

    Raises:
        ConfigError: It is no .html file, its folder is missing, or something else than a report is there.
    """
    from clau_doom.analysis.report import MARK  # noqa: PLC0415 - as above

    if path.suffix.lower() not in {".html", ".htm"}:
        raise ConfigError(f"{str(path)!r} is no .html file: a report is one")
    if not path.parent.is_dir():
        raise ConfigError(f"cannot write {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise ConfigError(f"{path} is a folder: choose another name")
    if path.exists() and not force and MARK.encode() not in _beginning(path):
        raise ConfigError(f"{path} is no report: choose another name, or replace it with --force")


def _beginning(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(_HEAD)
    except OSError as error:
        raise StorageFailed(f"cannot read {path}, which is in the way: {error.strerror or error}") from error
