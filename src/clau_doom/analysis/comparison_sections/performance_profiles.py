"""Performance profiles of the compared champions."""

from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.contrast_blocks import profile_chart
from clau_doom.analysis.document import Section

__all__ = ["describe"]


def describe(data: ComparisonData) -> Section:
    """Describe the performance profile of each champion."""
    profiles = [(row.id, row.profile, data.colour(row.id)) for row in data.comparison.entrants]
    chart = profile_chart(profiles, data.comparison.fitness)
    return Section(name="performance-profiles", title="Performance profiles", blocks=(chart,))
