"""Tests of the analysis of whole experiments with scripted episodes."""

import asyncio
import math
from dataclasses import replace
from functools import cache

import pytest

from clau_doom.analysis.comparison import ExperimentComparison
from clau_doom.analysis.comparison_document import comparison_document
from clau_doom.analysis.condition_contrasts import Conclusion, ConditionComparison
from clau_doom.analysis.control_charts import ControlChart
from clau_doom.analysis.document_json import document_json
from clau_doom.analysis.elite_map import EliteMap
from clau_doom.analysis.experiment_document import experiment_document
from clau_doom.analysis.gene_regression import Regression
from clau_doom.analysis.learning import LearningCurve, Verdict
from clau_doom.analysis.pca import Components
from clau_doom.analysis.ranking import criteria_of
from clau_doom.analysis.sections import (
    control_charts,
    diversity,
    elite_map,
    gene_distributions,
    gene_regression,
    generations,
    held_out,
    learning,
    lineage,
    multicriteria_ranking,
    principal_components,
)
from clau_doom.analysis.topsis import Ranking
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.app.analyze import analyse, compare
from clau_doom.config import (
    CustomPolicyConfig,
    ExperimentConfig,
    HoldoutConfig,
    MapElitesConfig,
    ScenarioConfig,
    config_from_yaml,
    to_yaml,
)
from clau_doom.domain import EpisodeOutcome, GeneBlock, Genome, GenomeSpace, Purpose
from clau_doom.domain.experiment import Deviations, ExperimentState, Provenance
from clau_doom.errors import ConfigError, WrongState
from clau_doom.evolution import MapElites, mean_measures
from clau_doom.policies import GENES
from clau_doom.ports import StoredExperiment
from clau_doom.testing import ScriptedBackend, scripted_outcome
from clau_doom.testing.scripted_run import scripted_run, scripted_store

CONFIG = ExperimentConfig(
    name="one", generations=12, population=8, episodes=3, holdout=HoldoutConfig(validation=4, episodes=20)
)

OF_GENES = (diversity.compute, gene_distributions.compute, gene_regression.compute, principal_components.compute)


def outcome(genome: Genome, seed: int) -> EpisodeOutcome:
    """Return an episode with a reward that increases as genes approach the middle of their ranges."""
    shares = ((v - g.low) / (g.high - g.low) for v, g in zip(genome.values, GENES.genes, strict=False))
    far = math.fsum((share - 0.5) ** 2 for share in shares) if genome.values else 4.0
    noise = scripted_outcome(genome, seed)
    reward = 20.0 - 10.0 * far + (noise.measures.health - 50.0) / 50.0
    measures = replace(noise.measures, reward=reward, shots=10.0 * far, distance=far * 900.0)
    return replace(noise, measures=measures)


@cache
def _stored(config_yaml: str) -> StoredExperiment:
    config = config_from_yaml(config_yaml, name="the test's configuration")

    async def play() -> StoredExperiment:
        store = scripted_store(config)
        await scripted_run(config, store, ScriptedBackend(outcome=outcome), space=GENES).run()
        snapshot = await store.snapshot()
        return StoredExperiment(snapshot=snapshot, config=config, state=snapshot.state, last_activity=0.0)

    # The result is cached, so it is computed in a loop of its own.
    return asyncio.run(play())


def experiment(name: str = "one", **changes: object) -> StoredExperiment:
    return _stored(to_yaml(CONFIG.model_copy(update={"name": name, **changes})))


