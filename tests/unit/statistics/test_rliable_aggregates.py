"""Estimates by rliable's conventions."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clau_doom.domain import generator
from clau_doom.statistics.rliable_aggregates import (
    Aggregates,
    Estimate,
    aggregate,
    optimality_gap,
    performance_profile,
    probabilities_of_improvement,
    thresholds_over,
)

scores = st.lists(st.integers(-50, 50).map(float), min_size=10, max_size=20).filter(lambda row: len({*row}) > 1)


def probability_of_improvement(
    ours: list[list[float]], theirs: list[list[float]], rng: np.random.Generator
) -> Estimate:
    (found,) = probabilities_of_improvement([ours, theirs], [(0, 1)], rng)
    return found


def estimates(*strata: list[float]) -> Aggregates:
    return aggregate(strata, generator(1, "test"))


def test_the_middle_half_is_what_is_left_of_a_quarter_at_each_end() -> None:
    """Of 1 to 8, the mean of 3 to 6; of nine values a quarter is two, as scipy's trim_mean cuts (rliable uses it)."""
    assert estimates([8.0, 1.0, 7.0, 2.0, 6.0, 3.0, 5.0, 4.0]).iqm.value == 4.5
    assert estimates([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 80.0, 900.0]).iqm.value == 5.0
    assert estimates([1.0, 2.0, 30.0]).iqm.value == 11.0


def test_mean_and_median_are_over_the_means_of_strata() -> None:
    """Agarwal et al. 2021, section 4: three tasks with means 1, 2 and 9 have mean 4 and median 2, however many runs."""
    found = estimates([0.0, 2.0], [2.0, 2.0, 2.0, 2.0], [8.0, 10.0])
    assert (found.mean.value, found.median.value, found.mean.n) == (4.0, 2.0, 8)
    assert found.iqm.value == 2.0


def test_a_single_stratum_has_the_median_of_its_scores() -> None:
    """The median of one mean would be that mean."""
    assert estimates([1.0, 2.0, 9.0]).median.value == 2.0


def test_each_stratum_is_resampled_by_itself() -> None:
    """The distance between strata does not widen the interval of their mean."""
    near = [0.0, 1.0] * 5
    found = estimates(near, [1.0] * 5).mean
    distant = estimates(near, [1000.0] * 5).mean
    assert found.low is not None
    assert distant.low is not None
    assert distant.value - distant.low == pytest.approx(found.value - found.low)


def test_the_percentile_interval_of_a_mean_is_the_normal_one_for_many_scores() -> None:
    """For 400 scores of standard deviation 1 the interval reaches 1.96 / 20 to each side, but for its own noise."""
    values = np.tile([-1.0, 1.0], 200).tolist()
    found = estimates(values).mean
    assert found.low == pytest.approx(-0.098, abs=0.008)
    assert found.high == pytest.approx(0.098, abs=0.008)


@pytest.mark.parametrize(
    ("strata", "reason"),
    [
        ([[3.0], [5.0]], "2 of at least 10 values"),
        ([[26.0] * 9], "9 of at least 10 values"),
        ([[1.0] * 10, [2.0] * 9], "all values are equal"),
    ],
)
def test_few_or_equal_scores_have_no_interval(strata: list[list[float]], reason: str) -> None:
    """The percentile bootstrap of a few scores is too narrow, and equal scores give an interval without width."""
    found = estimates(*strata)
    assert {each.reason for each in (found.mean, found.median, found.iqm)} == {reason}
    assert found.iqm.low is None


def test_middle_of_scores_at_their_limit_has_no_interval() -> None:
    """Of 100 episodes, 90 reach 26: all resamples have the same median and interquartile mean, and the mean differs."""
    found = estimates([26.0] * 90 + [20.0] * 10)
    assert (found.iqm.value, found.iqm.low, found.iqm.reason) == (26.0, None, "the resamples do not differ")
    assert found.median.reason == "the resamples do not differ"
    assert found.mean.low is not None


