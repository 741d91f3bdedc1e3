"""Tests of the grouping of experiments into conditions."""

from dataclasses import replace
from typing import Any

import pytest

from clau_doom.analysis.conditions import find_conditions
from clau_doom.config import (
    CmaEsConfig,
    ExecutionConfig,
    ExperimentConfig,
    GeneticConfig,
    HoldoutConfig,
    MapElitesConfig,
    ScenarioConfig,
)
from clau_doom.domain.experiment import Provenance
from clau_doom.ports import StoredExperiment
from tests.support.stored_runs import learning_run


def run(name: str, seed: int, facts: tuple[tuple[str, str], ...] = (), **changes: object) -> StoredExperiment:
    snapshot = learning_run(name, [1.0, 2.0], seed=seed)
    made = replace(snapshot.experiment, provenance=Provenance(facts=facts))
    config = ExperimentConfig(name=name, seed=seed).model_copy(update=changes)
    return StoredExperiment(
        snapshot=replace(snapshot, experiment=made), config=config, state=snapshot.state, last_activity=0.0
    )


def mutated(rate: float) -> GeneticConfig:
    return GeneticConfig(kind="genetic", mutation=rate)


def labels(*runs: StoredExperiment) -> list[str]:
    return [each.label for each in find_conditions(runs, runs[0].snapshot.experiment.id)]


def test_name_seed_execution_and_held_out_episodes_do_not_make_conditions() -> None:
    runs = [
        run("a", 1),
        run("b", 2, execution=ExecutionConfig(workers=7)),
        run("c", 3, holdout=HoldoutConfig(episodes=7)),
        run("d", 4, max_duration=60.0),
    ]
    (only,) = find_conditions(runs, "a")
    assert (only.number, only.label, only.settings) == (0, "the only condition", {})
    assert (only.experiments, only.seeds, only.repeats) == (("a", "b", "c", "d"), (1, 2, 3, 4), ())


def test_moved_scenario_is_no_condition() -> None:
    """Compared experiments have files with equal digests, so that two paths are one scenario."""
    moved = [run(name, 1, scenario=ScenarioConfig(name=f"/{name}/s.cfg")) for name in ("here", "there")]
    assert len(find_conditions(moved, "here")) == 1


def test_labels_have_the_fields_that_differ() -> None:
    first, second = run("a", 1, evolution=mutated(0.1)), run("b", 1, evolution=mutated(0.2))
    assert labels(first, second) == ["mutation = 0.1", "mutation = 0.2"]
    larger = run("c", 1, evolution=mutated(0.2), population=8)
    assert labels(second, larger) == [f"population = {second.config.population}", "population = 8"]


def test_kind_of_a_section_has_the_name_of_the_section() -> None:
    """A field of one kind only is shown where two conditions of this kind differ in it."""
    found = labels(
        run("a", 1, evolution=mutated(0.1)),
        run("b", 1, evolution=MapElitesConfig(kind="map-elites")),
        run("c", 1, evolution=CmaEsConfig(sigma=0.2)),
        run("d", 1, evolution=CmaEsConfig(sigma=0.3)),
    )
    assert found[1] == "evolution = map-elites"
    assert found[2:] == ["evolution = cma-es, sigma = 0.2", "evolution = cma-es, sigma = 0.3"]


def test_settings_have_full_paths() -> None:
    found = find_conditions([run("a", 1, evolution=mutated(0.1)), run("b", 1, evolution=mutated(0.2))], "a")
    assert [each.settings for each in found] == [{"evolution.mutation": "0.1"}, {"evolution.mutation": "0.2"}]


def test_many_fields_are_shortened_to_unique_labels() -> None:
    """Three fields are named; equal labels get the number of the condition."""
    base: dict[str, Any] = {"population": 8, "episodes": 5, "generations": 7}
    found = labels(
        run("a", 1),
        run("b", 1, **base, evolution=mutated(0.2)),
        run("c", 1, **base, evolution=mutated(0.3)),
    )
    assert found[1].endswith(" and 1 more (condition 1)")
    assert found[2].endswith(" and 1 more (condition 2)")
    assert found[0].endswith(" and 1 more")


def test_baseline_is_the_first_condition() -> None:
    """Runs keep their order, and another baseline changes the numbers only."""
    runs = [run("a", 1), run("b", 1, population=8), run("c", 2, population=8), run("d", 2)]
    assert [each.experiments for each in find_conditions(runs, "c")] == [("b", "c"), ("a", "d")]


def test_repeated_seed_counts_once() -> None:
    (only,) = find_conditions([run("a", 1), run("b", 2), run("again", 1)], "a")
    assert (only.experiments, only.repeats) == (("a", "b"), ("again",))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((("source.policy", "abcdef0123"),), ["source code = unknown", "source code = policy abcdef01"]),
        ((("scripted", "2"),), ["the only condition"]),
    ],
)
def test_source_code_makes_a_condition(facts: tuple[tuple[str, str], ...], expected: list[str]) -> None:
    """Digests of source code differ between conditions, versions do not."""
    assert labels(run("a", 1), run("b", 2, facts)) == expected