def test_analysis_of_a_genetic_experiment_is_complete() -> None:
    """Every part except the archive has a result, and the parts are consistent."""
    found = analyse(experiment(), criteria_of("reward:1,shots:-1"))
    assert (found.id, found.stored.state, found.seed) == ("one", ExperimentState.COMPLETED, 1)
    assert found.fitness_name == "reward"
    curve, chart = found.result(learning.curve_of), found.result(control_charts.compute)
    distances = found.result(diversity.compute)
    assert isinstance(curve, LearningCurve)
    assert curve.verdict is Verdict.UNDECIDED
    assert isinstance(chart, ControlChart)
    assert [point.generation for point in chart.points] == [*range(12)]
    assert not isinstance(distances, Unavailable)
    assert distances[0].distance > distances[-1].distance
    assert isinstance(found.result(gene_regression.compute), Regression)
    scores, line, ranked = (
        found.result(principal_components.compute),
        found.result(lineage.compute),
        found.result(multicriteria_ranking.compute),
    )
    assert isinstance(scores, Components)
    assert len(scores.scores) == 96
    assert not isinstance(line, Unavailable)
    assert (line[0].agent, line[-1].operator) == (found.champion, "draw")
    assert isinstance(ranked, Ranking)
    assert "validation episodes on the same seeds" in ranked.basis
    assert found.result(elite_map.compute) == Unavailable(missing="genetic does not keep an archive")


def test_champion_is_compared_on_held_out_seeds_only() -> None:
    """The comparisons are paired over all twenty held-out seeds and corrected for two comparisons."""
    found = analyse(experiment())
    robust, contrasts = found.result(held_out.robust_of), found.result(held_out.contrasts_of)
    held = {row.role: row for row in robust}
    assert [*held] == ["champion", "generation 0", "random"]
    assert {row.aggregates.mean.n for row in robust} == {20}
    assert len({row.profile.thresholds for row in robust}) == 1
    assert [(each.theirs, each.paired, each.n) for each in contrasts] == [
        ("generation 0", True, 20),
        ("random", True, 20),
    ]
    assert all(each.p is not None and each.p_holm is not None and each.p_holm >= each.p for each in contrasts)
    assert contrasts[1].improvement.value == 1.0
    judged = [e.outcome.measures.reward for e in experiment().snapshot.judging[Purpose.HELD_OUT, held["random"].agent]]
    assert held["random"].aggregates.mean.value == pytest.approx(sum(judged) / 20)


def test_selection_bias_has_the_held_out_interval() -> None:
    """Training fitness is taken as exact, so the interval is that of the held-out mean."""
    results = analyse(experiment()).result(held_out.table_of)
    assert results is not None
    assert results.bias is not None
    fitness = results.rows[0].fitness
    assert results.bias.low == pytest.approx(results.bias.training - (fitness.high or 0.0))
    assert results.bias.high == pytest.approx(results.bias.training - (fitness.low or 0.0))
    assert results.bias.n == 20


def saturated(whole: StoredExperiment) -> StoredExperiment:
    """Return an experiment whose champion has a fitness of 99 in all held-out episodes."""
    assert whole.snapshot.champion is not None
    key = (Purpose.HELD_OUT, whole.snapshot.champion[0].agent_id(whole.snapshot.experiment.id))
    measures = [replace(each.outcome.measures, reward=99.0) for each in whole.snapshot.judging[key]]
    row = tuple(
        replace(each, outcome=replace(each.outcome, measures=new))
        for each, new in zip(whole.snapshot.judging[key], measures, strict=True)
    )
    return replace(whole, snapshot=replace(whole.snapshot, judging={**whole.snapshot.judging, key: row}))


def test_saturated_champion_is_a_caution_of_the_comparison() -> None:
    """The caution names the experiment with the saturated champion only."""
    document = comparison_document(compare([saturated(experiment()), experiment("two", seed=2)], "one"))
    said = "Fitness has its largest value, 99.00, in 20 of 20 held-out episodes of the champion of one."
    assert sum(said in caution for caution in document.cautions) == 1
    assert document_json(document)["saturation"] == [
        {"episodes": "held-out episodes of the champion of one", "n": 20, "at_largest": 20, "largest": 99.0}
    ]


def test_saturated_fitness_is_a_caution() -> None:
    """It is in the report's cautions, in the section and in JSON. An experiment without saturation has none of them."""
    whole = experiment()
    document, other = experiment_document(analyse(saturated(whole))), experiment_document(analyse(whole))
    said = "Fitness has its largest value, 99.00, in 20 of 20 held-out episodes of the champion."
    assert sum(said in caution for caution in document.cautions) == 1
    assert sum(said in getattr(block, "text", "") for block in document.sections[0].blocks) == 1
    assert document_json(document)["saturation"] == [
        {"episodes": "held-out episodes of the champion", "n": 20, "at_largest": 20, "largest": 99.0}
    ]
    assert document_json(other)["saturation"] == []
    assert document_json(other)["fitness_maximum"] is None
    assert not any("largest value" in caution for caution in other.cautions)


