"""Analysis of one experiment as one value, shared by the terminal, JSON and HTML output.

This module needs `statsmodels`, which takes a second to import. Import this module inside functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.analysis.control_charts import ControlChart, control_chart
from clau_doom.analysis.elite_map import EliteMap
from clau_doom.analysis.genome_encoding import Diversity, GeneHistory, diversity, encode, gene_histories
from clau_doom.analysis.held_out_results import held_out_standings, held_out_table
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
"""Maximum number of genes with statistics; larger tables take minutes to compute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOut:
    """Robust estimates of an agent's held-out fitness.

    Attributes:
        role: ``champion``, ``generation 0`` or ``random``.
        agent: Id of the agent.
        aggregates: Mean, median and interquartile mean over episodes.
        profile: Share of episodes above each threshold. All roles have the same thresholds.
    """

    role: str
    agent: str
    aggregates: Aggregates
    profile: PerformanceProfile


@dataclass(frozen=True, kw_only=True)
class ExperimentAnalysis:
    """Results of an experiment. A result that the data do not allow is an `Unavailable` with the reason.

    Attributes:
        id: Id of the experiment.
        state: State of the experiment. The analysis covers the finished part.
        seed: Seed of the experiment.
        scenario: Name of the scenario.
        fitness: Display name of the fitness.
        deviations: Events that made the history depend on time or chance.
        racing: Episodes that racing saved, and the audit of its decisions.
        champion: The champion, or None before it is chosen.
        validation_fitness: Mean fitness of the champion on the validation seeds, or None.
        generations: Training fitness of the finished generations.
        results: Results on held-out seeds, or None before the first held-out episode.
        standings: Held-out episodes of each role.
        held_out: Robust estimates of each role, in the order of `standings`.
        contrasts: Champion compared with each other role on held-out seeds; one family for Holm's correction.
        curve: Learning curve, fitted to the generations' means.
        plateau: Trend of the last generations.
        chart: Control charts over the generations.
        diversity: Diversity of each finished generation.
        genes: Distribution of each gene by generation.
        regression: Regression of fitness on genes, over all agents with a fitness.
        components: Principal components of all genomes.
        lineage: Line of descent of the champion.
        archive: Map of the MAP-Elites archive.
        ranking: Ranking of agents over several criteria.
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
    """Analyze an experiment in its current state.

    Args:
        snapshot: Stored state of the experiment.
        state: State of the experiment.
        scenario: Name of the scenario.
        fitness: Fitness of an episode's measures.
        fitness_name: Display name of the fitness.
        measures: Measures of the scenario in the table of results.
        space: Genes of the policy, or the reason why they are unknown.
        archive: Map of the MAP-Elites archive, or the reason why it is unavailable.
        racing: Episodes that racing saved, or the reason why the count is unavailable.
        criteria: Criteria for the ranking of agents. Empty: no ranking.

    Raises:
        ConfigError: A criterion is unknown.
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
