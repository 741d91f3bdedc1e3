"""Tests of means and estimates as text."""

from clau_doom.statistics.interval_format import interval, percent_interval
from clau_doom.statistics.intervals import Interval
from clau_doom.statistics.rliable_aggregates import Estimate


def test_intervals() -> None:
    """A mean is followed by its interval in brackets, if it has one."""
    assert interval(Interval(mean=2.0, low=1.0, high=3.5, n=9)) == "2.0 [1.0, 3.5]"
    assert interval(Interval(mean=2.0, low=None, high=None, n=1)) == "2.00"
    assert interval(None) == "-"


def test_estimates() -> None:
    """An estimate has the format of a mean, and a share of 1 is in percent."""
    found = Estimate(value=0.65, low=0.5, high=0.8, n=9)
    assert (interval(found), percent_interval(found)) == ("0.65 [0.50, 0.80]", "65 % [50, 80]")
    alone = Estimate(value=0.65, low=None, high=None, n=1)
    assert (interval(alone), percent_interval(alone)) == ("0.650", "65 %")
