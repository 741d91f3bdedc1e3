"""Aggregate estimates of few, skewed scores, by the conventions of rliable.

After Agarwal, Schwarzer, Castro, Courville and Bellemare, "Deep Reinforcement Learning at the Edge of the Statistical
Precipice", NeurIPS 2021 (arXiv:2108.13264), whose reference implementation is the package rliable:

- scores come in strata (there: tasks), and each stratum is resampled by itself, with replacement;
- an interval runs between the 2.5th and the 97.5th percentile of the resampled estimates;
- the **mean** is the mean of the strata's means, the **median** the median of the strata's means, the **interquartile
  mean** (IQM) the mean of the middle half of all scores: a quarter of them, rounded down, is cut off at each end;
- the **probability of improvement** of X over Y is P(X > Y) + P(X = Y) / 2 for a score drawn from each, averaged over
  strata;
- a **performance profile** is the share of scores above a threshold, as a function of it.

Here a stratum is an experiment and its scores are episodes, or there is one stratum whose scores are experiments. The
median of a single stratum is the median of its scores, because that of its one mean would be the mean.

With fewer than `FEWEST_SCORES` scores there is no interval: the percentile bootstrap of a few scores is too narrow.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clau_doom.statistics.intervals import CONFIDENCE

__all__ = [
    "FEWEST_SCORES",
    "RESAMPLES",
    "Aggregates",
    "Estimate",
    "PerformanceProfile",
    "Strata",
    "aggregate",
    "performance_profile",
    "probability_of_improvement",
    "thresholds_over",
]

RESAMPLES = 10_000
"""Number of bootstrap resamples."""

FEWEST_SCORES = 10
"""Smallest number of scores whose aggregates have an interval."""

THRESHOLDS = 101
"""Number of thresholds of a performance profile."""

_CHUNK = 4_000_000  # numbers in one chunk of resamples: 32 MB

Strata = Sequence[Sequence[float]]
"""Scores by stratum. Strata may differ in size and must not be empty."""

_Rows = NDArray[np.float64]
_Statistic = Callable[[Sequence[_Rows]], _Rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """An estimate and its 95 % interval.

    Attributes:
        value: The estimate.
        low: Lower end of the interval, or None if the data do not allow one.
        high: Upper end, or None.
        n: Number of scores.
        reason: The reason why there is no interval, or empty.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Aggregates:
    """Aggregate estimates of a set of scores.

    Attributes:
        mean: The mean of the strata's means.
        median: The median of the strata's means; for a single stratum, the median of its scores.
        iqm: The interquartile mean of all scores.
    """

    mean: Estimate
    median: Estimate
    iqm: Estimate


@dataclass(frozen=True, kw_only=True, slots=True)
class PerformanceProfile:
    """Performance profile: the share of scores above each threshold.

    Attributes:
        thresholds: The thresholds, ascending.
        above: The share of scores above each, from 0 to 1.
        low: Lower ends of the pointwise 95 % intervals.
        high: Upper ends.
        n: Number of scores.
    """

    thresholds: tuple[float, ...]
    above: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    n: int


def aggregate(strata: Strata, rng: np.random.Generator) -> Aggregates:
    """Return mean, median and interquartile mean, with stratified bootstrap intervals.

    Args:
        strata: The scores.
        rng: Generator of the resamples, which all three estimates share.

    Raises:
        ValueError: There is no stratum, or a stratum is empty.
    """
    scores = _arrays(strata)
    statistics: tuple[_Statistic, ...] = (_mean, _median, _iqm)
    observed = [float(statistic([row[None, :] for row in scores])[0]) for statistic in statistics]
    drawn = np.concatenate(
        [
            np.stack([statistic(rows) for statistic in statistics])
            for rows in (
                [row[picked] for row, picked in zip(scores, picks, strict=True)] for picks in _picks(scores, rng)
            )
        ],
        axis=1,
    )
    n = sum(map(len, scores))
    mean, median, iqm = (
        _estimate(value, resampled, n, _too_few(scores)) for value, resampled in zip(observed, drawn, strict=True)
    )
    return Aggregates(mean=mean, median=median, iqm=iqm)


def probability_of_improvement(ours: Strata, theirs: Strata, rng: np.random.Generator) -> Estimate:
    """Return the probability that a score of ours is above a score of theirs; a tie counts half.

    This is the Mann-Whitney U over the number of pairs of scores, averaged over strata. For one stratum,
    `probability_of_superiority` has an interval without resampling.

    Args:
        ours: Our scores.
        theirs: Their scores, in the same number of strata.
        rng: Generator of the resamples.

    Raises:
        ValueError: The strata do not match, or one has no scores.
    """
    us, them = _arrays(ours), _arrays(theirs)
    if len(us) != len(them):
        raise ValueError(f"strata of {[*map(len, us)]} scores cannot be compared with strata of {[*map(len, them)]}")
    observed, drawn = 0.0, np.zeros(RESAMPLES)
    for our, their in zip(us, them, strict=True):
        ones = (np.ones((1, len(our))), np.ones((1, len(their))))
        observed += float(_superiority(our, their, *ones)[0]) / len(us)
        parts = [
            _superiority(our, their, mine, _weights(rng, len(their), len(mine)))
            for mine in _weight_chunks(rng, len(our), len(their))
        ]
        drawn += np.concatenate(parts) / len(us)
    return _estimate(observed, drawn, sum(map(len, us)), _too_few(us) or _too_few(them))


