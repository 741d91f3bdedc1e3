"""Tests of the saturation of fitness."""

import pytest

from clau_doom.analysis.saturation import KnownMaximum, Saturation, known_maximum, saturated, saturation_sentence


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([26.0] * 51 + [25.0] * 49, True),
        ([26.0] * 50 + [25.0] * 50, False),
        ([26.0] * 100, True),
        ([0.0] * 10, True),
        ([26.0] * 4, False),
        ([26.0 - 1e-12] * 3 + [26.0] * 3, True),
        ([float(value) for value in range(20)], False),
    ],
)
def test_more_than_half_of_the_values_are_the_largest(values: list[float], expected: bool) -> None:
    """Exactly half is not enough, and neither are four episodes. Rounding does not matter."""
    assert bool(saturated([("episodes", values)])) is expected


def test_largest_value_is_that_of_all_sets() -> None:
    """An agent that always has 20 is not saturated if another has 26."""
    found = saturated([("weak episodes", [20.0] * 9), ("strong episodes", [26.0] * 6 + [12.0] * 4)])
    assert found == (Saturation(episodes="strong episodes", n=10, at_largest=6, largest=26.0),)
    assert saturated([("none", [])]) == ()


def test_sentence_names_counts_and_the_known_maximum() -> None:
    """Each set has its count. Without saturation, there is no sentence."""
    found = saturated([("held-out episodes", [26.0] * 8 + [1.0]), ("validation episodes", [26.0] * 5)])
    said = saturation_sentence(found, known_maximum("defend_the_center", "kills", 2100))
    assert "26.00, in 8 of 9 held-out episodes and 5 of 5 validation episodes." in said
    assert "The maximum is 26.00, because an agent has 26 rounds of ammunition." in said
    assert "cannot distinguish strategies" in said
    assert "maximum is" not in saturation_sentence(found, None)
    assert saturation_sentence((), None) == ""


def test_maximum_of_survival_is_the_timeout() -> None:
    """Other measures and scenarios have no known maximum."""
    assert known_maximum("take_cover", "survival", 300) == KnownMaximum(
        value=300.0, reason="an episode ends after 300 tics"
    )
    assert known_maximum("take_cover", "survival", None) is None
    assert known_maximum("defend_the_line", "kills", 2100) is None
