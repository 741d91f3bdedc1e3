"""Comparison of experiments, by condition and by champion.

Two questions need different evidence:

- *Is one condition better than another?* The evidence is one value for each run, the mean of its champion's held-out
  episodes, as in Agarwal et al. (2021). More episodes of one champion do not reduce the variance between runs. A
  comparison needs two runs of a condition; five or more are recommended. The mean fitness is the primary measure. All
  other measures are exploratory.
- *Is one champion better than another?* The evidence is the champions' held-out episodes. Experiments with the same
  seed have the same held-out seeds, so that their episodes are paired. Otherwise, the samples are independent. The
  answer is about these two agents, not about the conditions that they come from. If conditions are compared, a champion
  is compared with the champion of the same experiment seed in the baseline's condition. Else, or without common seeds,
  it is compared with the baseline's champion.

For each question, the comparisons are one family for Holm's correction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clau_doom.analysis.condition_contrasts import (
    ConditionComparison,
    analyzed_conditions,
    compare_conditions,
)
from clau_doom.analysis.condition_variance import (
    BlockVariance,
    ConditionVariance,
    block_variance,
    condition_variances,
)
from clau_doom.analysis.conditions import Condition
from clau_doom.analysis.exploratory_measures import ExploratoryContrast, compare_measures
from clau_doom.analysis.ranking import criterion_values
from clau_doom.analysis.topsis import Criterion, Ranking, topsis
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import Fitness, generator
from clau_doom.domain.experiment import HoldoutResult
from clau_doom.statistics.binomial_profile import binomial_profile
from clau_doom.statistics.intervals import Interval, mean_interval
from clau_doom.statistics.rliable_aggregates import (
    Aggregates,
    PerformanceProfile,
    aggregate,
    thresholds_over,
)
from clau_doom.statistics.two_sample_comparison import Contrast, Sample, compare, holm

__all__ = [
    "ComparedExperiment",
    "ConditionMean",
    "EntrantRow",
    "ExperimentComparison",
    "compare_experiments",
]

_ALONE = Unavailable(missing="one run gives no variance between runs: run the condition with other seeds")


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedExperiment:
    """Experiment of a comparison.

    Attributes:
        id: Id of the experiment.
        seed: Seed of the experiment.
        champion: Held-out episodes of the champion.
    """

    id: str
    seed: int
    champion: HoldoutResult


@dataclass(frozen=True, kw_only=True, slots=True)
class EntrantRow:
    """Held-out result of an experiment's champion.

    Attributes:
        id: Id of the experiment.
        seed: Seed of the experiment.
        condition: Number of the condition.
        agent: Id of the champion.
        fitness: Mean fitness on held-out seeds.
        aggregates: Mean, median and interquartile mean of the held-out episodes.
        profile: Share of episodes above each threshold. All experiments have the same thresholds.
    """

    id: str
    seed: int
    condition: int
    agent: str
    fitness: Interval
    aggregates: Aggregates
    profile: PerformanceProfile


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionMean:
    """Mean of the runs of a condition.

    Attributes:
        condition: Number of the condition.
        mean: Mean of the runs with its interval, or the reason why it is unavailable.
        aggregates: Bootstrap estimates over the runs, or the reason why they are unavailable. Fewer than ten runs
            have no intervals, because a bootstrap of a small sample is too narrow.
    """

    condition: int
    mean: Interval | Unavailable
    aggregates: Aggregates | Unavailable


@dataclass(frozen=True, kw_only=True)
class ExperimentComparison:
    """Comparison of several experiments.

    Attributes:
        baseline: Id of the experiment that the others are compared with.
        scenario: Scenario of all experiments.
        fitness: Display name of the fitness of all experiments.
        conditions: Conditions, the baseline's first.
        condition_means: Mean of each condition's runs.
        condition_comparison: Comparison of the conditions by their runs in the mean fitness, the primary measure, or
            the reason why it is unavailable.
        exploratory_contrasts: The same comparison in other measures.
        variances: Variance components of each condition with two or more runs, then of all together if their
            seeds are not complete blocks.
        block_variance: Variance components with experiment seeds as blocks, or the reason why they are unavailable.
        entrants: Champions, in the order given.
        contrasts: Champions compared as agents; one family.
        within_seeds: Whether the contrasts compare each champion with the one of the same seed in the baseline's
            condition. Else, each other champion is compared with the baseline's champion.
        ranking: Ranking of the champions over several criteria, on held-out episodes.
        remarks: Caveats for the reader.
    """

    baseline: str
    scenario: str
    fitness: str
    conditions: tuple[Condition, ...]
    condition_means: tuple[ConditionMean, ...]
    condition_comparison: ConditionComparison | Unavailable
    exploratory_contrasts: tuple[ExploratoryContrast, ...]
    variances: tuple[ConditionVariance, ...]
    block_variance: BlockVariance | Unavailable
    entrants: tuple[EntrantRow, ...]
    contrasts: tuple[Contrast, ...]
    within_seeds: bool
    ranking: Ranking | Unavailable
    remarks: tuple[str, ...]


def compare_experiments(
    entrants: Sequence[ComparedExperiment],
    conditions: Sequence[Condition],
    baseline: str,
    *,
    scenario: str,
    fitness: Fitness,
    fitness_name: str,
    measures: Sequence[str] = (),
    margin: float | None = None,
    criteria: Sequence[Criterion] = (),
    remarks: Sequence[str] = (),
) -> ExperimentComparison:
    """Compare experiments with a baseline.

    Args:
        entrants: Two or more experiments with the same scenario and fitness. Each has two or more held-out episodes.
        conditions: Conditions of the experiments, the baseline's first.
        baseline: Id of one of the experiments.
        scenario: Name of the scenario.
        fitness: Fitness of an episode's measures.
        fitness_name: Display name of the fitness.
        measures: Names of the measures for the exploratory comparison.
        margin: Smallest difference of interest in fitness, above 0. None: no equivalence tests.
        criteria: Criteria for the ranking of champions. Empty: no ranking.
        remarks: Caveats for the reader.
    """
    by_id = {entrant.id: entrant for entrant in entrants}
    champions = {entrant.id: entrant.champion for entrant in entrants}
    thresholds = thresholds_over([value for entrant in entrants for value in entrant.champion.fitnesses])
    found = compare_conditions(conditions, {each.id: _score(each) for each in entrants}, margin)
    same_seed = () if isinstance(found, Unavailable) else _same_seed(conditions)
    pairs = same_seed or [(entrant.id, baseline) for entrant in entrants if entrant.id != baseline]
    return ExperimentComparison(
        baseline=baseline,
        scenario=scenario,
        fitness=fitness_name,
        conditions=tuple(conditions),
        condition_means=tuple(_condition_mean(each, by_id) for each in conditions),
        condition_comparison=found,
        exploratory_contrasts=compare_measures(
            conditions,
            {each.id: each.champion.measures for each in entrants},
            [name for name in measures if name != fitness_name],
        ),
        variances=condition_variances(analyzed_conditions(conditions), champions),
        block_variance=block_variance(analyzed_conditions(conditions), champions),
        entrants=tuple(_row(entrant, _number(conditions, entrant), thresholds) for entrant in entrants),
        contrasts=holm([compare(_episodes(by_id[us]), _episodes(by_id[them]), margin=margin) for us, them in pairs]),
        within_seeds=bool(same_seed),
        ranking=_rank(entrants, fitness, criteria),
        remarks=(*remarks, *_repeats(conditions)),
    )


def _same_seed(conditions: Sequence[Condition]) -> tuple[tuple[str, str], ...]:
    """Return each run of other conditions with the run of the same seed in the baseline's condition."""
    base, *others = conditions
    partners = dict(zip(base.seeds, base.experiments, strict=True))
    return tuple(
        (name, partners[seed])
        for each in others
        for seed, name in zip(each.seeds, each.experiments, strict=True)
        if seed in partners
    )


