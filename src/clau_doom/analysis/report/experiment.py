"""The report of one experiment, put together."""

from clau_doom.analysis.experiment import ExperimentAnalysis
from clau_doom.analysis.report.document import Report
from clau_doom.analysis.report.held_out import held_out_section
from clau_doom.analysis.report.training import charts_section, diversity_section, fitness_section, learning_section
from clau_doom.config import StoredExperiment

__all__ = ["experiment_report"]


def experiment_report(stored: StoredExperiment, analysis: ExperimentAnalysis) -> Report:
    """Return the report of an experiment.

    Args:
        stored: The experiment.
        analysis: Its analysis.
    """
    return Report(
        kind="Experiment report",
        title=analysis.id,
        subtitle=f"{analysis.scenario}, fitness {analysis.fitness}, seed {analysis.seed}, {stored.state.value}",
        facts=(),
        summary=(),
        cautions=(),
        sections=(
            fitness_section(analysis),
            held_out_section(analysis),
            learning_section(analysis),
            charts_section(analysis),
            diversity_section(analysis),
        ),
    )