def test_conclusions_are_about_agents_and_not_the_strategy() -> None:
    """The selection of generation 0's best agent is named, with its number of episodes."""
    document = experiment_document(analyse(experiment()))
    assert any("not about the strategy" in caution for caution in document.cautions)
    assert any("selected by its training episodes (" in caution for caution in document.cautions)


def test_repeated_analysis_is_identical() -> None:
    """Every resample uses the experiment's seed."""
    one, other = analyse(experiment()), analyse(experiment())
    assert one is not other
    assert experiment_document(one) == experiment_document(other)


def test_unfinished_experiment_has_reasons_instead_of_numbers() -> None:
    """Before the first generation is finished, the analysis has reasons instead of numbers, and no error."""
    whole = experiment()
    early = replace(whole.snapshot, summaries=(), judging={}, champion=None, state=ExperimentState.RUNNING)
    found = analyse(replace(whole, snapshot=early, state=ExperimentState.RUNNING), criteria_of("kills:1"))
    unavailable = (
        *OF_GENES,
        learning.curve_of,
        control_charts.compute,
        lineage.compute,
        multicriteria_ranking.compute,
    )
    assert all(isinstance(found.result(each), Unavailable) for each in unavailable)
    assert (found.result(generations.rows_of), found.result(held_out.table_of)) == ((), None)
    assert found.result(held_out.contrasts_of) == ()


def test_last_generation_is_ranked_without_candidates() -> None:
    """Without validation episodes, the agents of the last finished generation are ranked: they share seeds."""
    whole = experiment()
    found = analyse(replace(whole, snapshot=replace(whole.snapshot, judging={})), criteria_of("reward:1"))
    ranked = found.result(multicriteria_ranking.compute)
    assert isinstance(ranked, Ranking)
    assert "agents of generation 11" in ranked.basis
    best = max(whole.snapshot.generations[-1], key=lambda each: each.fitness or 0.0)
    assert (ranked.rows[0].name, len(ranked.rows)) == (best.agent.id, 8)


def test_candidate_without_all_episodes_is_not_ranked() -> None:
    """The means of the candidate would cover other seeds."""
    whole = experiment()
    key = next(key for key in whole.snapshot.judging if key[0] is Purpose.VALIDATION)
    judging = {**whole.snapshot.judging, key: whole.snapshot.judging[key][:2]}
    found = analyse(replace(whole, snapshot=replace(whole.snapshot, judging=judging)), criteria_of("reward:1"))
    ranked = found.result(multicriteria_ranking.compute)
    assert isinstance(ranked, Ranking)
    assert key[1] not in [row.name for row in ranked.rows]
    assert "means of 4 validation episodes" in ranked.basis


def test_unimportable_policy_removes_gene_analyses_only() -> None:
    """Only the parts that need the genes are missing, each with the reason."""
    elsewhere = CONFIG.model_copy(update={"policy": CustomPolicyConfig(kind="class", target="nowhere:Policy")})
    found = analyse(replace(experiment(), config=elsewhere))
    unknown = found.result(gene_regression.compute)
    assert isinstance(unknown, Unavailable)
    assert "nowhere" in unknown.missing
    assert found.result(gene_distributions.compute) == unknown
    assert found.result(held_out.table_of) is not None


def test_policy_without_genes_has_no_gene_analysis() -> None:
    """For random play, the reason replaces a diversity of 0."""
    found = analyse(replace(experiment(), space=GenomeSpace(())))
    missing = Unavailable(missing="the policy has no genes that can vary")
    assert [found.result(each) for each in OF_GENES] == [missing] * 4


