"""Tables of an experiment: fitness by generation, and results on held-out seeds.

The training fitness of a generation's best agent is biased upwards, because the agent was selected by a noisy measure.
The mean of the generation is not biased. The unbiased estimate for a champion is its mean over held-out episodes.
`SelectionBias` compares its training fitness with this estimate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clau_doom.domain import AgentRef, Evaluation, Fitness, finalists
from clau_doom.domain.experiment import HoldoutResult
from clau_doom.statistics.intervals import Interval, mean_interval, student_interval

__all__ = [
    "GenerationRow",
    "ResultRow",
    "ResultTable",
    "SelectionBias",
    "fitness_interval",
    "generation_rows",
    "result_table",
    "telling_measures",
]

CHAMPION = "champion"

_TELLING = {
    "deadly_corridor": ("reward", "kills", "damage_taken"),
    "deathmatch": ("reward", "kills", "tics"),
    "defend_the_center": ("kills", "tics", "shots"),
    "defend_the_line": ("kills", "tics", "damage_dealt"),  # its ammunition is not spent, so that shots are 0
    "health_gathering": ("tics", "health", "distance"),
    "health_gathering_supreme": ("tics", "health", "distance"),
    "my_way_home": ("reward", "tics", "distance"),
    "take_cover": ("tics", "damage_taken", "distance"),
}
_TELLING_ELSEWHERE = ("reward", "kills", "tics")


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationRow:
    """Fitness of one generation, over its agents that have a fitness.

    Attributes:
        index: Number of the generation, from 0.
        best: Best agent, or None if all agents failed.
        best_fitness: Training fitness of the best agent, or None.
        mean: Mean fitness with Student's t interval over the agents, or None. It describes the generation.
        worst_fitness: Worst fitness, or None.
        best_interval: Fitness of the best agent with its interval over its episodes, or None if the episodes
            are unknown. Its coverage is below 95 %, because the agent was selected for its fitness.
        worst_interval: Fitness of the worst agent, with the same kind of interval.
        agents: Number of agents.
        failed: Number of agents without a fitness.
    """

    index: int
    best: AgentRef | None
    best_fitness: float | None
    mean: Interval | None
    worst_fitness: float | None
    agents: int
    failed: int
    best_interval: Interval | None = None
    worst_interval: Interval | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultRow:
    """Held-out result of one contestant.

    Attributes:
        role: ``champion``, ``generation 0`` or ``random``.
        agent: Id of the agent.
        fitness: Mean fitness over the episodes.
        measures: Means of the scenario's most informative measures, by name, in the order of the table.
    """

    role: str
    agent: str
    fitness: Interval
    measures: tuple[tuple[str, Interval], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectionBias:
    """Selection bias of the champion's training fitness.

    Attributes:
        training: Training fitness of the champion in its generation.
        held_out: Mean fitness on held-out seeds.
        low: Lower end of the bias's 95 % interval, or None. The training fitness counts as exact; the interval
            expresses the uncertainty of the held-out mean.
        high: Upper end of the interval, or None.
        n: Number of held-out episodes.
    """

    training: float
    held_out: float
    low: float | None
    high: float | None
    n: int

    @property
    def value(self) -> float:
        """Training minus held-out fitness: the bias, and the luck of the training episodes."""
        return self.training - self.held_out


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultTable:
    """Held-out results of an experiment.

    Attributes:
        rows: Contestants, the champion first.
        bias: Selection bias of the champion. None if the champion or its training fitness is missing.
    """

    rows: tuple[ResultRow, ...]
    bias: SelectionBias | None


def telling_measures(scenario: str, custom: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the names of a scenario's most informative measures, then those of the user.

    Args:
        scenario: Name of the scenario. Unknown scenarios are allowed.
        custom: Names of the user's measures.
    """
    return (*_TELLING.get(scenario, _TELLING_ELSEWHERE), *custom)


def generation_rows(
    generations: Sequence[Sequence[Evaluation]], fitness: Fitness | None = None
) -> tuple[GenerationRow, ...]:
    """Build the rows of the finished generations.

    Args:
        generations: Evaluations of each generation, by index. Of equally fit agents, the one with the lower index is
            best.
        fitness: Fitness of an episode's measures, for the intervals of the best and the worst agent.
    """
    return tuple(_generation_row(index, evaluations, fitness) for index, evaluations in enumerate(generations))


def fitness_interval(evaluation: Evaluation, fitness: Fitness) -> Interval | None:
    """Return an agent's training fitness with its interval over its episodes; None without a fitness or episodes.

    The coverage is below 95 % for an agent that was selected for its fitness.
    """
    if evaluation.fitness is None or not evaluation.outcomes:
        return None
    return mean_interval([fitness.of_episode(outcome.measures) for outcome in evaluation.outcomes])


def result_table(
    standings: Sequence[HoldoutResult], *, measures: Sequence[str], training: float | None = None
) -> ResultTable:
    """Build the table of held-out results.

    Args:
        standings: Contestants with at least one episode each.
        measures: Names of the scenario's most informative measures.
        training: Training fitness of the champion, if known.
    """
    rows = tuple(_result_row(standing, measures) for standing in standings)
    champion = next((row for row in rows if row.role == CHAMPION), None)
    bias = None if champion is None or training is None else _bias(training, champion.fitness)
    return ResultTable(rows=rows, bias=bias)


def _generation_row(index: int, evaluations: Sequence[Evaluation], fitness: Fitness | None) -> GenerationRow:
    fit = [(evaluation.fitness, evaluation) for evaluation in evaluations if evaluation.fitness is not None]
    if not fit:
        count = len(evaluations)
        return GenerationRow(
            index=index, best=None, best_fitness=None, mean=None, worst_fitness=None, agents=count, failed=count
        )
    best_fitness, best = max(finalists(evaluations), key=lambda pair: (pair[0], -pair[1].agent.ref.index))
    worst_fitness, worst = min(fit, key=lambda pair: (pair[0], pair[1].agent.ref.index))
    return GenerationRow(
        index=index,
        best=best.agent.ref,
        best_fitness=best_fitness,
        mean=student_interval([value for value, _ in fit]),
        worst_fitness=worst_fitness,
        agents=len(evaluations),
        failed=len(evaluations) - len(fit),
        best_interval=fitness_interval(best, fitness) if fitness else None,
        worst_interval=fitness_interval(worst, fitness) if fitness else None,
    )


def _bias(training: float, held_out: Interval) -> SelectionBias:
    return SelectionBias(
        training=training,
        held_out=held_out.mean,
        low=None if held_out.high is None else training - held_out.high,
        high=None if held_out.low is None else training - held_out.low,
        n=held_out.n,
    )


def _result_row(standing: HoldoutResult, measures: Sequence[str]) -> ResultRow:
    return ResultRow(
        role=standing.role,
        agent=standing.agent,
        fitness=mean_interval(standing.fitnesses),
        measures=tuple(
            (name, mean_interval([played.value(name) for played in standing.measures])) for name in measures
        ),
    )
