"""Tests of the spread of repeated measurements."""

from bench.throughput_sample import Spread


def test_spread_without_measurements_is_a_dash() -> None:
    """If every measurement of a row failed, its cell is a dash."""
    assert Spread(()).text() == "-"
