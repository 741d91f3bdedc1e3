"""Tables of an experiment: fitness by generation, and results on held-out seeds.

A generation's best is the winner of a noisy contest, and so looks better than it is; its mean does not. What a champion
is worth is said by its held-out episodes alone; `SelectionBias` says how much its training fitness promised too much.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.domain import AgentRef, Evaluation, Fitness, finalists, generator
from clau_doom.domain.experiment import HoldoutResult
from clau_doom.statistics.intervals import Interval, difference_interval, mean_interval, student_interval

__all__ = [
    "Comparison",
    "GenerationRow",
    "ResultRow",
    "ResultTable",
    "SelectionBias",
    "generation_rows",
    "result_table",
    "telling_measures",
]

CHAMPION = "champion"

_TELLING = {
    "deadly_corridor": ("reward", "kills", "damage_taken"),
    "deathmatch": ("reward", "kills", "tics"),
    "defend_the_center": ("kills", "tics", "shots"),
    "defend_the_line": ("kills", "tics", "shots"),
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
        index: The generation, from 0.
        best: The best agent's place, or None when every agent failed.
        best_fitness: Its training fitness, or None.
        mean: The mean fitness with Student's t interval, or None.
        worst_fitness: The worst fitness, or None.
        best_interval: The best agent's fitness with Student's t interval over its episodes, or None where they are not
            known. It holds what the agent is worth less often than 95 % of the time, because luck helped to choose it.
        worst_interval: The worst agent's, likewise.
        agents: How many agents it has.
        failed: How many of them have no fitness.
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
    """One contestant on the held-out seeds.

    Attributes:
        role: What it is: ``champion``, ``generation 0`` or ``random``.
        agent: Its id.
        fitness: Its mean fitness over the episodes.
        measures: The scenario's telling measures, by name, in the table's order.
    """

    role: str
    agent: str
    fitness: Interval
    measures: tuple[tuple[str, Interval], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Difference between the champion and another agent, paired by seed.

    Attributes:
        role: The other contestant.
        difference: The mean difference of fitness, champion minus the other.
        overlap: Whether the two contestants' own intervals overlap; None where one has none.
    """

    role: str
    difference: Interval
    overlap: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectionBias:
    """Selection bias of the champion's training fitness.

    Attributes:
        training: The champion's fitness in the generation that it was best of.
        held_out: Its mean on held-out seeds.
        low: The lower end of the bias's 95 % interval, or None. The training fitness is taken as it was; what is not
            known for sure is the mean that held-out episodes estimate.
        high: The upper end, or None.
        n: How many held-out episodes there are.
    """

    training: float
    held_out: float
    low: float | None
    high: float | None
    n: int

    @property
    def value(self) -> float:
        """Training minus held-out fitness; near 0 when the training fitness could be believed."""
        return self.training - self.held_out


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultTable:
    """What came of an experiment.

    Attributes:
        rows: The contestants, the champion first.
        comparisons: The champion against each of the others, on the seeds that both finished.
        bias: The champion's selection bias, or None without a champion or its training fitness.
    """

    rows: tuple[ResultRow, ...]
    comparisons: tuple[Comparison, ...]
    bias: SelectionBias | None


def telling_measures(scenario: str) -> tuple[str, ...]:
    """Return the names of the measures that say most about an episode of a scenario; any name is welcome."""
    return _TELLING.get(scenario, _TELLING_ELSEWHERE)


def generation_rows(
    generations: Sequence[Sequence[Evaluation]], fitness: Fitness | None = None
) -> tuple[GenerationRow, ...]:
    """Return a row for each of the finished generations.

    Args:
        generations: The evaluations of each, by index. Of equally fit agents, the one of the lower index is the best.
        fitness: How an episode's measures become fitness, for the intervals of the best and the worst agent.
    """
    return tuple(_generation_row(index, evaluations, fitness) for index, evaluations in enumerate(generations))


def result_table(
    standings: Sequence[HoldoutResult], *, measures: Sequence[str], seed: int, training: float | None = None
) -> ResultTable:
    """Return what the contestants came to on held-out seeds.

    Args:
        standings: The contestants with their episodes, at least one each.
        measures: The names of the scenario's telling measures.
        seed: The experiment's; the intervals' resampling comes from it.
        training: The champion's training fitness, if it is known.
    """
    rows = tuple(_result_row(standing, measures, seed) for standing in standings)
    champion = next((row for row in rows if row.role == CHAMPION), None)
    bias = None if champion is None or training is None else _bias(training, champion.fitness)
    return ResultTable(rows=rows, comparisons=_comparisons(standings, rows, seed), bias=bias)


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
        best_interval=_over_episodes(best, fitness),
        worst_interval=_over_episodes(worst, fitness),
    )


def _over_episodes(evaluation: Evaluation, fitness: Fitness | None) -> Interval | None:
    if fitness is None or not evaluation.outcomes:
        return None
    return student_interval([fitness.of_episode(outcome.measures) for outcome in evaluation.outcomes])


def _bias(training: float, held_out: Interval) -> SelectionBias:
    return SelectionBias(
        training=training,
        held_out=held_out.mean,
        low=None if held_out.high is None else training - held_out.high,
        high=None if held_out.low is None else training - held_out.low,
        n=held_out.n,
    )


def _result_row(standing: HoldoutResult, measures: Sequence[str], seed: int) -> ResultRow:
    def interval(name: str, values: Sequence[float]) -> Interval:
        return mean_interval(values, generator(seed, "analysis", standing.role, name))

    return ResultRow(
        role=standing.role,
        agent=standing.agent,
        fitness=interval("fitness", standing.fitnesses),
        measures=tuple(
            (name, interval(name, [float(getattr(played, name)) for played in standing.measures])) for name in measures
        ),
    )


def _comparisons(standings: Sequence[HoldoutResult], rows: Sequence[ResultRow], seed: int) -> tuple[Comparison, ...]:
    pairs = tuple(zip(standings, rows, strict=True))
    champion = next((pair for pair in pairs if pair[1].role == CHAMPION), None)
    if champion is None:
        return ()
    return tuple(
        Comparison(role=row.role, difference=difference, overlap=_overlap(champion[1].fitness, row.fitness))
        for other, row in pairs
        if other is not champion[0] and (difference := _difference(champion[0], other, seed)) is not None
    )


def _difference(ours: HoldoutResult, theirs: HoldoutResult, seed: int) -> Interval | None:
    """Return the mean difference over the seeds that both finished, or None when there is none."""
    other = dict(zip(theirs.seeds, theirs.fitnesses, strict=True))
    common = [(fitness, other[at]) for at, fitness in zip(ours.seeds, ours.fitnesses, strict=True) if at in other]
    if not common:
        return None
    rng = generator(seed, "analysis", "difference", theirs.role)
    return difference_interval([our for our, _ in common], [their for _, their in common], rng)


def _overlap(one: Interval, other: Interval) -> bool | None:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    return one.low <= other.high and other.low <= one.high
