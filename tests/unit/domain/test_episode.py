"""Tests of episodes and their outcomes."""

import math
import struct
from dataclasses import replace
from typing import Any

import pytest

from clau_doom.domain import EpisodeOutcome, Measures
from clau_doom.domain.fitness import MEASURES

OUTCOME = EpisodeOutcome(seed=7, measures=Measures(kills=2.0), trajectory_sha256="ab" * 32)


def test_fingerprint_is_seed_and_trajectory_hash() -> None:
    """Eight bytes of the seed, little-endian, and 32 bytes of the trajectory hash."""
    assert OUTCOME.fingerprint() == struct.pack("<Q", 7) + b"\xab" * 32


def test_equal_outcomes_have_no_mismatch() -> None:
    assert OUTCOME.mismatch(replace(OUTCOME)) is None


@pytest.mark.parametrize("name", MEASURES)
def test_mismatch_names_the_measure_and_both_values(name: str) -> None:
    """The message has the claimed and the found value."""
    high, low = dict[str, Any]({name: 1.5}), dict[str, Any]({name: 0.25})
    claimed = replace(OUTCOME, measures=replace(OUTCOME.measures, **high))
    found = replace(OUTCOME, measures=replace(OUTCOME.measures, **low))
    message = claimed.mismatch(found)
    assert message is not None
    assert all(word in message.replace(",", "").split() for word in (name, "1.5", "0.25"))


@pytest.mark.parametrize("other", [replace(OUTCOME, seed=8), replace(OUTCOME, trajectory_sha256="cd" * 32)])
def test_equal_measures_of_another_trajectory_are_a_mismatch(other: EpisodeOutcome) -> None:
    """A different seed or trajectory is a mismatch even if all measures agree."""
    message = OUTCOME.mismatch(other)
    assert message is not None
    assert "trajectory" in message


def test_mismatch_names_a_measure_of_the_user() -> None:
    claimed = replace(OUTCOME, measures=replace(OUTCOME.measures, custom=(("aim", 0.5),)))
    found = replace(OUTCOME, measures=replace(OUTCOME.measures, custom=(("aim", 0.25),)))
    assert claimed.mismatch(found) == "it reports aim 0.5, but its actions give 0.25"
    assert claimed.mismatch(OUTCOME) == "it reports aim 0.5, but its actions give nan"


def test_measures_are_found_by_name() -> None:
    measures = Measures(kills=2.0, custom=(("aim", 0.5),))
    assert (measures.value("kills"), measures.value("aim")) == (2.0, 0.5)
    assert list(measures.named()) == [*MEASURES, "aim"]
    with pytest.raises(KeyError):
        Measures().value("aim")


@pytest.mark.parametrize(
    ("here", "there", "first"),
    [((), (("aim", 0.5),), ("aim", math.nan, 0.5)), ((("aim", 0.5),), (), ("aim", 0.5, math.nan))],
)
def test_a_missing_measure_differs_and_reads_nan(
    here: tuple[tuple[str, float], ...], there: tuple[tuple[str, float], ...], first: tuple[str, float, float]
) -> None:
    found = Measures(custom=here).first_difference(Measures(custom=there))
    assert found == pytest.approx(first, nan_ok=True)
