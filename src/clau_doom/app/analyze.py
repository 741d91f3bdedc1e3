"""Analysis and comparison of stored experiments, with checks that experiments are comparable."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clau_doom.app.gene_space import space_of
from clau_doom.app.run_planning import make_fitness
from clau_doom.app.shared_measures import shared_measures
from clau_doom.app.warm_start import start_genomes
from clau_doom.config import ExperimentConfig, MapElitesConfig, by_paths, condition_changes
from clau_doom.domain import AgentStatus, GenomeSpace
from clau_doom.domain.budget import BudgetUnit
from clau_doom.domain.experiment import HoldoutResult, Provenance, RaceTally
from clau_doom.error_description import describe
from clau_doom.errors import ClauDoomError, ConfigError, StoreCorrupted, WrongState
from clau_doom.evolution import MapElites, make_race, make_strategy
from clau_doom.orchestration import replay
from clau_doom.ports import StoredExperiment

if TYPE_CHECKING:
    from clau_doom.analysis.comparison import ComparedExperiment
    from clau_doom.analysis.comparison_data import ComparisonData
    from clau_doom.analysis.elite_map import EliteMap
    from clau_doom.analysis.experiment_data import ExperimentData
    from clau_doom.analysis.topsis import Criterion
    from clau_doom.analysis.unavailable import Unavailable

__all__ = ["analyse", "archive", "baseline_of", "compare", "comparison_remarks", "fitness_name", "tally"]

_REFUSED = ("scenario.name", "scenario.doom_skill", "scenario.timeout", "fitness")
_FILES = ("scenario.cfg", "scenario.wad", "scenario.game")


def fitness_name(config: ExperimentConfig) -> str:
    """Return the display name of a configuration's fitness."""
    wanted = config.fitness
    if isinstance(wanted, str):
        return wanted
    return " ".join(f"{weight:+g} {name}" for name, weight in sorted(wanted.items()))


def analyse(
    stored: StoredExperiment,
    criteria: "Sequence[Criterion]" = (),
    *,
    space: "GenomeSpace | Unavailable | None" = None,
    x: BudgetUnit | None = None,
) -> "ExperimentData":
    """Prepare the analysis of an experiment in its current state. Results are computed at their first use.

    Args:
        stored: The experiment.
        criteria: Criteria for the ranking of agents. Empty: no ranking.
        space: Genes of the policy, or the reason why they are unknown. None: read them from the policy, which may
            import its module.
        x: Unit of the horizontal axis of curves and of their tables. None: that of a budget in episodes or tics, or
            else of each curve's own.
    """
    from clau_doom.analysis.experiment_data import ExperimentData  # noqa: PLC0415 - scipy, which no run needs
    from clau_doom.analysis.result_tables import telling_measures  # noqa: PLC0415 - as above

    return ExperimentData(
        stored=stored,
        scenario=stored.config.scenario.name,
        fitness=make_fitness(stored.config),
        fitness_name=fitness_name(stored.config),
        measures=telling_measures(stored.config.scenario.name, sorted(stored.config.measures)),
        criteria=criteria,
        find_space=lambda: space or _space(stored),
        find_archive=lambda known: archive(stored, known),
        count_races=lambda: tally(stored),
        x=x,
    )


