"""Compared experiments, and the comparison of their conditions and champions."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from clau_doom.analysis.anytime import Targets, targets_between
from clau_doom.analysis.charts import Colour
from clau_doom.analysis.comparison import ExperimentComparison
from clau_doom.analysis.condition_colours import condition_colour
from clau_doom.analysis.elite_map import EliteMap
from clau_doom.analysis.evolution_axis import EvolutionAxis
from clau_doom.analysis.quality_diversity import QualityDiversity, RunMap, compare_maps, run_map
from clau_doom.analysis.run_curves import ConditionCurve, condition_curve, run_curve
from clau_doom.analysis.run_episodes import RunEpisodes, run_episodes
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import Fitness
from clau_doom.domain.budget import BudgetUnit
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
        x: Unit of the horizontal axis of curves, of running times and of areas. None: see `axis`.
        find_archive: Returns the map of an experiment's MAP-Elites archive, or the reason why it is unavailable.
    """

    experiments: tuple[StoredExperiment, ...]
    comparison: ExperimentComparison
    fitness: Fitness
    find_archive: Callable[[StoredExperiment], EliteMap | Unavailable]
    targets: tuple[float, ...] = ()
    x: BudgetUnit | None = None

    def label(self, condition: int) -> str:
        """Return the label of a condition."""
        return self.comparison.conditions[condition].label

    @property
    def grouped(self) -> bool:
        """Whether a condition has several runs."""
        return any(len(each.experiments) > 1 for each in self.comparison.conditions)

    def colour(self, experiment: str) -> Colour:
        """Return the colour of an experiment in charts: that of its condition if a condition has several runs."""
        rows = self.comparison.entrants
        at = next(at for at, row in enumerate(rows) if row.id == experiment)
        return condition_colour(rows[at].condition if self.grouped else at)

    @property
    def axis(self) -> EvolutionAxis:
        """Horizontal axis of curves: the chosen unit, or else tics if all budgets are in tics, or else episodes."""
        budgets = {each.config.evolution_budget.unit for each in self.experiments}
        return EvolutionAxis(self.x or (BudgetUnit.TICS if budgets == {BudgetUnit.TICS} else BudgetUnit.EPISODES))

    @cached_property
    def condition_curves(self) -> tuple[ConditionCurve, ...]:
        """Learning curves of each condition's runs."""
        return tuple(
            condition_curve(number, [run_curve(run.snapshot, self.fitness) for run in runs], self.axis)
            for number, runs in self.runs
        )

    @property
    def runs(self) -> tuple[tuple[int, tuple[StoredExperiment, ...]], ...]:
        """Number and runs of each condition. Repeated runs are left out."""
        stored = {each.snapshot.experiment.id: each for each in self.experiments}
        return tuple(
            (each.number, tuple(stored[name] for name in each.experiments)) for each in self.comparison.conditions
        )

    @cached_property
    def episodes(self) -> dict[str, RunEpisodes]:
        """Numbers of episodes of each run, by id. Repeated runs are left out."""
        return {run.snapshot.experiment.id: run_episodes(run.snapshot) for _, runs in self.runs for run in runs}

    @property
    def runtime_targets(self) -> Targets | Unavailable:
        """Targets of the runtimes: the given ones, or those of the rule."""
        if self.targets:
            return Targets(values=tuple(sorted(set(self.targets))), given=True)
        return targets_between(self.condition_curves, [row.fitness.mean for row in self.comparison.entrants])

    @cached_property
    def quality_diversity(self) -> QualityDiversity | Unavailable:
        """Comparison of the runs' MAP-Elites archives, or the reason why it is unavailable."""
        maps: list[tuple[int, list[RunMap]]] = []
        for number, runs in self.runs:
            maps.append((number, []))
            for run in runs:
                archive = self.find_archive(run)
                if isinstance(archive, Unavailable):
                    return Unavailable(missing=f"{run.snapshot.experiment.id} has no archive: {archive.missing}")
                maps[-1][1].append(run_map(run.snapshot, archive))
        return compare_maps(maps, self.fitness)