def thresholds_over(scores: Sequence[float]) -> tuple[float, ...]:
    """Return evenly spaced thresholds from the lowest score to the highest, or to 1 above it if all are equal."""
    low, high = min(scores), max(scores)
    return tuple(np.linspace(low, high if high > low else low + 1.0, THRESHOLDS).tolist())


def performance_profile(strata: Strata, thresholds: Sequence[float], rng: np.random.Generator) -> PerformanceProfile:
    """Return the share of scores above each threshold, with pointwise stratified bootstrap intervals.

    Args:
        strata: The scores.
        thresholds: The thresholds, ascending.
        rng: Generator of the resamples.

    Raises:
        ValueError: There is no stratum, or a stratum is empty.
    """
    scores, levels = _arrays(strata), np.asarray(thresholds, dtype=np.float64)
    n = sum(map(len, scores))
    counts = np.zeros((RESAMPLES, len(levels)))
    for row in scores:
        above = (row[:, None] > levels).astype(np.float64)
        counts += np.concatenate([weights @ above for weights in _weight_chunks(rng, len(row), len(levels))])
    observed = (np.concatenate(scores)[:, None] > levels).mean(axis=0)
    low, high = np.percentile(counts / n, _PERCENTILES, axis=0)
    return PerformanceProfile(
        thresholds=tuple(levels.tolist()),
        above=tuple(observed.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        n=n,
    )


_PERCENTILES = (50.0 * (1.0 - CONFIDENCE), 50.0 * (1.0 + CONFIDENCE))


def _estimate(value: float, drawn: _Rows, n: int, reason: str) -> Estimate:
    if reason:
        return Estimate(value=value, low=None, high=None, n=n, reason=reason)
    low, high = (float(end) for end in np.percentile(drawn, _PERCENTILES))
    return Estimate(value=value, low=low, high=high, n=n)


def _too_few(scores: Sequence[_Rows]) -> str:
    """Return the reason why scores have no interval, or an empty text."""
    n = sum(map(len, scores))
    if n < FEWEST_SCORES:
        return f"{n} of at least {FEWEST_SCORES} values"
    return "" if any(float(np.ptp(row)) > 0.0 for row in scores) else "all values are equal"


def _mean(strata: Sequence[_Rows]) -> _Rows:
    found: _Rows = np.mean([rows.mean(axis=1) for rows in strata], axis=0)
    return found


def _median(strata: Sequence[_Rows]) -> _Rows:
    means = np.array([rows.mean(axis=1) for rows in strata])
    found: _Rows = np.median(strata[0], axis=1) if len(strata) == 1 else np.median(means, axis=0)
    return found


def _iqm(strata: Sequence[_Rows]) -> _Rows:
    pooled = np.sort(np.concatenate(strata, axis=1), axis=1)
    cut = pooled.shape[1] // 4
    found: _Rows = pooled[:, cut : pooled.shape[1] - cut].mean(axis=1)
    return found


def _superiority(ours: _Rows, theirs: _Rows, weights: _Rows, other: _Rows) -> _Rows:
    """Return P(X > Y) + P(X = Y) / 2 for each resample.

    Args:
        ours: Shape (n,).
        theirs: Shape (m,).
        weights: Resampling counts of ours; shape (resamples, n).
        other: Resampling counts of theirs; shape (resamples, m).
    """
    order = np.argsort(theirs, kind="stable")
    ranked = theirs[order]
    drawn = np.concatenate([np.zeros((len(other), 1)), np.cumsum(other[:, order], axis=1)], axis=1)
    beaten = drawn[:, np.searchsorted(ranked, ours, "left")] + drawn[:, np.searchsorted(ranked, ours, "right")]
    found: _Rows = np.einsum("rn,rn->r", weights, beaten) / (2.0 * len(ours) * len(theirs))
    return found


def _arrays(strata: Strata) -> list[_Rows]:
    if not strata or not all(len(row) for row in strata):
        raise ValueError("a stratum has no scores")
    return [np.asarray(row, dtype=np.float64) for row in strata]


def _chunks(width: int) -> Iterator[int]:
    """Yield the sizes of chunks of resamples, bounded by memory."""
    left, most = RESAMPLES, max(1, _CHUNK // width)
    while left:
        yield min(left, most)
        left -= min(left, most)


def _picks(scores: Sequence[_Rows], rng: np.random.Generator) -> Iterator[list[NDArray[np.int64]]]:
    for count in _chunks(sum(map(len, scores))):
        yield [rng.integers(len(row), size=(count, len(row))) for row in scores]


def _weights(rng: np.random.Generator, n: int, count: int) -> _Rows:
    return rng.multinomial(n, np.full(n, 1.0 / n), size=count).astype(np.float64)


def _weight_chunks(rng: np.random.Generator, n: int, m: int) -> Iterator[_Rows]:
    for count in _chunks(n + m):
        yield _weights(rng, n, count)