def test_policy_with_too_many_genes_has_no_gene_analysis() -> None:
    """The number of genes is checked first, because the bounds of too many genes would not fit into memory."""
    space = GenomeSpace([GeneBlock(name="w", shape=(10**6, 10**6))])
    found = analyse(experiment(), space=space)
    missing = Unavailable(missing="the policy has 1,000,000,000,000 genes, and 10,000 at most are analysed one by one")
    assert [found.result(each) for each in OF_GENES] == [missing] * 4


def test_map_is_the_archive_of_the_strategy() -> None:
    """The map has the strategy's final cells, each with its best agent, above the worst fitness of all."""
    whole = experiment("elites", evolution=MapElitesConfig(kind="map-elites"))
    found = analyse(whole).result(elite_map.compute)
    assert isinstance(found, EliteMap)
    config = whole.config.evolution
    assert isinstance(config, MapElitesConfig)
    strategy = MapElites(config, GENES, 8, 1)
    evaluations = [each for row in whole.snapshot.generations for each in row]
    best: dict[tuple[int, ...], float] = {}
    for each in evaluations:
        behaviour = strategy._behaviour(mean_measures([played.measures for played in each.outcomes]))
        cell = strategy._cell(behaviour)
        best[cell] = max(best.get(cell, -math.inf), each.fitness or 0.0)
    assert {cell.place: cell.fitness for cell in found.cells} == best
    assert found.coverage == len(best) / 100
    lowest = min(each.fitness or 0.0 for each in evaluations)
    assert found.qd_score == pytest.approx(sum(fitness - lowest for fitness in best.values()))


def test_archive_that_cannot_be_replayed_is_unavailable() -> None:
    """The map is missing if the strategy asks for other agents than the stored ones."""
    whole = experiment("elites", evolution=MapElitesConfig(kind="map-elites"))
    other = replace(whole, snapshot=replace(whole.snapshot, experiment=replace(whole.snapshot.experiment, seed=2)))
    found = analyse(other).result(elite_map.compute)
    assert isinstance(found, Unavailable)
    assert "another stored genome" in found.missing


def several() -> list[StoredExperiment]:
    small = {"generations": 3, "population": 4}
    return [
        experiment("a1", seed=1, **small),
        experiment("a2", seed=2, **small),
        experiment("b1", seed=1, evolution=MapElitesConfig(kind="map-elites"), **small),
        experiment("b2", seed=2, evolution=MapElitesConfig(kind="map-elites"), **small),
    ]


def compared(*experiments: StoredExperiment, baseline: str = "a1") -> ExperimentComparison:
    return compare([*experiments], baseline, criteria_of("reward:1,shots:-1")).comparison


def test_conditions_and_champions_are_compared() -> None:
    """Conditions with the same seeds are compared in blocks of seeds. Champions of one seed are compared.

    Without a comparison of conditions, each champion is compared with the baseline's.
    """
    found = compared(*several())
    assert [(each.number, each.label, each.experiments) for each in found.conditions] == [
        (0, "evolution = genetic", ("a1", "a2")),
        (1, "evolution = map-elites", ("b1", "b2")),
    ]
    assert isinstance(found.condition_comparison, ConditionComparison)
    (contrast,) = found.condition_comparison.contrasts
    assert (contrast.result.test, contrast.runs, contrast.common_seeds) == ("paired t test", 2, 2)
    means = {row.id: row.fitness.mean for row in found.entrants}
    wanted = (means["b1"] + means["b2"] - means["a1"] - means["a2"]) / 2
    assert contrast.result.difference.mean == pytest.approx(wanted)
    assert [(each.ours, each.theirs, each.paired) for each in found.contrasts] == [
        ("b1", "a1", True),
        ("b2", "a2", True),
    ]
    assert found.within_seeds
    alone = compared(*several()[:3])
    assert [(each.ours, each.theirs, each.paired) for each in alone.contrasts] == [
        ("a2", "a1", False),
        ("b1", "a1", True),
    ]
    assert not alone.within_seeds
    assert isinstance(found.ranking, Ranking)


