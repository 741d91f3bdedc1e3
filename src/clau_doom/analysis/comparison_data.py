"""Compared experiments, and the comparison of their champions and setups."""

from dataclasses import dataclass
from functools import cached_property

from clau_doom.analysis.anytime import Targets, targets_between
from clau_doom.analysis.charts import CYCLE, Colour
from clau_doom.analysis.comparison import ExperimentComparison
from clau_doom.analysis.run_curves import ConditionCurve, condition_curve, run_curve
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import Fitness
from clau_doom.ports import StoredExperiment

__all__ = ["ComparisonData"]


@dataclass(frozen=True, kw_only=True)
class ComparisonData:
    """Compared experiments with the results of the comparison.

    Attributes:
        experiments: The experiments.
        comparison: Comparison of the experiments, in the same order.
        fitness: Fitness of an episode's measures.
        targets: Fitness values of the runtimes. Empty: see `anytime`.
    """

    experiments: tuple[StoredExperiment, ...]
    comparison: ExperimentComparison
    fitness: Fitness
    targets: tuple[float, ...] = ()

    def colour(self, experiment: str) -> Colour:
        """Return the colour of an experiment in charts."""
        ids = [row.id for row in self.comparison.entrants]
        return CYCLE[ids.index(experiment) % len(CYCLE)]

    @cached_property
    def condition_curves(self) -> tuple[ConditionCurve, ...]:
        """Learning curves of each condition's runs."""
        snapshots = {stored.snapshot.experiment.id: stored.snapshot for stored in self.experiments}
        return tuple(
            condition_curve(each.number, [run_curve(snapshots[name], self.fitness) for name in each.experiments])
            for each in self.comparison.setups
        )

    @property
    def runtime_targets(self) -> Targets | Unavailable:
        """Targets of the runtimes: the given ones, or those of the rule."""
        if self.targets:
            return Targets(values=tuple(sorted(set(self.targets))), given=True)
        return targets_between(self.condition_curves, [row.fitness.mean for row in self.comparison.entrants])
