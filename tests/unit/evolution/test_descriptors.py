"""Tests of behaviour descriptors at the limits of their range."""

import math

import pytest

from clau_doom.domain import Measures
from clau_doom.evolution import describe_behaviour


@pytest.mark.parametrize(("amount", "expected"), [(math.inf, 1.0), (-math.inf, 0.0), (-1.0, 0.0), (0.0, 0.0)])
def test_unbounded_measure_is_mapped_to_0_and_1_at_its_limits(amount: float, expected: float) -> None:
    """Infinity is 1 and not NaN. Negative amounts are 0."""
    assert describe_behaviour("kills", Measures(kills=amount)) == expected


def test_a_measure_of_the_user_is_its_own_descriptor() -> None:
    """The value keeps its unit."""
    assert describe_behaviour("aim", Measures(kills=3.0, custom=(("aim", 7.5),))) == 7.5