def test_margin_gives_equivalence_tests() -> None:
    runs = several()
    wide = compare(runs, "a1", margin=1e6).comparison.condition_comparison
    assert isinstance(wide, ConditionComparison)
    assert wide.contrasts[0].equivalence is not None
    assert wide.contrasts[0].conclusion is Conclusion.EQUIVALENT


def test_comparison_keeps_the_interval_of_an_experiment() -> None:
    """The interval of a champion's held-out mean does not depend on the other experiments in the comparison."""
    found = compared(*several())
    for row, whole in zip(found.entrants, several(), strict=True):
        results = analyse(whole).result(held_out.table_of)
        assert results is not None
        assert row.fitness == results.rows[0].fitness


def test_any_experiment_can_be_the_baseline() -> None:
    """Another baseline reverses the signs of the differences and gives its condition the number 0."""
    found = compared(*several(), baseline="b1")
    forth = {each.ours: each for each in compared(*several()).contrasts}
    back = {each.ours: each for each in found.contrasts}
    assert back["a1"].difference.mean == pytest.approx(-forth["b1"].difference.mean)
    assert found.conditions[0].experiments == ("b1", "b2")


def test_comparison_of_conditions_needs_several_runs() -> None:
    """Conditions are compared only if there are two or more, with several runs."""
    first, second, third, _ = several()
    few = compared(first, third)
    assert few.condition_comparison == Unavailable(
        missing='"evolution = genetic" and "evolution = map-elites" have one run each'
    )
    assert all(isinstance(each.mean, Unavailable) for each in few.condition_means)
    assert few.variances == ()
    same = compared(first, second).condition_comparison
    assert same == Unavailable(missing="all experiments are runs of one condition")


def test_repeated_run_counts_once() -> None:
    """A run with the same condition and seed under another name is reported and counted once."""
    first, second, *_ = several()
    again = experiment("again", seed=1, generations=3, population=4)
    found = compared(first, second, again)
    assert found.conditions[0].experiments == ("a1", "a2")
    assert found.conditions[0].repeats == ("again",)
    assert any("again repeats a run" in remark for remark in found.remarks)


def test_number_of_held_out_episodes_does_not_change_the_condition() -> None:
    """The pairs are the common episodes."""
    first, *_ = several()
    fewer = experiment("fewer", seed=1, generations=3, population=4, holdout=HoldoutConfig(validation=4, episodes=10))
    found = compared(first, fewer)
    assert len(found.conditions) == 1
    assert (found.contrasts[0].paired, found.contrasts[0].n) == (True, 10)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fitness": "kills"}, "fitness: reward became kills"),
        ({"scenario": ScenarioConfig(name="take_cover")}, "scenario.name: defend_the_center became take_cover"),
        ({"scenario": ScenarioConfig(doom_skill=5)}, "scenario.doom_skill"),
        ({"scenario": ScenarioConfig(timeout=300)}, "scenario.timeout"),
    ],
)
def test_incomparable_experiments_are_refused(changes: dict[str, object], words: str) -> None:
    """Another scenario, skill, timeout or fitness is refused, and the error names the difference."""
    first, second, *_ = several()
    other = replace(second, config=second.config.model_copy(update=changes))
    with pytest.raises(ConfigError, match=r"a2 cannot be compared with a1") as refused:
        compared(first, other)
    assert words in str(refused.value)


def test_scenarios_with_different_wads_are_not_compared() -> None:
    """Other versions are reported but not refused."""
    first, second, *_ = several()

    def made_with(*facts: tuple[str, str]) -> StoredExperiment:
        made = replace(second.snapshot.experiment, provenance=Provenance(facts=facts))
        return replace(second, snapshot=replace(second.snapshot, experiment=made))

    with pytest.raises(ConfigError, match=r"scenario\.wad differs"):
        compared(first, made_with(("scenario.wad", "abc"), ("scripted", "1")))
    remarks = compared(first, made_with(("scripted", "2"))).remarks
    assert any("a2 was made with scripted 2, the baseline with 1" in remark for remark in remarks)


