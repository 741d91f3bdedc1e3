"""Coverage and QD score of MAP-Elites archives, over the runs of conditions.

**Coverage** is the share of filled cells. The **QD score** is the sum over the filled cells of the fitness minus an
offset (Pugh, Soros and Stanley, "Quality diversity: a new frontier for evolutionary computation", Frontiers in Robotics
and AI 3, 2016). The offset is equal for all compared runs: with its own lowest fitness as the offset, a run with worse
agents would have a larger score.

The offset is the smallest possible fitness if it is known (see `elite_map`). For other fitness functions, the offset is
the lowest fitness of any agent of the compared runs. It then depends on the choice of runs.

A cell keeps the best training fitness of all its agents. Its fitness is biased upwards by luck, more strongly with
fewer episodes and more agents. The bias is similar for runs with equal numbers of both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.analysis.elite_map import DescriptorAxis, EliteMap, smallest_fitness
from clau_doom.analysis.run_statistics import RunDifference, run_difference
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import Fitness
from clau_doom.domain.snapshot import Snapshot
from clau_doom.statistics.intervals import Interval, mean_interval, share_interval

__all__ = [
    "ConditionDiversity",
    "QualityDiversity",
    "RunDiversity",
    "RunMap",
    "compare_maps",
    "run_map",
    "smallest_fitness",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunMap:
    """Archive of a run.

    Attributes:
        experiment: Id of the experiment.
        seed: Seed of the experiment.
        archive: Map of the archive at the end of the run.
        lowest: Lowest training fitness of all agents of the run.
    """

    experiment: str
    seed: int
    archive: EliteMap
    lowest: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RunDiversity:
    """Quality diversity of a run.

    Attributes:
        experiment: Id of the experiment.
        seed: Seed of the experiment.
        cells: Number of filled cells.
        coverage: Share of filled cells, 0 to 1.
        qd_score: QD score with the common offset.
    """

    experiment: str
    seed: int
    cells: int
    coverage: float
    qd_score: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionDiversity:
    """Quality diversity of a condition.

    Attributes:
        condition: Number of the condition.
        runs: Values of its runs.
        coverage: Mean coverage over the runs with its interval.
        qd_score: Mean QD score over the runs with its interval.
    """

    condition: int
    runs: tuple[RunDiversity, ...]
    coverage: Interval
    qd_score: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityDiversity:
    """Comparison of the archives of conditions.

    Attributes:
        axes: Axes of all archives.
        size: Number of cells of an archive, filled and empty.
        offset: Fitness that counts as 0 in the QD score.
        fixed: Whether the offset is the smallest possible fitness. Otherwise, it is the lowest fitness of any agent.
        conditions: Values of each condition.
        coverage_differences: Differences of the mean coverage of the other conditions from the first.
        qd_score_differences: Differences of the mean QD score of the other conditions from the first.
    """

    axes: tuple[DescriptorAxis, ...]
    size: int
    offset: float
    fixed: bool
    conditions: tuple[ConditionDiversity, ...]
    coverage_differences: tuple[RunDifference, ...]
    qd_score_differences: tuple[RunDifference, ...]


def run_map(snapshot: Snapshot, archive: EliteMap) -> RunMap:
    """Return the archive of a stored experiment with its lowest fitness.

    Args:
        snapshot: Stored state of the experiment, with a fitness in one generation or more.
        archive: Map of its archive.
    """
    fitnesses = [each.fitness for row in snapshot.finished_generations for each in row if each.fitness is not None]
    return RunMap(
        experiment=snapshot.experiment.id, seed=snapshot.experiment.seed, archive=archive, lowest=min(fitnesses)
    )


def compare_maps(
    conditions: Sequence[tuple[int, Sequence[RunMap]]], fitness: Fitness
) -> QualityDiversity | Unavailable:
    """Compare archives, or return the reason why they are not comparable.

    Args:
        conditions: Number and runs of each condition. The others are compared with the first.
        fitness: Fitness of an episode's measures.
    """
    runs = [run for _, row in conditions for run in row]
    first = runs[0]
    other = next((run for run in runs if run.archive.axes != first.archive.axes), None)
    if other is not None:
        return Unavailable(
            missing=f"the archives of {first.experiment} and {other.experiment} have different axes or cells"
        )
    limit = smallest_fitness(fitness)
    offset = min(run.lowest for run in runs) if limit is None else limit
    found = tuple(_condition(number, row, offset) for number, row in conditions)
    coverages = [{run.seed: run.coverage for run in each.runs} for each in found]
    scores = [{run.seed: run.qd_score for run in each.runs} for each in found]
    return QualityDiversity(
        axes=first.archive.axes,
        size=first.archive.size,
        offset=offset,
        fixed=limit is not None,
        conditions=found,
        coverage_differences=_differences(found, coverages),
        qd_score_differences=_differences(found, scores),
    )


def _condition(number: int, runs: Sequence[RunMap], offset: float) -> ConditionDiversity:
    values = tuple(
        RunDiversity(
            experiment=run.experiment,
            seed=run.seed,
            cells=len(run.archive.cells),
            coverage=run.archive.coverage,
            qd_score=math.fsum(cell.fitness - offset for cell in run.archive.cells),
        )
        for run in runs
    )
    return ConditionDiversity(
        condition=number,
        runs=values,
        coverage=share_interval([each.coverage for each in values]),
        qd_score=mean_interval([each.qd_score for each in values]),
    )


def _differences(
    conditions: Sequence[ConditionDiversity], values: Sequence[dict[int, float]]
) -> tuple[RunDifference, ...]:
    return tuple(
        run_difference(each.condition, ours, values[0]) for each, ours in zip(conditions[1:], values[1:], strict=True)
    )
