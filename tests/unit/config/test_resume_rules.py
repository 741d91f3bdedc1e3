"""Tests of changes of a configuration that a resume accepts."""

import pytest

from clau_doom.config import (
    SERVICE_SECTIONS,
    CmaEsConfig,
    Difference,
    ExperimentConfig,
    GeneticConfig,
    HoldoutConfig,
    ScenarioConfig,
    check_resume,
    condition_changes,
    condition_values,
    differences,
    registered_backends,
    values,
)
from clau_doom.errors import ResumeRefused

_OLD = ExperimentConfig(generations=10, population=10)


def _with(**changes: object) -> ExperimentConfig:
    return ExperimentConfig(**{**_OLD.__dict__, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"generations": 11},
        {"max_duration": 60.0},
        {"execution": {"workers": 7, "attempts": 9, "on_exhausted": "stop", "record": "all", "episode_timeout": 9}},
        {"local": {"pin": False, "stall_timeout": 99.0}},
    ],
)
def test_fields_without_effect_on_results_may_change(changes: dict[str, object]) -> None:
    """More generations, another deadline and other execution settings are accepted and reported."""
    new = _with(**changes)
    assert differences(_OLD, new)
    assert [each for each in differences(_OLD, new) if each.refusal] == []
    check_resume(_OLD, new)


def test_equal_configurations_have_no_differences() -> None:
    assert differences(_OLD, _with()) == ()
    check_resume(_OLD, _with())


def test_generations_may_not_be_lowered() -> None:
    """Fewer generations are refused, because they would discard results."""
    expected = Difference(path="generations", old="10", new="9", refusal="it may only be raised")
    assert differences(_OLD, _with(generations=9)) == (expected,)


def test_budget_may_be_raised_in_its_unit() -> None:
    """A lower budget would discard results. Another unit has no order."""
    episodes, fewer, tics = (
        ExperimentConfig.model_validate({"budget": budget})
        for budget in ({"episodes": 100}, {"episodes": 99}, {"tics": 5000})
    )
    check_resume(fewer, episodes)
    with pytest.raises(ResumeRefused, match=r"budget\.episodes: 100 became 99: it may only be raised"):
        check_resume(episodes, fewer)
    with pytest.raises(ResumeRefused, match=r"budget\.tics: null became 5000: the unit of the budget is fixed"):
        check_resume(episodes, tics)


def test_scenario_file_may_have_another_path() -> None:
    """The digests decide later. A bundled scenario and a .cfg do not replace each other."""
    here, there, bundled = (
        ExperimentConfig(scenario=ScenarioConfig(name=name)) for name in ("/here/s.cfg", "t.cfg", "basic")
    )
    check_resume(here, there)
    for old, new in ((here, bundled), (bundled, here)):
        with pytest.raises(ResumeRefused, match=r"scenario\.name: .* it affects the results"):
            check_resume(old, new)


def test_change_of_kind_is_one_difference() -> None:
    """The fields of the strategy are not listed."""
    expected = Difference(path="evolution.kind", old="genetic", new="cma-es", refusal="it affects the results")
    assert differences(_OLD, _with(evolution=CmaEsConfig())) == (expected,)


def test_refusal_lists_every_change_that_affects_results() -> None:
    """Each refused path has its old and new value. Accepted changes are omitted."""
    new = _with(
        name="other",
        seed=2,
        generations=20,
        fitness={"kills": 1.0},
        evolution=GeneticConfig(elites=1),
        holdout=HoldoutConfig(episodes=50),
    )
    with pytest.raises(ResumeRefused) as caught:
        check_resume(_OLD, new)
    assert str(caught.value) == (
        "experiment cannot be resumed with these changes since its start:\n"
        "  name: experiment became other: the name of an experiment is fixed\n"
        "  seed: 1 became 2: it affects the results\n"
        "  fitness: reward became {kills: 1.0}: it affects the results\n"
        "  evolution.elites: 2 became 1: it affects the results\n"
        "  holdout.episodes: 100 became 50: it affects the results\n"
        "undo the changes, or start an experiment with another name"
    )


def test_change_of_any_other_field_is_refused() -> None:
    """A new field of the schema is refused by default."""
    free = {"generations", "max_duration", "budget.episodes", "budget.tics", "import_paths", "trackers"}
    sections = {"execution", *SERVICE_SECTIONS, *(backend.name for backend in registered_backends())}
    free |= {name for name in values(_OLD) if name.partition(".")[0] in sections}
    changed = {
        "name": "b", "seed": 2, "population": 11, "episodes": 5, "seeds": "fixed", "fitness": "kills",
        "scenario": {"name": "basic", "frame_skip": 1, "doom_skill": 1, "timeout": 1, "resolution": "320x240"},
        "policy": {"kind": "random"}, "measures": {"aim": "sights:aim"},
        "evolution": {
            "kind": "genetic", "elites": 1, "tournament": 1, "crossover": 0.0123, "mutation": 0.0123, "sigma": 0.0123,
            "sigma_end": 0.0123, "immigrants": 2, "half_life": 1.23, "diversity": 0.0123, "shrink": True,
            "racing": {"rule": "test", "first": 2, "growth": 3.0, "keep": 0.5, "alpha": 0.0123, "audit": 0.0123},
            "start": {"agents": ["a"], "spread": 0.0123},
        },
        "holdout": {"validation": 1, "episodes": 2},
    }  # fmt: skip
    evolution = {"kind": "genetic", "mode": "steady_state", "lookahead": 3}  # without racing
    found = [*differences(_OLD, _with(**changed)), *differences(_OLD, _with(evolution=evolution))]
    assert {each.path for each in found if each.refusal} == set(values(_OLD)) - free - {"evolution.kind"}


@pytest.mark.parametrize(
    "changes",
    [{"name": "other"}, {"seed": 9}, {"execution": {"workers": 7}}, {"holdout": HoldoutConfig(episodes=7)}],
)
def test_condition_ignores_name_seed_and_execution(changes: dict[str, object]) -> None:
    """Name, seed, execution and number of held-out episodes do not change the condition."""
    assert condition_changes(_OLD, _with(**changes)) == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"generations": 5}, "generations: 10 became 5"),
        ({"holdout": HoldoutConfig(validation=7)}, "holdout.validation: 20 became 7"),
        ({"evolution": CmaEsConfig()}, "evolution.kind: genetic became cma-es"),
    ],
)
def test_differences_of_conditions_have_both_values(changes: dict[str, object], expected: str) -> None:
    """Each changed field that affects results has both values, without a reason."""
    assert [str(each) for each in condition_changes(_OLD, _with(**changes))] == [expected]


def test_values_of_a_condition_are_those_that_can_change_the_condition() -> None:
    """Name, seed, number of held-out episodes and execution are left out."""
    found = condition_values(_with(name="other", seed=9, holdout=HoldoutConfig(validation=7)))
    assert found["holdout.validation"] == "7"
    assert found["evolution.kind"] == "genetic"
    assert not {"name", "seed", "holdout.episodes", "max_duration", "execution.workers", "local.pin"} & found.keys()
