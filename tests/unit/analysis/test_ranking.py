"""Tests of criteria that name measures of the user."""

import pytest

from clau_doom.analysis.ranking import criteria_of, criterion_values
from clau_doom.domain import Fitness, Measures
from clau_doom.errors import ConfigError


def test_measures_of_the_user_are_criteria() -> None:
    """Values are means over the episodes, as for bundled measures."""
    criteria = criteria_of("kills:1,aim:-2", ["aim"])
    assert [(each.name, each.weight) for each in criteria] == [("kills", 1.0), ("aim", -2.0)]
    episodes = [Measures(kills=4.0, custom=(("aim", 0.5),)), Measures(kills=6.0, custom=(("aim", 0.0),))]
    assert criterion_values(criteria, Fitness.named("reward"), episodes) == (5.0, 0.25)


@pytest.mark.parametrize(
    ("text", "message"),
    [("aim:1", "'aim' is not a criterion: use fitness, score, kills"), ("kilss:1", "did you mean kills?")],
)
def test_unknown_criteria_are_refused_with_the_nearest_name(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        criteria_of(text)
    assert message in str(refused.value)
    with pytest.raises(ConfigError, match=r"'aimm' is not a criterion: did you mean aim\?"):
        criteria_of("aimm:1", ["aim"])
