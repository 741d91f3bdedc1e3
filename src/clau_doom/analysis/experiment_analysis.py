"""The whole analysis of one experiment, as one value: what `analyze` prints, what its JSON holds, what a report shows.

`statsmodels` takes a second to import, and everything here needs it: import this module where an analysis is made, not
with the package.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.analysis.control_charts import ControlChart, control_chart
from clau_doom.analysis.elite_map import EliteMap
from clau_doom.analysis.genomes import Diversity, GeneHistory, diversity, encode, gene_histories
from clau_doom.analysis.held_out import held_out_standings, held_out_table
from clau_doom.analysis.learning import LearningCurve, Plateau, fit_learning_curve, judge_plateau
from clau_doom.analysis.lineage import Ancestor, line_of
from clau_doom.analysis.pca import Components, gene_components
from clau_doom.analysis.ranking import rank_agents
from clau_doom.analysis.regression import Regression, regress
from clau_doom.analysis.summary import CHAMPION, GenerationRow, ResultTable, generation_rows
from clau_doom.analysis.topsis import Criterion, Ranking
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import AgentRef, Evaluation, Fitness, GenomeSpace, generator
from clau_doom.domain.experiment import Deviations, ExperimentState, HoldoutResult, RaceTally
from clau_doom.domain.snapshot import Snapshot
from clau_doom.statistics.effects import Contrast, Sample, compare, holm
from clau_doom.statistics.estimates import (
    Aggregates,
    PerformanceProfile,
    aggregate,
    performance_profile,
    thresholds_over,
)

__all__ = ["ExperimentAnalysis", "HeldOut", "analyse_experiment"]

_MOST_GENES = 10_000
"""Of more genes no statistics are computed: a table of a million rows says nothing, and takes minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOut:
    """A contestant's held-out episodes, estimated robustly.

    Attributes:
        role: What it is: ``champion``, ``generation 0`` or ``random``.
        agent: Its id.
        aggregates: Mean, median and interquartile mean of its episodes.
        profile: The share of its episodes above each fitness; all contestants have the same thresholds.
    """

    role: str
    agent: str
    aggregates: Aggregates
    profile: PerformanceProfile


@dataclass(frozen=True, kw_only=True)
class ExperimentAnalysis:
    """Everything that an experiment's numbers say. What they do not allow is a `Unavailable` with the reason.

    Attributes:
        id: The experiment.
        state: Where it stands; all below is of what was finished by then.
        seed: Its seed.
        scenario: What it plays.
        fitness: What it maximises, for people.
        deviations: What made its history depend on time or luck.
        racing: What racing saved, and how good its decisions were.
        champion: The champion, once chosen.
        validation_fitness: Its mean on the validation seeds that chose it, or None.
        generations: The finished generations, over training fitness.
        results: The contestants on held-out seeds, or None while nobody has played them.
        standings: Their episodes.
        held_out: Their robust estimates, in the same order.
        contrasts: The champion against each other contestant, on held-out seeds; one family for Holm's correction.
        curve: The learning curve through the generations' means.
        plateau: What the last generations do.
        chart: The control charts over the generations.
        diversity: How different the agents of each finished generation are.
        genes: The genes through the generations.
        regression: Fitness regressed on the genes of all agents that have one.
        components: The principal components of all agents' genomes.
        lineage: The champion's line of parents.
        archive: The MAP-Elites archive.
        ranking: Agents over several criteria.
    """

    id: str
    state: ExperimentState
    seed: int
    scenario: str
    fitness: str
    deviations: Deviations
    racing: RaceTally | Unavailable
    champion: AgentRef | None
    validation_fitness: float | None
    generations: tuple[GenerationRow, ...]
    results: ResultTable | None
    standings: tuple[HoldoutResult, ...]
    held_out: tuple[HeldOut, ...]
    contrasts: tuple[Contrast, ...]
    curve: LearningCurve | Unavailable
    plateau: Plateau | Unavailable
    chart: ControlChart | Unavailable
    diversity: tuple[Diversity, ...] | Unavailable
    genes: tuple[GeneHistory, ...] | Unavailable
    regression: Regression | Unavailable
    components: Components | Unavailable
    lineage: tuple[Ancestor, ...] | Unavailable
    archive: EliteMap | Unavailable
    ranking: Ranking | Unavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class _Learning:
    curve: LearningCurve | Unavailable
    plateau: Plateau | Unavailable
    chart: ControlChart | Unavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class _Genes:
    diversity: tuple[Diversity, ...] | Unavailable
    genes: tuple[GeneHistory, ...] | Unavailable
    regression: Regression | Unavailable
    components: Components | Unavailable


