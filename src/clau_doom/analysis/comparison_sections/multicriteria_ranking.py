"""Ranking of the compared champions over several criteria."""

from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.document import Section
from clau_doom.analysis.sections.multicriteria_ranking import ranking_section

__all__ = ["describe"]


def describe(data: ComparisonData) -> Section:
    """Describe the ranking of the champions."""
    return ranking_section(data.comparison.ranking)