def compare(
    experiments: Sequence[StoredExperiment],
    baseline: str,
    criteria: "Sequence[Criterion]" = (),
    targets: Sequence[float] = (),
    *,
    margin: float | None = None,
    x: BudgetUnit | None = None,
) -> "ComparisonData":
    """Compare experiments with a baseline.

    Args:
        experiments: Two or more experiments.
        baseline: Id of one of the experiments.
        criteria: Criteria for the ranking of champions. Empty: no ranking.
        targets: Fitness values of the runtimes. Empty: the rule of `clau_doom.analysis.anytime`.
        margin: Smallest difference of interest in fitness, above 0, for equivalence tests. None: no such tests.
        x: Unit of the horizontal axis of curves, of running times and of areas. None: tics if all budgets are in tics,
            or else episodes.

    Raises:
        ConfigError: An experiment is given twice, the baseline is not among the experiments, their scenarios or
            fitness differ, or a target is not finite.
        WrongState: An experiment has no held-out episodes yet.
    """
    from clau_doom.analysis.comparison import compare_experiments  # noqa: PLC0415 - as above
    from clau_doom.analysis.comparison_data import ComparisonData  # noqa: PLC0415 - as above
    from clau_doom.analysis.conditions import find_conditions  # noqa: PLC0415 - as above
    from clau_doom.analysis.result_tables import telling_measures  # noqa: PLC0415 - as above

    infinite = next((each for each in targets if not math.isfinite(each)), None)
    if infinite is not None:
        raise ConfigError(f"the target {infinite} is not a finite number: give a fitness")
    base = baseline_of(experiments, baseline)
    for stored in experiments:
        _check_comparable(base, stored)
    comparison = compare_experiments(
        [_entrant(stored) for stored in experiments],
        find_conditions(experiments, baseline),
        baseline,
        scenario=base.config.scenario.name,
        fitness=make_fitness(base.config),
        fitness_name=fitness_name(base.config),
        measures=telling_measures(base.config.scenario.name, shared_measures(experiments)),
        margin=margin,
        criteria=criteria,
        remarks=comparison_remarks(experiments, base),
    )
    return ComparisonData(
        experiments=tuple(experiments),
        comparison=comparison,
        fitness=make_fitness(base.config),
        find_archive=_archive,
        targets=tuple(targets),
        x=x,
    )


def baseline_of(experiments: Sequence[StoredExperiment], baseline: str) -> StoredExperiment:
    """Return the baseline of a comparison.

    Raises:
        ConfigError: An experiment is given twice, or the baseline is not among the experiments.
    """
    ids = [stored.snapshot.experiment.id for stored in experiments]
    duplicate = next((name for name in ids if ids.count(name) > 1), None)
    if duplicate:
        raise ConfigError(f"{duplicate} is given twice: give each experiment once")
    if baseline not in ids:
        raise ConfigError(f"the baseline {baseline} is not one of {', '.join(ids)}: choose one of these ids")
    return experiments[ids.index(baseline)]


def _space(stored: StoredExperiment) -> "GenomeSpace | Unavailable":
    from clau_doom.analysis.unavailable import Unavailable  # noqa: PLC0415 - as above

    try:
        return space_of(stored)
    except StoreCorrupted:
        raise
    except ClauDoomError as error:
        return Unavailable(missing=f"the genes of the policy are unknown on this machine: {describe(error)}")


def _archive(stored: StoredExperiment) -> "EliteMap | Unavailable":
    from clau_doom.analysis.unavailable import Unavailable  # noqa: PLC0415 - as above

    # Reading the genes may import the policy, which is not needed without an archive.
    unread = Unavailable(missing="its genes were not read")
    return archive(stored, _space(stored) if isinstance(stored.config.evolution, MapElitesConfig) else unread)


def archive(stored: StoredExperiment, space: "GenomeSpace | Unavailable") -> "EliteMap | Unavailable":
    """Rebuild the MAP-Elites archive by replaying the stored generations.

    The call blocks until the replay ends.
    """
    from clau_doom.analysis.elite_map import Cell, elite_map, smallest_fitness  # noqa: PLC0415 - as above
    from clau_doom.analysis.unavailable import Unavailable  # noqa: PLC0415

    config, snapshot = stored.config, stored.snapshot
    if not isinstance(config.evolution, MapElitesConfig):
        return Unavailable(missing=f"{config.evolution.kind} does not keep an archive")
    if isinstance(space, Unavailable):
        return space
    finished = snapshot.finished_generations
    fitnesses = [each.fitness for row in finished for each in row if each.fitness is not None]
    if not fitnesses:
        return Unavailable(missing="no generation is finished yet")
    strategy = make_strategy(
        config.evolution, space, config.population, snapshot.experiment.seed, start=start_genomes(snapshot)
    )
    assert isinstance(strategy, MapElites)
    fitness = make_fitness(config)
    try:
        replay(strategy, snapshot.experiment.id, finished, fitness, lambda: None)
    except StoreCorrupted as error:  # another version of the strategy may have made these results
        return Unavailable(missing=describe(error))
    cells = [Cell(place=elite.cell, agent=elite.ref, fitness=elite.fitness) for elite in strategy.archive]
    return elite_map(config.evolution.descriptors, cells, smallest=smallest_fitness(fitness), lowest=min(fitnesses))


