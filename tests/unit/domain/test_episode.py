"""Tests of episodes and their outcomes."""

import struct
from dataclasses import replace

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
    claimed = replace(OUTCOME, measures=replace(OUTCOME.measures, **{name: 1.5}))
    found = replace(OUTCOME, measures=replace(OUTCOME.measures, **{name: 0.25}))
    message = claimed.mismatch(found)
    assert message is not None
    assert all(word in message.replace(",", "").split() for word in (name, "1.5", "0.25"))


@pytest.mark.parametrize("other", [replace(OUTCOME, seed=8), replace(OUTCOME, trajectory_sha256="cd" * 32)])
def test_equal_measures_of_another_trajectory_are_a_mismatch(other: EpisodeOutcome) -> None:
    """A different seed or trajectory is a mismatch even if all measures agree."""
    message = OUTCOME.mismatch(other)
    assert message is not None
    assert "trajectory" in message
