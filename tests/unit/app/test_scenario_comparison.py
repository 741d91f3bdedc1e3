"""Comparison of stored experiments over several scenarios."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from clau_doom.analysis.document_json import document_json
from clau_doom.analysis.scenario_document import scenario_document
from clau_doom.app.scenario_comparison import compare_over_scenarios, has_several_scenarios
from clau_doom.config import ExperimentConfig, ScenarioConfig
from clau_doom.domain.experiment import Provenance
from clau_doom.errors import ConfigError, WrongState
from clau_doom.ports import StoredExperiment
from tests.support.stored_runs import snapshot_of

SCENARIOS = ("basic", "take_cover")


def stored(
    name: str,
    scenario: str,
    *,
    population: int = 8,
    seed: int = 1,
    champion: Sequence[float] = (1.0, 3.0),
    **config: object,
) -> StoredExperiment:
    """Return an experiment whose random play has a mean reward of 0.5."""
    snapshot = snapshot_of(name, [[[1.0]]], {}, seed=seed, champion=champion, random=(0.0, 1.0))
    given = {"scenario": ScenarioConfig(name=scenario), "fitness": "reward"} | config
    made = ExperimentConfig.model_validate(
        {"name": name, "seed": seed, "population": population, "generations": 1} | given
    )
    return StoredExperiment(snapshot=snapshot, config=made, state=snapshot.state, last_activity=0.0)


def two_by_two() -> list[StoredExperiment]:
    """Return two runs of two conditions on two scenarios; the larger population is better on both."""
    rewards = {(8, "basic"): 2.0, (16, "basic"): 4.5, (8, "take_cover"): 1.5, (16, "take_cover"): 2.5}
    return [
        stored(
            f"{scenario}-{population}-{seed}", scenario, population=population, seed=seed, champion=(mean - 1, mean + 1)
        )
        for (population, scenario), mean in rewards.items()
        for seed in (1, 2)
    ]


def test_scores_are_between_random_play_and_the_best_mean() -> None:
    """By hand: random play is 0.5; 2.0 and 4.5 become 1.5 / 4 and 1 on basic, 1.5 and 2.5 become 1 / 2 and 1."""
    found = compare_over_scenarios(two_by_two(), "basic-8-1")
    assert [condition.label for condition in found.conditions] == ["population = 8", "population = 16"]
    assert [(each.scenario, each.random, each.best) for each in found.scales] == [
        ("basic", 0.5, 4.5),
        ("take_cover", 0.5, 2.5),
    ]
    assert {each.condition for each in found.scales} == {"population = 16"}
    scores = found.comparison.scores
    assert scores.tasks == SCENARIOS
    assert scores.runs == (((0.375, 0.375), (0.5, 0.5)), ((1.0, 1.0), (1.0, 1.0)))
    assert found.conditions[1].experiments == ("basic-16-1", "basic-16-2", "take_cover-16-1", "take_cover-16-2")
    assert found.conditions[1].repeats == ()


def test_a_repeated_run_counts_once() -> None:
    """The second run of a condition, scenario and seed is left out."""
    again = stored("again", "basic", champion=(9.0, 9.0))
    found = compare_over_scenarios([*two_by_two(), again], "basic-8-1")
    assert found.conditions[0].repeats == ("again",)
    assert len(found.comparison.scores.runs[0][0]) == 2


def test_the_baseline_is_the_control_on_request() -> None:
    """Its condition is the first."""
    found = compare_over_scenarios(two_by_two(), "basic-16-1", control=True, margin=0.1)
    assert (found.comparison.control, found.comparison.margin) == ("population = 16", 0.1)
    (pair,) = found.comparison.pairs
    assert (pair.first, pair.second, pair.improvement.value) == ("population = 8", "population = 16", 0.0)


def test_the_document_has_one_section_for_terminal_html_and_json() -> None:
    """Few scenarios are named as such, and the scale is described."""
    document = scenario_document(compare_over_scenarios(two_by_two(), "basic-8-1"))
    (section,) = document.sections
    assert section.name == "scenarios"
    texts = " ".join(str(block) for block in section.blocks)
    assert "2 scenarios: below 10 scenarios, Friedman's and Nemenyi's tests have little power." in texts
    assert "In each scenario, random play is 0 and the best condition's mean is 1." in texts
    found = document_json(document)
    assert found["baseline"] == "basic-8-1"
    assert {"conditions", "runs", "scales", "scenarios"} <= found.keys()


def test_a_scenario_has_its_own_fitness_and_settings() -> None:
    """By hand: twice the reward of random play is 1.0, and of the best run 5.0."""
    theirs = [
        stored(f"t{population}", "take_cover", population=population, champion=(mean, mean), fitness={"reward": 2.0})
        for population, mean in ((8, 1.5), (16, 2.5))
    ]
    (_, scale) = compare_over_scenarios([*two_by_two()[:4], *theirs], "basic-8-1").scales
    assert (scale.fitness, scale.random, scale.best) == ("+2 reward", 1.0, 5.0)
    skilled = ScenarioConfig(name="basic", doom_skill=5)
    other = stored("other", "basic", population=16)
    other = replace(other, config=other.config.model_copy(update={"scenario": skilled}))
    with pytest.raises(ConfigError, match=r"their scenario basic differs \(scenario\.doom_skill: .*\): compare"):
        compare_over_scenarios([*two_by_two(), other], "basic-8-1")


def test_a_scenario_in_which_random_play_is_best_has_no_scale() -> None:
    """The stored runs have no kills."""
    theirs = [stored(f"t{population}", "take_cover", population=population, fitness="kills") for population in (8, 16)]
    with pytest.raises(ConfigError, match="in take_cover no condition is better than random play"):
        compare_over_scenarios([*two_by_two()[:4], *theirs], "basic-8-1")


def test_incomplete_comparisons_are_refused() -> None:
    """The message names the condition, the scenario and the remedy."""
    runs = two_by_two()
    with pytest.raises(ConfigError, match="the condition population = 16 has no run of take_cover"):
        compare_over_scenarios(runs[:6], "basic-8-1")
    with pytest.raises(ConfigError, match="1 of 2 to 20 conditions"):
        compare_over_scenarios([runs[0], runs[4]], "basic-8-1")
    with pytest.raises(ConfigError, match="basic-8-1 is given twice"):
        compare_over_scenarios([runs[0], *runs], "basic-8-1")
    judged = {key: played for key, played in runs[0].snapshot.judging.items() if not key[1].endswith("random")}
    unjudged = replace(runs[0], snapshot=replace(runs[0].snapshot, judging=judged))
    with pytest.raises(WrongState, match="basic-8-1 is completed and lacks held-out episodes"):
        compare_over_scenarios([unjudged, *runs[1:]], "basic-8-1")


def test_other_versions_are_remarks_and_other_scenario_files_are_not() -> None:
    """Files of scenarios differ between scenarios."""
    runs = two_by_two()

    def made_with(each: StoredExperiment, *facts: tuple[str, str]) -> StoredExperiment:
        made = replace(each.snapshot.experiment, provenance=Provenance(facts=facts))
        return replace(each, snapshot=replace(each.snapshot, experiment=made))

    digests = [made_with(each, ("scenario.wad", each.config.scenario.name), ("version", "1")) for each in runs]
    assert compare_over_scenarios(digests, "basic-8-1").remarks == ()
    other = made_with(runs[-1], ("scenario.wad", "take_cover"), ("version", "2"))
    (remark,) = compare_over_scenarios([*digests[:-1], other], "basic-8-1").remarks
    assert remark == "take_cover-16-2 was made with version 2, the baseline with 1"


def test_scenarios_are_told_apart_by_name_and_by_files() -> None:
    """Two paths of a .cfg with equal files are one scenario."""

    def of_files(name: str, path: str, digest: str) -> StoredExperiment:
        each = stored(name, path)
        made = replace(each.snapshot.experiment, provenance=Provenance(facts=(("scenario.cfg", digest),)))
        return replace(each, snapshot=replace(each.snapshot, experiment=made))

    here, there = of_files("a", "/here/s.cfg", "abc"), of_files("b", "/there/s.cfg", "abc")
    assert not has_several_scenarios([here, there])
    assert has_several_scenarios([here, of_files("c", "/there/s.cfg", "def")])
    assert has_several_scenarios(two_by_two())
    assert not has_several_scenarios(two_by_two()[:4])
    with pytest.raises(ConfigError, match="two scenarios are named s and have different files"):
        compare_over_scenarios([here, of_files("c", "/there/s.cfg", "def")], "a")
