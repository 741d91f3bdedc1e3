"""Tests of MAP-Elites and its descriptors."""

import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clau_doom.config import DescriptorConfig, MapElitesConfig
from clau_doom.domain import AgentRef, Gene, GenomeSpace, Measures
from clau_doom.evolution import DESCRIPTORS, MapElites, Result, describe_behaviour

SPACE = GenomeSpace(tuple(Gene.real(f"x{index}", 0, 1) for index in range(3)))
ACCURACY = MapElitesConfig(descriptors=(DescriptorConfig(measure="accuracy", low=0.2, high=0.8, cells=3),))


def hitting(fitness: float, accuracy: float) -> Result:
    return Result(fitness, Measures(shots=1_000.0, hits=1_000.0 * accuracy))


def test_archive_keeps_the_best_of_each_cell() -> None:
    """Agents compete within their cell. Values outside the axis count into the outer cells."""
    strategy = MapElites(ACCURACY, SPACE, 6, 1)
    asked = strategy.ask()
    strategy.tell(
        [hitting(1.0, 0.0), hitting(5.0, 0.5), hitting(3.0, 0.3), hitting(4.0, 0.55), Result(None), hitting(-1.0, 1.0)]
    )
    assert [(elite.cell, elite.fitness, elite.ref) for elite in strategy.archive] == [
        ((0,), 3.0, AgentRef(0, 2)),
        ((1,), 5.0, AgentRef(0, 1)),
        ((2,), -1.0, AgentRef(0, 5)),
    ]
    assert [elite.genome for elite in strategy.archive] == [asked[index].genome for index in (2, 1, 5)]
    assert strategy.archive[1].behaviour == (0.5,)


def test_parents_come_from_all_cells() -> None:
    """A poor agent of a rare cell is varied as often as the best agent."""
    strategy = MapElites(ACCURACY, SPACE, 300, 1)
    strategy.ask()
    strategy.tell([hitting(100.0, 0.5)] + [hitting(0.0, 0.0)] * 298 + [hitting(-100.0, 1.0)])
    asked = strategy.ask()
    firsts = [offspring.parents[0].index for offspring in asked]
    assert all(70 < firsts.count(index) < 130 for index in (0, 1, 299))
    assert {offspring.operator for offspring in asked} == {"mutation", "line+mutation"}


def test_equal_agent_does_not_replace_an_elite() -> None:
    """The first of equal agents stays in its cell."""
    strategy = MapElites(ACCURACY, SPACE, 2, 1)
    for _ in range(3):
        strategy.ask()
        strategy.tell([hitting(1.0, 0.5), hitting(1.0, 0.5)])
    assert [elite.ref for elite in strategy.archive] == [AgentRef(0, 0)]


@pytest.mark.parametrize(
    ("name", "measures", "expected"),
    [
        ("aggression", Measures(shots=10.0, decisions=100.0), 0.5),
        ("aggression", Measures(), 0.0),
        ("movement", Measures(distance=800.0, tics=200.0), 0.5),
        ("movement", Measures(distance=800.0), 0.0),
        ("survival", Measures(tics=2100.0), 2.0 / 3.0),
        ("accuracy", Measures(shots=4.0, hits=3.0), 0.75),
        ("accuracy", Measures(shots=1.0, hits=7.0), 1.0),
        ("accuracy", Measures(hits=7.0), 0.0),
        ("items", Measures(items=5.0), 0.5),
        ("kills", Measures(kills=30.0), 0.75),
        ("health", Measures(health=40.0), 0.4),
        ("health", Measures(health=-20.0), 0.0),
        ("health", Measures(health=200.0), 1.0),
    ],
)
def test_descriptors_follow_their_formulas(name: str, measures: Measures, expected: float) -> None:
    assert describe_behaviour(name, measures) == pytest.approx(expected)


@given(
    st.sampled_from(sorted(DESCRIPTORS)),
    st.builds(Measures, **{field.name: st.floats(allow_nan=False) for field in fields(Measures)}),
)
def test_descriptors_are_between_0_and_1(name: str, measures: Measures) -> None:
    """This holds for any measures."""
    value = describe_behaviour(name, measures)
    assert math.isfinite(value)
    assert 0.0 <= value <= 1.0