def test_probability_of_improvement_counts_pairs() -> None:
    """Of the four pairs of (3, 1) and (2, 1), two are won, one is tied, one is lost: (2 + 1/2) / 4."""
    found = probability_of_improvement([[3.0, 1.0]], [[2.0, 1.0]], generator(1, "test"))
    assert found.value == 0.625


def test_probability_of_improvement_is_averaged_over_strata() -> None:
    """Always better in one task and never in the other is a half."""
    better, worse = [5.0, 6.0, 7.0, 8.0, 9.0], [0.0, 1.0, 2.0, 3.0, 4.0]
    found = probability_of_improvement([better, worse], [worse, better], generator(1, "test"))
    assert (found.value, found.low, found.reason) == (0.5, None, "the resamples do not differ")


def test_strata_must_match() -> None:
    """One task cannot be compared with two, nor nothing with anything."""
    with pytest.raises(ValueError, match=r"scores in \[1, 2\] strata cannot be compared"):
        probability_of_improvement([[1.0]], [[1.0], [2.0]], generator(1, "test"))
    with pytest.raises(ValueError, match="no scores"):
        aggregate([[1.0], []], generator(1, "test"))


def test_a_profile_is_the_share_of_scores_above_each_threshold() -> None:
    """A score at the threshold is not above it."""
    found = performance_profile([[1.0, 2.0], [2.0, 4.0]], [0.0, 1.0, 2.0, 4.0], generator(1, "test"))
    assert found.above == (1.0, 0.75, 0.25, 0.0)
    assert (found.low[0], found.high[0], found.n) == (1.0, 1.0, 4)
    # The second task's two scores are above 1 in every resample; the first's are in none, half, or all of them.
    assert (found.low[1], found.high[1]) == (0.5, 1.0)


def test_thresholds_span_the_scores() -> None:
    """From the lowest to the highest; equal scores have a span of 1."""
    found = thresholds_over([3.0, 1.0, 2.0])
    assert (found[0], found[-1], len(found)) == (1.0, 3.0, 101)
    assert thresholds_over([2.0, 2.0])[-1] == 3.0


@settings(max_examples=25, deadline=None)
@given(scores, st.integers(1, 9), st.integers(-9, 9))
def test_estimates_follow_scale_and_shift(values: list[float], scale: int, shift: int) -> None:
    """Scores in other units have the same estimates and intervals in those units, and order does not matter."""
    before = estimates(values)
    after = estimates([scale * value + shift for value in values])
    for name in ("mean", "median", "iqm"):
        old, new = getattr(before, name), getattr(after, name)
        assert new.value == pytest.approx(scale * old.value + shift)
        assert (new.low is None) is (old.low is None)
        if old.low is not None and old.high is not None:
            assert new.low == pytest.approx(scale * old.low + shift)
            assert old.low - 1e-9 <= old.value <= old.high + 1e-9
    assert estimates(sorted(values)).iqm.value == pytest.approx(before.iqm.value)


@settings(max_examples=25, deadline=None)
@given(scores, scores)
def test_improvement_has_two_sides(ours: list[float], theirs: list[float]) -> None:
    """What one is more probably better in, the other is less; the rank alone decides."""
    one = probability_of_improvement([ours], [theirs], generator(1, "test")).value
    other = probability_of_improvement([theirs], [ours], generator(1, "test")).value
    cubed = probability_of_improvement([[v**3 for v in ours]], [[v**3 for v in theirs]], generator(1, "test")).value
    assert one + other == pytest.approx(1.0)
    assert cubed == pytest.approx(one)
    assert 0.0 <= one <= 1.0


def test_the_optimality_gap_caps_scores_at_the_threshold() -> None:
    """By hand: scores 0.2, 0.6 and 5 fall short of 1 by 0.8, 0.4 and 0; of 2 by 1.8, 1.4 and 0."""
    assert optimality_gap([[0.2, 0.6, 5.0]], generator(1, "test")).value == pytest.approx(0.4)
    assert optimality_gap([[0.2, 0.6, 5.0]], generator(1, "test"), threshold=2.0).value == pytest.approx(3.2 / 3)


