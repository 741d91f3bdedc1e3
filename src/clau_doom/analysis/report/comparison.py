"""The report of several experiments, put together."""

from collections.abc import Sequence

from clau_doom.analysis.comparison import ExperimentComparison
from clau_doom.analysis.report.document import Report
from clau_doom.config import StoredExperiment

__all__ = ["comparison_report"]


def comparison_report(experiments: Sequence[StoredExperiment], comparison: ExperimentComparison) -> Report:
    """Return the report of experiments side by side.

    Args:
        experiments: The experiments.
        comparison: Their comparison.
    """
    names = ", ".join(stored.snapshot.experiment.id for stored in experiments)
    return Report(
        kind="Comparison report",
        title=names,
        subtitle=f"{comparison.scenario}, fitness {comparison.fitness}; baseline {comparison.baseline}",
        facts=(),
        summary=(),
        cautions=(),
    )
