"""Report of one experiment."""

from clau_doom.analysis.experiment_analysis import ExperimentAnalysis
from clau_doom.analysis.report.agent_sections import lineage_section, map_section, ranking_section
from clau_doom.analysis.report.appendix import appendix_section, criteria_flag, trouble_section
from clau_doom.analysis.report.document import Report
from clau_doom.analysis.report.genes import components_section, genes_section, regression_section
from clau_doom.analysis.report.held_out import held_out_section
from clau_doom.analysis.report.summary import cautions, key_facts, summary
from clau_doom.analysis.report.training import charts_section, diversity_section, fitness_section, learning_section
from clau_doom.ports import StoredExperiment

__all__ = ["experiment_report"]


def experiment_report(stored: StoredExperiment, analysis: ExperimentAnalysis) -> Report:
    """Build the report of an experiment.

    Args:
        stored: The experiment.
        analysis: Analysis of the experiment.
    """
    config = stored.config
    return Report(
        kind="clau-doom experiment report",
        title=analysis.id,
        subtitle=(
            f"{config.evolution.kind} · {config.policy.kind} policy · {analysis.scenario} · fitness {analysis.fitness} "
            f"· seed {analysis.seed} · {stored.state.value}"
        ),
        facts=key_facts(stored, analysis),
        summary=summary(stored, analysis),
        cautions=cautions(analysis),
        sections=(
            held_out_section(analysis),
            fitness_section(analysis),
            learning_section(analysis),
            charts_section(analysis),
            diversity_section(analysis),
            genes_section(analysis),
            regression_section(analysis),
            components_section(analysis),
            lineage_section(analysis),
            map_section(analysis),
            ranking_section(analysis.ranking),
            trouble_section(stored),
            appendix_section([stored], criteria_flag(analysis.ranking)),
        ),
    )