def analyse_experiment(
    snapshot: Snapshot,
    *,
    state: ExperimentState,
    scenario: str,
    fitness: Fitness,
    fitness_name: str,
    measures: Sequence[str],
    space: GenomeSpace | Unavailable,
    archive: EliteMap | Unavailable,
    racing: RaceTally | Unavailable,
    criteria: Sequence[Criterion] = (),
) -> ExperimentAnalysis:
    """Return the analysis of an experiment as it stands.

    Args:
        snapshot: What its store holds.
        state: Where it stands.
        scenario: What it plays.
        fitness: How an episode's measures become fitness.
        fitness_name: What people call it.
        measures: The scenario's telling measures.
        space: The policy's genes, or why they are not known.
        archive: The MAP-Elites archive, or why there is none.
        racing: What racing saved, or why there was none.
        criteria: What agents are ranked by; none: no ranking.

    Raises:
        ConfigError: A criterion is nothing that is measured.
    """
    finished, seed = snapshot.finished_generations, snapshot.experiment.seed
    standings = held_out_standings(snapshot, fitness)
    rows, learning, genes = generation_rows(finished, fitness), _learning(finished), _genes(finished, space)
    champion, validated = snapshot.champion or (None, None)
    return ExperimentAnalysis(
        id=snapshot.experiment.id,
        state=state,
        seed=seed,
        scenario=scenario,
        fitness=fitness_name,
        deviations=snapshot.deviations,
        racing=racing,
        champion=champion,
        validation_fitness=validated,
        generations=rows,
        results=held_out_table(snapshot, fitness, measures),
        standings=standings,
        held_out=_held_out(standings, seed),
        contrasts=_contrasts(standings, seed),
        curve=learning.curve,
        plateau=learning.plateau,
        chart=learning.chart,
        diversity=genes.diversity,
        genes=genes.genes,
        regression=genes.regression,
        components=genes.components,
        lineage=line_of(champion, snapshot.generations)
        if champion
        else Unavailable(missing="no champion is chosen yet"),
        archive=archive,
        ranking=rank_agents(snapshot, fitness, criteria),
    )


def _held_out(standings: Sequence[HoldoutResult], seed: int) -> tuple[HeldOut, ...]:
    if not standings:
        return ()
    thresholds = thresholds_over([value for standing in standings for value in standing.fitnesses])
    return tuple(
        HeldOut(
            role=standing.role,
            agent=standing.agent,
            aggregates=aggregate([standing.fitnesses], generator(seed, "analysis", "aggregates", standing.role)),
            profile=performance_profile(
                [standing.fitnesses], thresholds, generator(seed, "analysis", "profile", standing.role)
            ),
        )
        for standing in standings
    )


def _contrasts(standings: Sequence[HoldoutResult], seed: int) -> tuple[Contrast, ...]:
    champion = next((standing for standing in standings if standing.role == CHAMPION), None)
    if champion is None:
        return ()
    return holm(
        [
            compare(_sample(champion), _sample(other), generator(seed, "analysis", "contrast", other.role))
            for other in standings
            if other is not champion
        ]
    )


def _sample(standing: HoldoutResult) -> Sample:
    return Sample(name=standing.role, seeds=standing.seeds, values=standing.fitnesses)


def _learning(generations: Sequence[Sequence[Evaluation]]) -> _Learning:
    fitnesses = [[each.fitness for each in row if each.fitness is not None] for row in generations]
    fitted = [(index, sum(row) / len(row)) for index, row in enumerate(fitnesses) if row]
    xs, ys = [float(index) for index, _ in fitted], [mean for _, mean in fitted]
    return _Learning(curve=fit_learning_curve(xs, ys), plateau=judge_plateau(xs, ys), chart=control_chart(fitnesses))


def _genes(generations: Sequence[Sequence[Evaluation]], space: GenomeSpace | Unavailable) -> _Genes:
    # The number comes first: bounds are arrays of that length.
    if isinstance(space, GenomeSpace) and len(space) > _MOST_GENES:
        space = Unavailable(
            missing=f"the policy has {len(space):,} genes, and {_MOST_GENES:,} at most are analysed one by one"
        )
    elif isinstance(space, GenomeSpace) and not (space.high > space.low).any():
        space = Unavailable(missing="the policy has no genes that can vary")
    if isinstance(space, Unavailable) or not generations:
        missing = space if isinstance(space, Unavailable) else Unavailable(missing="no generation is finished yet")
        return _Genes(diversity=missing, genes=missing, regression=missing, components=missing)
    agents = [each for row in generations for each in row]
    fit = [each for each in agents if each.fitness is not None]
    genomes = [[each.agent.genome for each in row] for row in generations]
    return _Genes(
        diversity=tuple(diversity(space, index, row) for index, row in enumerate(genomes)),
        genes=gene_histories(space, genomes),
        regression=regress(
            encode(space, [each.agent.genome for each in fit]),
            [each.fitness for each in fit if each.fitness is not None],
        )
        if fit
        else Unavailable(missing="no agent has a fitness"),
        components=gene_components(
            encode(space, [each.agent.genome for each in agents]),
            tuple(each.agent.ref for each in agents),
            tuple(each.fitness for each in agents),
        ),
    )