def test_few_scores_of_a_stratum_have_no_interval() -> None:
    """Three runs of each of four tasks are 12 scores, too few within a task."""
    found = estimates(*[[0.0, 1.0, float(task)] for task in range(2, 6)])
    assert (found.iqm.low, found.iqm.reason) == (None, "3 of at least 5 values in a stratum")


def test_the_median_over_strata_has_no_interval() -> None:
    """It is biased, as Agarwal et al. show; that of one stratum is not."""
    found = estimates([0.0, 1.0, 2.0, 3.0, 5.0], [1.0, 2.0, 3.0, 4.0, 6.0])
    assert (found.median.low, found.median.reason) == (None, "a median over strata is biased for few scores")
    assert found.mean.low is not None


class TestPublishedTable:
    """Runs of two agents on the 26 games of Atari 100k, normalised between random play and human players."""

    @pytest.mark.parametrize(
        ("method", "expected", "superhuman"),
        [("TWM", (0.956, 0.505, 0.459, 0.513), 8), ("DIAMOND", (1.459, 0.373, 0.641, 0.480), 11)],
    )
    def test_aggregates(self, method: str, expected: tuple[float, ...], superhuman: int) -> None:
        """Mean, IQM and games above 1: Alonso et al., NeurIPS 2024, table 1. TWM's median: Robine et al., ICLR 2023,
        table 1. DIAMOND's median and both optimality gaps: rliable 1.2.0.
        """  # noqa: D205 - one sentence for each source
        strata = atari(method)
        found = aggregate(strata, generator(1, "test"))
        gap = optimality_gap(strata, generator(1, "test"))
        values = [each.value for each in (found.mean, found.median, found.iqm, gap)]
        assert values == pytest.approx(expected, abs=5e-4)
        assert sum(float(np.mean(runs)) > 1.0 for runs in strata) == superhuman

    def test_intervals_have_the_width_of_rliable_expanded(self) -> None:
        """Package rliable 1.2.0, 50,000 resamples: IQM, mean and optimality gap of DIAMOND.

        Expanded percentiles of 5 runs reach √(5 / 4) · t(104) / 1.96 = 1.131 times as far if the resamples are normal.
        """
        found = aggregate(atari("DIAMOND"), generator(1, "test"))
        gap = optimality_gap(atari("DIAMOND"), generator(1, "test"))
        for estimate, low, high in ((found.iqm, 0.5777, 0.7084), (found.mean, 1.3572, 1.5682), (gap, 0.4648, 0.4961)):
            assert estimate.low is not None
            assert estimate.high is not None
            assert estimate.high - estimate.low == pytest.approx(1.131 * (high - low), rel=0.05)
            assert estimate.low < low < estimate.value < high < estimate.high

    def test_probability_of_improvement(self) -> None:
        """Package rliable 1.2.0: DIAMOND over TWM 0.64692, [0.5954, 0.7008] by plain percentiles."""
        found = probability_of_improvement(atari("DIAMOND"), atari("TWM"), generator(1, "test"))
        assert found.value == pytest.approx(0.64692308, rel=1e-7)
        assert found.low == pytest.approx(0.6469 - 1.131 * 0.0515, abs=0.006)
        assert found.high == pytest.approx(0.6469 + 1.131 * 0.0539, abs=0.006)

    def test_performance_profile(self) -> None:
        """Package rliable 1.2.0, create_performance_profile at 0, 0.25, 0.5, 1 and 2."""
        found = performance_profile(atari("DIAMOND"), [0.0, 0.25, 0.5, 1.0, 2.0], generator(1, "test"))
        assert found.above == pytest.approx([0.96923077, 0.57692308, 0.46153846, 0.42307692, 0.24615385], rel=1e-7)


def atari(method: str) -> list[list[float]]:
    """Return the normalised scores of each game's runs."""
    games: dict[str, list[float]] = {}
    with (Path(__file__).parents[2] / "data/atari_100k.csv").open() as file:
        for row in csv.DictReader(file):
            if row["method"] == method:
                score, random, human = (float(row[name]) for name in ("score", "random", "human"))
                games.setdefault(row["game"], []).append((score - random) / (human - random))
    return [*games.values()]
