"""Learning curves of runs, and their means over the runs of a condition.

Three curves describe a run, by the generations, training episodes or tics up to the end of each generation:

- **Champion so far**: fitness on the validation seeds of an agent that is chosen as the run chooses its champion, but
  with half of the validation episodes. The candidates are the generations' best agents up to this generation. The
  other half measures the agent. The value is the mean of both directions. The run itself chooses with all validation
  episodes, so that its champion can be another agent. The largest training or validation fitness so far is not used,
  because it is biased upwards by luck, more strongly in each generation.
- **Validation fitness**: mean fitness of the generation's best agent on the validation seeds. The agent was selected by
  its training episodes, so that the value is not biased by its selection.
- **Training fitness**: mean fitness of the generation's agents. It describes the population.

Over the runs of a condition, a point is the mean over the runs at the same position of the axis. Its interval is
Student's t over runs. Runs can differ in the episodes and tics of a generation. A run therefore is a step function: at
a position, it has the values of the last generation that it has finished. The positions are the ends of all runs'
generations, or `GRID` values at equal distances if there are more. They begin where all runs have finished a
generation, and end where the first run ends.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.analysis.evolution_axis import EvolutionAxis, totals_of
from clau_doom.domain import Episode, Fitness, Genome, Purpose
from clau_doom.domain.budget import BudgetUnit
from clau_doom.domain.snapshot import Snapshot
from clau_doom.statistics.anytime_performance import best_so_far
from clau_doom.statistics.intervals import Interval, student_interval

__all__ = ["GRID", "ConditionCurve", "MeanPoint", "RunCurve", "condition_curve", "run_curve", "validated_fitness"]

GRID = 100
"""Largest number of positions of runs that differ in the ends of their generations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunCurve:
    """Learning curve of a run. The sequences have one value for each finished generation.

    Attributes:
        experiment: Id of the experiment.
        seed: Seed of the experiment.
        episodes: Training episodes of agents with a fitness, up to the end of the generation.
        tics: Tics of these episodes.
        training: Mean training fitness of the generation.
        champion: Cross-validated fitness of the champion so far. None before a candidate has two validation episodes.
        champion_error: Standard error of `champion` over the validation episodes, or None for fewer than four.
        validation: Mean validation fitness of the generation's best agent, or None if an episode is missing.
    """

    experiment: str
    seed: int
    episodes: tuple[int, ...]
    tics: tuple[int, ...]
    training: tuple[float, ...]
    champion: tuple[float | None, ...]
    champion_error: tuple[float | None, ...]
    validation: tuple[float | None, ...]

    def spent(self, unit: BudgetUnit) -> tuple[int, ...]:
        """Return the amount up to the end of each finished generation."""
        match unit:
            case BudgetUnit.GENERATIONS:
                return tuple(range(1, len(self.training) + 1))
            case BudgetUnit.EPISODES:
                return self.episodes
            case BudgetUnit.TICS:
                return self.tics


@dataclass(frozen=True, kw_only=True, slots=True)
class MeanPoint:
    """Means over the runs of a condition at one position of the axis.

    Attributes:
        x: The position.
        generation: Last finished generation of the runs, from 0. None if the runs differ in it.
        champion: Mean over runs of the champion so far with its interval. None if a run has no value.
        training: Mean over runs of the training fitness with its interval.
    """

    x: int
    generation: int | None
    champion: Interval | None
    training: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionCurve:
    """Learning curves of the runs of a condition.

    Attributes:
        condition: Number of the condition.
        x: Unit of the axis.
        runs: Curve of each run.
        points: Means over the runs. Empty if a run ends before another run has finished a generation.
    """

    condition: int
    x: BudgetUnit
    runs: tuple[RunCurve, ...]
    points: tuple[MeanPoint, ...]


def run_curve(snapshot: Snapshot, fitness: Fitness) -> RunCurve:
    """Return the learning curve of a stored experiment.

    Args:
        snapshot: Stored state of the experiment.
        fitness: Fitness of an episode's measures.
    """
    played = validated_fitness(snapshot, fitness)
    best = best_so_far(played)
    return RunCurve(
        experiment=snapshot.experiment.id,
        seed=snapshot.experiment.seed,
        episodes=totals_of(snapshot, BudgetUnit.EPISODES),
        tics=totals_of(snapshot, BudgetUnit.TICS),
        training=tuple(each.mean_fitness for each in snapshot.summaries),
        champion=tuple(None if each is None else each.value for each in best),
        champion_error=tuple(None if each is None else each.standard_error for each in best),
        validation=tuple(math.fsum(row) / len(row) if row else None for row in played),
    )


def validated_fitness(snapshot: Snapshot, fitness: Fitness) -> tuple[tuple[float, ...], ...]:
    """Return the fitness of the validation episodes of each finished generation's best agent.

    An agent with missing episodes has none, because its mean would cover other seeds.

    Args:
        snapshot: Stored state of the experiment.
        fitness: Fitness of an episode's measures.
    """
    generations, validated = snapshot.finished_generations, _validated(snapshot)
    best = [generations[each.best.generation][each.best.index].agent.genome for each in snapshot.summaries]
    return tuple(
        tuple(fitness.of_episode(episode.outcome.measures) for episode in validated.get(genome, ())) for genome in best
    )


def condition_curve(condition: int, runs: Sequence[RunCurve], axis: EvolutionAxis) -> ConditionCurve:
    """Return the means over the runs of a condition.

    Args:
        condition: Number of the condition.
        runs: Curve of each run; at least one.
        axis: Horizontal axis of the curves.
    """
    positions = _common_positions([run.spent(axis.unit) for run in runs])
    return ConditionCurve(
        condition=condition,
        x=axis.unit,
        runs=tuple(runs),
        points=tuple(_point(runs, axis, spent) for spent in positions),
    )


def _common_positions(runs: Sequence[Sequence[int]]) -> list[int]:
    """Return the positions at which all runs have a value.

    Args:
        runs: Amount up to the end of each generation, for each run.
    """
    start, end = max(spent[0] for spent in runs), min(spent[-1] for spent in runs)
    ends = sorted({each for spent in runs for each in spent if start <= each <= end})
    if len(ends) <= max(GRID, *map(len, runs)):
        return ends
    return sorted({start + round((end - start) * at / (GRID - 1)) for at in range(GRID)})


def _point(runs: Sequence[RunCurve], axis: EvolutionAxis, spent: int) -> MeanPoint:
    finished = [bisect_right(run.spent(axis.unit), spent) - 1 for run in runs]
    champions = [value for run, at in zip(runs, finished, strict=True) if (value := run.champion[at]) is not None]
    return MeanPoint(
        x=axis.place(spent),
        generation=finished[0] if len(set(finished)) == 1 else None,
        champion=student_interval(champions) if len(champions) == len(runs) else None,
        training=student_interval([run.training[at] for run, at in zip(runs, finished, strict=True)]),
    )


def _validated(snapshot: Snapshot) -> dict[Genome, Sequence[Episode]]:
    """Return the validation episodes by genome, without the agents that have missing episodes.

    A genome is validated once. Later agents with the same genome have the same validation episodes.
    """
    played = {agent: row for (purpose, agent), row in snapshot.judging.items() if purpose is Purpose.VALIDATION}
    most = max(map(len, played.values()), default=0)
    return {snapshot.find(agent).agent.genome: row for agent, row in played.items() if len(row) == most}
