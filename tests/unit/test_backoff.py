"""Tests of exponential backoff."""

from clau_doom.backoff import Backoff, backoff_delay


def test_delays_double_up_to_the_longest() -> None:
    """A success starts again with the shortest delay."""
    backoff = Backoff(0.25, 1.5)
    assert [backoff.next_delay() for _ in range(5)] == [0.25, 0.5, 1.0, 1.5, 1.5]
    backoff.reset()
    assert (backoff.failures, backoff.next_delay()) == (0, 0.25)


def test_many_failures_have_the_longest_delay() -> None:
    """A large number of failures does not exceed the range of a float."""
    assert backoff_delay(100_000, 0.25, 30.0) == 30.0
    assert backoff_delay(5, 0.0, 30.0) == 0.0
