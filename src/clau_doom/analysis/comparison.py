"""Comparison of experiments, by champion and by setup.

Two questions need different evidence:

- *Is one champion better than another?* The evidence is the champions' held-out episodes. Experiments with the same
  seed have the same held-out seeds, so that their episodes are paired. Otherwise, the samples are independent.
- *Is one setup better than another?* Experiments that differ only in name and seed are runs of one setup. The evidence
  is one score for each run, the champion's held-out mean, as in Agarwal et al. (2021). More episodes of one champion do
  not reduce the variance between runs. A comparison needs two runs of a setup; five or more are recommended.

For each question, the comparisons with the baseline are one family for Holm's correction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.analysis.ranking import criterion_values
from clau_doom.analysis.topsis import Criterion, Ranking, topsis
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import Fitness, generator
from clau_doom.domain.experiment import HoldoutResult
from clau_doom.statistics.intervals import Interval, mean_interval
from clau_doom.statistics.rliable_aggregates import (
    Aggregates,
    PerformanceProfile,
    aggregate,
    performance_profile,
    thresholds_over,
)
from clau_doom.statistics.two_sample_comparison import Contrast, Sample, compare, holm

__all__ = ["ComparedExperiment", "EntrantRow", "ExperimentComparison", "Setup", "compare_experiments"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedExperiment:
    """Experiment of a comparison.

    Attributes:
        id: Id of the experiment.
        seed: Seed of the experiment.
        setup: Number of the setup. It is equal for experiments that differ only in name and seed.
        changes: Differences between its setup and the baseline's, one line for each field.
        champion: Held-out episodes of the champion.
    """

    id: str
    seed: int
    setup: int
    changes: tuple[str, ...]
    champion: HoldoutResult


@dataclass(frozen=True, kw_only=True, slots=True)
class EntrantRow:
    """Held-out result of an experiment's champion.

    Attributes:
        id: Id of the experiment.
        seed: Seed of the experiment.
        setup: Number of the setup.
        agent: Id of the champion.
        fitness: Mean fitness on held-out seeds.
        aggregates: Mean, median and interquartile mean of the held-out episodes.
        profile: Share of episodes above each threshold. All experiments have the same thresholds.
    """

    id: str
    seed: int
    setup: int
    agent: str
    fitness: Interval
    aggregates: Aggregates
    profile: PerformanceProfile


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """Runs of one setup.

    Attributes:
        number: Number of the setup. The baseline's setup is 0.
        experiments: Runs of the setup. Experiments with the same seed are one run, represented by the first.
        changes: Differences from the baseline's setup.
        mean: Mean of the runs' scores with its interval, or the reason why it is unavailable.
        runs: Bootstrap estimates over the runs' scores, or the reason why they are unavailable. Fewer than ten
            runs have no intervals, because a bootstrap of a small sample is too narrow.
        episodes: Estimates over all episodes, stratified by run. They describe these champions, not the setup.
    """

    number: int
    experiments: tuple[str, ...]
    changes: tuple[str, ...]
    mean: Interval | Unavailable
    runs: Aggregates | Unavailable
    episodes: Aggregates


@dataclass(frozen=True, kw_only=True)
class ExperimentComparison:
    """Comparison of several experiments.

    Attributes:
        baseline: Id of the experiment that the others are compared with.
        scenario: Scenario of all experiments.
        fitness: Display name of the fitness of all experiments.
        entrants: Champions, in the order given.
        contrasts: Each other champion compared with the baseline's champion; one family.
        setups: Setups, the baseline's first.
        setup_contrasts: Each other setup's runs compared with the baseline's, or the reason why they are unavailable;
            one family.
        ranking: Ranking of the champions over several criteria, on held-out episodes.
        remarks: Caveats for the reader.
    """

    baseline: str
    scenario: str
    fitness: str
    entrants: tuple[EntrantRow, ...]
    contrasts: tuple[Contrast, ...]
    setups: tuple[Setup, ...]
    setup_contrasts: tuple[Contrast, ...] | Unavailable
    ranking: Ranking | Unavailable
    remarks: tuple[str, ...]


def compare_experiments(
    entrants: Sequence[ComparedExperiment],
    baseline: str,
    *,
    scenario: str,
    fitness: Fitness,
    fitness_name: str,
    criteria: Sequence[Criterion] = (),
    remarks: Sequence[str] = (),
) -> ExperimentComparison:
    """Compare experiments with a baseline.

    Args:
        entrants: Two or more experiments with the same scenario and fitness. Each has two or more held-out episodes.
        baseline: Id of one of the experiments. Its setup is number 0.
        scenario: Name of the scenario.
        fitness: Fitness of an episode's measures.
        fitness_name: Display name of the fitness.
        criteria: Criteria for the ranking of champions. Empty: no ranking.
        remarks: Caveats for the reader.
    """
    base = next(entrant for entrant in entrants if entrant.id == baseline)
    thresholds = thresholds_over([value for entrant in entrants for value in entrant.champion.fitnesses])
    contrasts = holm([compare(_episodes(other), _episodes(base)) for other in entrants if other is not base])
    runs = _runs(entrants)
    return ExperimentComparison(
        baseline=baseline,
        scenario=scenario,
        fitness=fitness_name,
        entrants=tuple(_row(entrant, thresholds) for entrant in entrants),
        contrasts=contrasts,
        setups=tuple(_setup(number, runs[number]) for number in sorted(runs)),
        setup_contrasts=_setup_contrasts(runs),
        ranking=_rank(entrants, fitness, criteria),
        remarks=(*remarks, *_told(entrants, runs, contrasts)),
    )


def _row(entrant: ComparedExperiment, thresholds: Sequence[float]) -> EntrantRow:
    scores, seed = entrant.champion.fitnesses, entrant.seed
    return EntrantRow(
        id=entrant.id,
        seed=seed,
        setup=entrant.setup,
        agent=entrant.champion.agent,
        # Use the random streams of the experiment's own analysis, so that a champion has the same intervals in both.
        fitness=mean_interval(scores),
        aggregates=aggregate([scores], generator(seed, "analysis", "aggregates", entrant.champion.role)),
        profile=performance_profile(
            [scores], thresholds, generator(seed, "analysis", "profile", entrant.champion.role)
        ),
    )


def _episodes(entrant: ComparedExperiment) -> Sample:
    return Sample(name=entrant.id, seeds=entrant.champion.seeds, values=entrant.champion.fitnesses)


def _runs(entrants: Sequence[ComparedExperiment]) -> dict[int, list[ComparedExperiment]]:
    """Return the runs of each setup, one for each seed."""
    found: dict[int, dict[int, ComparedExperiment]] = {}
    for entrant in entrants:
        found.setdefault(entrant.setup, {}).setdefault(entrant.seed, entrant)
    return {number: [*by_seed.values()] for number, by_seed in found.items()}


def _score(entrant: ComparedExperiment) -> float:
    return sum(entrant.champion.fitnesses) / len(entrant.champion.fitnesses)


def _setup(number: int, runs: Sequence[ComparedExperiment]) -> Setup:
    first, scores = runs[0], [_score(run) for run in runs]
    few = Unavailable(missing="one run gives no variance between runs: run the setup with other seeds")
    alone = len(runs) < 2
    return Setup(
        number=number,
        experiments=tuple(run.id for run in runs),
        changes=first.changes,
        mean=few if alone else mean_interval(scores),
        runs=few if alone else aggregate([scores], generator(first.seed, "analysis", "runs", first.id)),
        episodes=aggregate(
            [run.champion.fitnesses for run in runs], generator(first.seed, "analysis", "strata", first.id)
        ),
    )


def _setup_contrasts(runs: dict[int, list[ComparedExperiment]]) -> tuple[Contrast, ...] | Unavailable:
    if len(runs) < 2:
        return Unavailable(missing="all experiments are runs of one setup")
    able = {number: row for number, row in runs.items() if len(row) > 1}
    if 0 not in able or len(able) < 2:
        return Unavailable(missing="two setups with two runs each, of different seeds, are needed to compare setups")
    base = _scores(able[0])
    return holm([compare(_scores(row), base, pair=False) for number, row in sorted(able.items()) if number])


def _scores(runs: Sequence[ComparedExperiment]) -> Sample:
    return Sample(
        name=", ".join(run.id for run in runs),
        seeds=tuple(run.seed for run in runs),
        values=tuple(_score(run) for run in runs),
    )


def _rank(
    entrants: Sequence[ComparedExperiment], fitness: Fitness, criteria: Sequence[Criterion]
) -> Ranking | Unavailable:
    if not criteria:
        return Unavailable(missing="no criteria were given")
    values = [criterion_values(criteria, fitness, entrant.champion.measures) for entrant in entrants]
    names = [entrant.champion.agent for entrant in entrants]
    return topsis(names, values, criteria, basis="the champions, means of their held-out episodes")


def _told(
    entrants: Sequence[ComparedExperiment], runs: dict[int, list[ComparedExperiment]], contrasts: Sequence[Contrast]
) -> tuple[str, ...]:
    counted = {run.id for row in runs.values() for run in row}
    again = [
        f"{entrant.id} repeats a run of the same setup and seed: it counts once among the setup's runs"
        for entrant in entrants
        if entrant.id not in counted
    ]
    apart = [contrast.ours for contrast in contrasts if not contrast.paired]
    if not apart:
        return tuple(again)
    names = ", ".join(apart)
    return (*again, f"no held-out seeds in common with the baseline: {names}; compared as independent samples")
