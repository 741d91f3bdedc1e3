"""Tests of the time limits of bare loops."""

from bench.bare_loops import Job


def test_time_limits_follow_the_work() -> None:
    """A bare loop is allowed 20 times the duration of the run with the same episodes, plus two minutes."""
    job = Job(folder="f", scenario="{}", policy="{}", episodes=(), cores=(0,), seconds=30.0)
    assert job.patience == 720.0
