"""Tests of processor seconds, summed by purpose."""

from dataclasses import replace

import pytest

from clau_doom.domain import Purpose
from clau_doom.domain.processor_time import ProcessorTime
from tests.support.small_experiment import episode


def test_episodes_are_added_to_their_purpose() -> None:
    """An episode without a measurement is counted, and adds no time."""
    found = ProcessorTime()
    rows = [(Purpose.TRAINING, 1.5), (Purpose.HELD_OUT, 0.25), (Purpose.TRAINING, None), (Purpose.VALIDATION, 4.0)]
    for purpose, seconds in [*rows, (Purpose.TRAINING, 2.0)]:
        played = episode("lab-g000-a000", purpose=purpose).episode
        found = found.plus(replace(played, timing=replace(played.timing, processor_seconds=seconds)))
    assert found == ProcessorTime(training=3.5, validation=4.0, held_out=0.25, unmeasured=1)
    assert found.total == pytest.approx(7.75)


def test_summary_has_unmeasured_episodes_only_if_there_are_any() -> None:
    measured = ProcessorTime(training=1234.56, validation=1.0, held_out=0.04)
    assert measured.summary == "1,234.6 s training, 1.0 s validation, 0.0 s held out"
    assert replace(measured, unmeasured=2000).summary.endswith("held out; 2,000 episodes not measured")
