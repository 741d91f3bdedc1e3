"""Learning curves of runs, and their means over the runs of a condition.

Three curves describe a run, by generation and by the training episodes played up to the end of the generation:

- **Champion so far**: fitness on the validation seeds of an agent that is chosen as the run chooses its champion, but
  with half of the validation episodes. The candidates are the generations' best agents up to this generation. The
  other half measures the agent. The value is the mean of both directions. The run itself chooses with all validation
  episodes, so that its champion can be another agent. The largest training or validation fitness so far is not used,
  because it is biased upwards by luck, more strongly in each generation.
- **Validation fitness**: mean fitness of the generation's best agent on the validation seeds. The agent was selected by
  its training episodes, so that the value is not biased by its selection.
- **Training fitness**: mean fitness of the generation's agents. It describes the population.

Over the runs of a condition, a point is the mean over the runs at the same generation. Its interval is Student's t
over runs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.domain import Episode, Fitness, Genome, Purpose
from clau_doom.domain.snapshot import Snapshot
from clau_doom.statistics.anytime_performance import best_so_far
from clau_doom.statistics.intervals import Interval, student_interval

__all__ = ["ConditionCurve", "MeanPoint", "RunCurve", "condition_curve", "run_curve", "validated_fitness"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunCurve:
    """Learning curve of a run. The sequences have one value for each finished generation.

    Attributes:
        experiment: Id of the experiment.
        seed: Seed of the experiment.
        episodes: Training episodes played up to the end of the generation.
        training: Mean training fitness of the generation.
        champion: Cross-validated fitness of the champion so far. None before a candidate has two validation episodes.
        champion_error: Standard error of `champion` over the validation episodes, or None for fewer than four.
        validation: Mean validation fitness of the generation's best agent, or None if an episode is missing.
    """

    experiment: str
    seed: int
    episodes: tuple[int, ...]
    training: tuple[float, ...]
    champion: tuple[float | None, ...]
    champion_error: tuple[float | None, ...]
    validation: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MeanPoint:
    """Means over the runs of a condition at one generation.

    Attributes:
        generation: Number of the generation, from 0.
        episodes: Mean number of training episodes up to the end of the generation.
        champion: Mean over runs of the champion so far with its interval. None if a run has no value.
        training: Mean over runs of the training fitness with its interval.
    """

    generation: int
    episodes: float
    champion: Interval | None
    training: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionCurve:
    """Learning curves of the runs of a condition.

    Attributes:
        condition: Number of the condition.
        runs: Curve of each run.
        points: Means over the runs, for the generations that all runs have finished.
    """

    condition: int
    runs: tuple[RunCurve, ...]
    points: tuple[MeanPoint, ...]


def run_curve(snapshot: Snapshot, fitness: Fitness) -> RunCurve:
    """Return the learning curve of a stored experiment.

    Args:
        snapshot: Stored state of the experiment.
        fitness: Fitness of an episode's measures.
    """
    spent, episodes = 0, []
    for evaluations in snapshot.finished_generations:
        spent += sum(len(each.outcomes) for each in evaluations)
        episodes.append(spent)
    played = validated_fitness(snapshot, fitness)
    best = best_so_far(played)
    return RunCurve(
        experiment=snapshot.experiment.id,
        seed=snapshot.experiment.seed,
        episodes=tuple(episodes),
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


def condition_curve(condition: int, runs: Sequence[RunCurve]) -> ConditionCurve:
    """Return the means over the runs of a condition.

    Args:
        condition: Number of the condition.
        runs: Curve of each run; at least one.
    """
    shortest = min(len(run.episodes) for run in runs)
    return ConditionCurve(
        condition=condition, runs=tuple(runs), points=tuple(_point(runs, at) for at in range(shortest))
    )


def _point(runs: Sequence[RunCurve], at: int) -> MeanPoint:
    champions = [value for run in runs if (value := run.champion[at]) is not None]
    return MeanPoint(
        generation=at,
        episodes=math.fsum(run.episodes[at] for run in runs) / len(runs),
        champion=student_interval(champions) if len(champions) == len(runs) else None,
        training=student_interval([run.training[at] for run in runs]),
    )


def _validated(snapshot: Snapshot) -> dict[Genome, Sequence[Episode]]:
    """Return the validation episodes by genome, without the agents that have missing episodes.

    A genome is validated once. Later agents with the same genome have the same validation episodes.
    """
    played = {agent: row for (purpose, agent), row in snapshot.judging.items() if purpose is Purpose.VALIDATION}
    most = max(map(len, played.values()), default=0)
    return {snapshot.find(agent).agent.genome: row for agent, row in played.items() if len(row) == most}
