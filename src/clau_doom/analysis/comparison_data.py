"""Compared experiments, and the comparison of their champions and setups."""

from dataclasses import dataclass

from clau_doom.analysis.charts import CYCLE, Colour
from clau_doom.analysis.comparison import ExperimentComparison
from clau_doom.ports import StoredExperiment

__all__ = ["ComparisonData"]


@dataclass(frozen=True, kw_only=True)
class ComparisonData:
    """Compared experiments with the results of the comparison.

    Attributes:
        experiments: The experiments.
        comparison: Comparison of the experiments, in the same order.
    """

    experiments: tuple[StoredExperiment, ...]
    comparison: ExperimentComparison

    def colour(self, experiment: str) -> Colour:
        """Return the colour of an experiment in charts."""
        ids = [row.id for row in self.comparison.entrants]
        return CYCLE[ids.index(experiment) % len(CYCLE)]