def tally(stored: StoredExperiment) -> "RaceTally | Unavailable":
    """Count the episodes that racing saved in the finished generations."""
    from clau_doom.analysis.unavailable import Unavailable  # noqa: PLC0415 - as above

    config, snapshot, fitness = stored.config, stored.snapshot, make_fitness(stored.config)
    total = RaceTally()
    for number, row in enumerate(snapshot.finished_generations):
        race = make_race(config.evolution, len(row), config.episodes, config.seed, number)
        if race is None:
            return Unavailable(missing="every agent plays all of its episodes")
        played = [() if each.status is AgentStatus.FAILED else each.outcomes for each in row]
        total += race.tally([[fitness.of_episode(outcome.measures) for outcome in outcomes] for outcomes in played])
    return total


def _check_comparable(base: StoredExperiment, other: StoredExperiment) -> None:
    name = other.snapshot.experiment.id
    if len(_champion(other).fitnesses) < 2:
        raise WrongState(
            f"{name} is {other.state.value} and its champion has fewer than two held-out episodes: "
            "finish it, or omit it"
        )
    here, there = (dict(each.snapshot.experiment.provenance.facts) for each in (base, other))
    other_files = [f"{fact} differs" for fact in _FILES if here.get(fact) != there.get(fact)]
    moved = () if other_files or not by_paths(base.config, other.config) else ("scenario.name",)
    changes = condition_changes(base.config, other.config)
    differing = [str(each) for each in changes if each.path.startswith(_REFUSED) and each.path not in moved]
    differing += [*other_files, *_other_functions(base.config, other.config)]
    if differing:
        raise ConfigError(
            f"{name} cannot be compared with {base.snapshot.experiment.id}: their fitness differs "
            f"({'; '.join(differing)}): compare experiments of one scenario and one fitness"
        )


def _other_functions(base: ExperimentConfig, other: ExperimentConfig) -> list[str]:
    """Return the differences of the user's measures that the fitness needs."""
    return [
        f"measures.{name}: {base.measures.get(name)} became {other.measures.get(name)}"
        for name, _ in make_fitness(base).weights
        if base.measures.get(name) != other.measures.get(name)
    ]


def _champion(stored: StoredExperiment) -> HoldoutResult:
    from clau_doom.analysis.held_out_results import held_out_standings  # noqa: PLC0415 - as above

    standings = held_out_standings(stored.snapshot, make_fitness(stored.config))
    absent = HoldoutResult(role="champion", agent="", seeds=(), fitnesses=(), measures=())
    return next((standing for standing in standings if standing.role == "champion"), absent)


def _entrant(stored: StoredExperiment) -> "ComparedExperiment":
    from clau_doom.analysis.comparison import ComparedExperiment  # noqa: PLC0415 - as above

    return ComparedExperiment(
        id=stored.snapshot.experiment.id,
        seed=stored.snapshot.experiment.seed,
        champion=_champion(stored),
    )


def comparison_remarks(
    experiments: Sequence[StoredExperiment], base: StoredExperiment, *, ignored: str | None = None
) -> list[str]:
    """Return caveats of a comparison: other versions than the baseline's, and deviations.

    Args:
        experiments: The experiments.
        base: The baseline.
        ignored: Prefix of facts of the provenance that may differ, or None.
    """
    found = []
    for stored in experiments:
        name, facts = stored.snapshot.experiment.id, _without(stored.snapshot.experiment.provenance, ignored)
        if difference := _without(base.snapshot.experiment.provenance, ignored).first_difference(facts):
            fact, there, here = difference
            found.append(f"{name} was made with {fact} {here[:12]}, the baseline with {there[:12]}")
        budget, summaries = stored.config.evolution_budget, stored.snapshot.summaries
        if not budget.used_up(summaries):
            found.append(
                f"{name} is {stored.state.value} after {budget.progress(summaries)}: its run is shorter than its "
                "configuration"
            )
        if total := stored.snapshot.deviations.total:
            found.append(f"{name} has {total} deviations: its history depends on time, chance or a user")
    return found


def _without(provenance: Provenance, ignored: str | None) -> Provenance:
    facts = provenance.facts
    return provenance if ignored is None else Provenance(facts=tuple(f for f in facts if not f[0].startswith(ignored)))