def _number(conditions: Sequence[Condition], entrant: ComparedExperiment) -> int:
    return next(each.number for each in conditions if entrant.id in (*each.experiments, *each.repeats))


def _row(entrant: ComparedExperiment, condition: int, thresholds: Sequence[float]) -> EntrantRow:
    scores, seed = entrant.champion.fitnesses, entrant.seed
    return EntrantRow(
        id=entrant.id,
        seed=seed,
        condition=condition,
        agent=entrant.champion.agent,
        # Use the random streams of the experiment's own analysis, so that a champion has the same intervals in both.
        fitness=mean_interval(scores),
        aggregates=aggregate([scores], generator(seed, "analysis", "aggregates", entrant.champion.role)),
        profile=binomial_profile(scores, thresholds),
    )


def _episodes(entrant: ComparedExperiment) -> Sample:
    return Sample(name=entrant.id, seeds=entrant.champion.seeds, values=entrant.champion.fitnesses)


def _score(entrant: ComparedExperiment) -> float:
    return sum(entrant.champion.fitnesses) / len(entrant.champion.fitnesses)


def _condition_mean(condition: Condition, by_id: Mapping[str, ComparedExperiment]) -> ConditionMean:
    scores, first = [_score(by_id[name]) for name in condition.experiments], condition.experiments[0]
    alone = len(scores) < 2
    return ConditionMean(
        condition=condition.number,
        mean=_ALONE if alone else mean_interval(scores),
        aggregates=_ALONE if alone else aggregate([scores], generator(condition.seeds[0], "analysis", "runs", first)),
    )


def _rank(
    entrants: Sequence[ComparedExperiment], fitness: Fitness, criteria: Sequence[Criterion]
) -> Ranking | Unavailable:
    if not criteria:
        return Unavailable(missing="no criteria were given")
    values = [criterion_values(criteria, fitness, entrant.champion.measures) for entrant in entrants]
    names = [entrant.champion.agent for entrant in entrants]
    return topsis(names, values, criteria, basis="the champions, means of their held-out episodes")


def _repeats(conditions: Sequence[Condition]) -> tuple[str, ...]:
    return tuple(
        f"{name} repeats a run of the same condition and seed: it counts once among the condition's runs"
        for each in conditions
        for name in each.repeats
    )
