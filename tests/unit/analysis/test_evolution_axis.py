"""Tests of the horizontal axis of learning curves."""

from dataclasses import replace

import pytest

from clau_doom.analysis.evolution_axis import EvolutionAxis, axis_unit, totals_of
from clau_doom.domain import AgentStatus, EpisodeOutcome, Measures
from clau_doom.domain.budget import BudgetUnit
from clau_doom.errors import ConfigError
from tests.support.stored_runs import learning_run

RUN = learning_run("a", [1.0, 2.0, 3.0], tics=(900, 800, 1000))
"""Three generations of three episodes."""


@pytest.mark.parametrize(
    ("unit", "label", "places"),
    [
        (BudgetUnit.GENERATIONS, "generation", (0, 1, 2)),
        (BudgetUnit.EPISODES, "training episodes", (3, 6, 9)),
        (BudgetUnit.TICS, "tics of training episodes", (900, 1700, 2700)),
    ],
)
def test_positions_are_the_ends_of_the_generations(unit: BudgetUnit, label: str, places: tuple[int, ...]) -> None:
    """Generations have their numbers, which begin at 0."""
    axis = EvolutionAxis(unit)
    assert (axis.label, axis.places(RUN)) == (label, places)


def test_tics_that_are_not_stored_are_counted_from_the_episodes() -> None:
    """Episodes of failed agents do not count. The second generation has stored tics, 800."""
    outcome = EpisodeOutcome(seed=1, measures=Measures(tics=70.0), trajectory_sha256="0" * 64)
    first, second, third = (replace(each, outcomes=(outcome, outcome)) for each in RUN.generations[0])
    failed = replace(third, status=AgentStatus.FAILED, fitness=None)
    old = replace(
        RUN,
        generations=((first, second, failed), *RUN.generations[1:]),
        summaries=(replace(RUN.summaries[0], tics=None), *RUN.summaries[1:]),
    )
    assert totals_of(old, BudgetUnit.TICS) == (280, 1080, 2080)


def test_unit_has_a_name() -> None:
    assert axis_unit("tics") is BudgetUnit.TICS
    assert axis_unit(None) is None
    with pytest.raises(ConfigError, match="x 'seconds' is not a unit: choose generations, episodes or tics"):
        axis_unit("seconds")
