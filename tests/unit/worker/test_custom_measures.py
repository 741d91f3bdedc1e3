"""Tests of the user's measures in a worker, on a scripted engine."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clau_doom as cd
from clau_doom.config import RandomPolicyConfig
from clau_doom.domain import Genome, Measures
from clau_doom.domain.measure_declaration import MeasureDeclaration
from clau_doom.errors import ConfigError, MeasureFailed
from clau_doom.policies import make_policy
from clau_doom.ports import Needs
from clau_doom.ports.measure import EpisodeRecord, MeasureFunction, declaration_of_measure
from clau_doom.testing import ScriptedEngine
from clau_doom.worker import ProgressPage, play
from clau_doom.worker.custom_measures import CustomMeasure, load_measures, measure_facts

SOURCE = """
import clau_doom as cd

@cd.measure(low=0, integer=True)
def attacks(episode):
    return int(episode.button("ATTACK").sum())

def held(episode):
    return episode.held.sum()
"""


def own(function: MeasureFunction, declaration: MeasureDeclaration = MeasureDeclaration()) -> CustomMeasure:  # noqa: B008 - immutable
    return CustomMeasure(name="own", function=function, declaration=declaration, digest="0" * 64)


def played(tmp_path: Path, *measures: CustomMeasure) -> Measures:
    """Play an episode of the random policy, and return its measures."""
    engine = ScriptedEngine()
    engine.start(Needs(), record=False)
    policy = make_policy(RandomPolicyConfig(), engine.facts)
    with ProgressPage(tmp_path / "phase", create=True) as page:
        return play(engine, policy, Genome(()), 7, page, measures=measures).outcome.measures


def test_measure_gets_the_whole_record(tmp_path: Path) -> None:
    """The arrays agree with the bundled measures and cannot be changed."""
    records: list[EpisodeRecord] = []

    def keep(record: EpisodeRecord) -> float:
        records.append(record)
        return 0.5

    measures = played(tmp_path, own(keep))
    (record,) = records
    decisions = int(measures.decisions)
    assert measures.custom == (("own", 0.5),)
    assert record.measures.named() == {name: value for name, value in measures.named().items() if name != "own"}
    assert record.variables.shape == (decisions + 1, len(record.scenario.variables))
    assert record.buttons.shape == (decisions, len(record.scenario.buttons))
    assert record.held.shape == (decisions,)
    assert record.variable("KILLCOUNT")[-1] == measures.kills
    for values in (record.variables, record.buttons, record.held):
        assert not values.flags.writeable
    with pytest.raises(KeyError, match="the scenario has no variable 'MANA'"):
        record.variable("MANA")


def test_numpy_scalar_is_a_value(tmp_path: Path) -> None:
    def quarter(_: EpisodeRecord) -> Any:
        return np.float32(0.25)

    assert played(tmp_path, own(quarter)).value("own") == 0.25


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda _: 1 / 0, r"measure own raised ZeroDivisionError \(test_custom_measures.py, line \d+\)"),
        (lambda _: sys.exit(3), "measure own raised SystemExit"),
        (lambda _: math.nan, "measure own is nan, which is not a finite number"),
        (lambda _: 2.0, "measure own is 2, which is outside of its declared range, 0 to 1"),
        (lambda _: None, "measure own is None"),
    ],
)
def test_failure_names_the_measure(function: MeasureFunction, problem: str, tmp_path: Path) -> None:
    with pytest.raises(MeasureFailed, match=problem):
        played(tmp_path, own(function, MeasureDeclaration(low=0.0, high=1.0)))


def test_measures_are_imported_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are sorted, and the digest of their module is a fact."""
    (tmp_path / "own_measures_a.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    found = load_measures({"late": "own_measures_a:held", "early": "own_measures_a:attacks"})
    assert [each.name for each in found] == ["early", "late"]
    assert found[0].declaration == MeasureDeclaration(low=0.0, integer=True)
    assert found[1].declaration == MeasureDeclaration()
    facts = measure_facts(found)
    assert facts.keys() == {"source.measures.early", "source.measures.late"}
    assert len(facts["source.measures.early"]) == 64


def test_missing_function_is_described() -> None:
    with pytest.raises(ConfigError, match=r"measures\.aim 'math:nothing': 'math' has no function 'nothing'"):
        load_measures({"aim": "math:nothing"})


def test_decorator_refuses_an_empty_range() -> None:
    with pytest.raises(ConfigError, match="low must be below high"):
        cd.measure(low=1.0, high=1.0)
    assert declaration_of_measure(cd.measure(high=2.0)(lambda _: 1.0)).high == 2.0
