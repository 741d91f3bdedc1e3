"""Tests of the time limits of bare loops."""

from bench.bare_loops import Job


def test_time_limit_depends_on_the_duration_of_the_run() -> None:
    """A bare loop is allowed 20 times the duration of the run with the same episodes, plus two minutes."""
    job = Job(folder="f", scenario="{}", policy="{}", episodes=(), cores=(0,), seconds=30.0)
    assert job.patience == 720.0