def test_moved_scenarios_are_compared() -> None:
    """Two paths of a .cfg are one scenario if the digests of its files are equal."""
    first, second, *_ = several()

    def playing(stored: StoredExperiment, name: str, digest: str) -> StoredExperiment:
        facts = Provenance(facts=(("scenario.cfg", digest), ("scripted", "1")))
        made = replace(stored.snapshot.experiment, provenance=facts)
        config = stored.config.model_copy(update={"scenario": ScenarioConfig(name=name)})
        return replace(stored, config=config, snapshot=replace(stored.snapshot, experiment=made))

    here = playing(first, "/here/s.cfg", "abc")
    assert compared(here, playing(second, "/there/s.cfg", "abc")).contrasts
    with pytest.raises(ConfigError, match=r"scenario\.name: /here/s\.cfg became .*scenario\.cfg differs"):
        compared(here, playing(second, "/there/s.cfg", "def"))


def test_different_policy_source_is_another_condition() -> None:
    """The configurations are equal."""
    first, second, *_ = several()
    facts = (("scripted", "1"), ("source.policy", "abc"))
    made = replace(second.snapshot.experiment, provenance=Provenance(facts=facts))
    found = compared(first, replace(second, snapshot=replace(second.snapshot, experiment=made)))
    assert [each.experiments for each in found.conditions] == [("a1",), ("a2",)]
    assert [each.label for each in found.conditions] == ["source code = unknown", "source code = policy abc"]


def test_comparison_reports_runs_that_ended_early() -> None:
    """A run that a limit of time ended is compared, with a note."""
    first, second, *_ = several()
    longer = replace(second, config=second.config.model_copy(update={"generations": 5}))
    remarks = compared(first, longer).remarks
    assert "a2 is completed after 3 of 5 generations: its run is shorter than its configuration" in remarks
    assert not any("a1 is" in remark for remark in remarks)


def test_comparison_reports_deviations() -> None:
    """A comparison reports a history that depended on time or chance."""
    first, second, *_ = several()
    lucky = replace(second, snapshot=replace(second.snapshot, deviations=Deviations(missed_deadlines=3)))
    assert any("a2 has 3 deviations" in remark for remark in compared(first, lucky).remarks)


def test_experiment_without_held_out_episodes_is_refused() -> None:
    """The error contains the experiment's state."""
    first, second, *_ = several()
    early = replace(second, snapshot=replace(second.snapshot, judging={}), state=ExperimentState.INTERRUPTED)
    with pytest.raises(WrongState, match="a2 is interrupted"):
        compared(first, early)


def test_unknown_baseline_and_repeated_name_are_refused() -> None:
    first, second, *_ = several()
    with pytest.raises(ConfigError, match="the baseline c9 is not one of a1, a2"):
        compared(first, second, baseline="c9")
    with pytest.raises(ConfigError, match="a1 is given twice"):
        compared(first, first)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kills", "not a weight of the criterion kills"),
        ("kills:0", "'0' is not a weight"),
        ("kills:nan", "'nan' is not a weight"),
        ("kills:inf", "'inf' is not a weight"),
        ("bravery:1", "'bravery' is not a criterion: use fitness, score, kills"),
        ("kills:1,kills:2", "given twice"),
        ("", "'' is not a criterion"),
    ],
)
def test_invalid_criteria_are_refused(text: str, words: str) -> None:
    """The error names the invalid part and the valid values."""
    with pytest.raises(ConfigError) as refused:
        criteria_of(text)
    assert words in str(refused.value)


def test_criteria_are_read_with_their_signs() -> None:
    """Blanks are ignored, and the experiment's own fitness is a criterion like the measures."""
    found = criteria_of("kills:1, damage_taken : -2,fitness:0.5")
    assert [(each.name, each.weight) for each in found] == [("kills", 1.0), ("damage_taken", -2.0), ("fitness", 0.5)]


def test_name_of_a_weighted_fitness() -> None:
    """The name lists the weights with their signs."""
    weighed = experiment().config.model_copy(update={"fitness": {"kills": 1.0, "damage_taken": -0.01}})
    found = analyse(replace(experiment(), config=weighed))
    assert found.fitness_name == "-0.01 damage_taken +1 kills"
