"""Tests of the spread of repeated measurements."""

from bench.throughput_sample import Spread


def test_a_spread_of_nothing_is_a_dash() -> None:
    """If every measurement of a row failed, its cell is a dash."""
    assert Spread(()).text() == "-"
