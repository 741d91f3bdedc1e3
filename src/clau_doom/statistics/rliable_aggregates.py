"""Aggregate estimates of few, skewed scores, by the conventions of rliable.

After Agarwal, Schwarzer, Castro, Courville and Bellemare, "Deep Reinforcement Learning at the Edge of the Statistical
Precipice", NeurIPS 2021 (arXiv:2108.13264), whose reference implementation is the package rliable:

- scores come in strata (there: tasks), and each stratum is resampled by itself, with replacement;
- an interval runs between the 2.5th and the 97.5th percentile of the resampled estimates, and between expanded
  percentiles for several strata (see `resampling`: rliable's own intervals are too narrow for few runs of a task);
- the **mean** is the mean of the strata's means, the **median** the median of the strata's means, the **interquartile
  mean** (IQM) the mean of the middle half of all scores: a quarter of them, rounded down, is cut off at each end;
- the **optimality gap** is the mean amount by which scores, capped at a threshold, fall short of it. For scores between
  0, such as random play, and 1, a target, the threshold is 1;
- the **probability of improvement** of X over Y is P(X > Y) + P(X = Y) / 2 for a score drawn from each, averaged over
  strata;
- a **performance profile** is the share of scores above a threshold, as a function of it.

Here a stratum is a task and its scores are runs, or an experiment and its episodes, or there is one stratum whose
scores are experiments. The median of a single stratum is the median of its scores, because that of its one mean would
be the mean.

There is no interval with fewer than `FEWEST_SCORES` scores, nor with several strata of which one has fewer than
`FEWEST_IN_STRATUM`: the bootstrap of a few scores is too narrow. Nor is there one if the resamples do not differ, as
where most scores are at their limit. The median of several strata never has one: it is biased for few scores, as
Agarwal et al. show. In simulations of 26 tasks with 5 runs its interval covered 68 to 84 %.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clau_doom.statistics.resampling import RESAMPLES, percentiles, picks, weight_chunks

__all__ = [
    "FEWEST_IN_STRATUM",
    "FEWEST_SCORES",
    "Aggregates",
    "Estimate",
    "PerformanceProfile",
    "Strata",
    "aggregate",
    "optimality_gap",
    "performance_profile",
    "probabilities_of_improvement",
    "thresholds_over",
]

FEWEST_SCORES = 10
"""Smallest number of scores whose aggregates have an interval."""

FEWEST_IN_STRATUM = 5
"""Smallest number of scores in each of several strata whose aggregates have an interval."""

THRESHOLDS = 101
"""Number of thresholds of a performance profile."""

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
    mean, median, iqm = _bootstrap(scores, (_mean, _median, _iqm), rng)
    if len(scores) > 1 and not median.reason:
        reason = "a median over strata is biased for few scores"
        median = Estimate(value=median.value, low=None, high=None, n=median.n, reason=reason)
    return Aggregates(mean=mean, median=median, iqm=iqm)


def optimality_gap(strata: Strata, rng: np.random.Generator, *, threshold: float = 1.0) -> Estimate:
    """Return the mean amount by which scores, capped at a threshold, fall short of it, with a bootstrap interval.

    Args:
        strata: The scores.
        rng: Generator of the resamples.
        threshold: The score to reach. Higher scores count as the threshold.

    Raises:
        ValueError: There is no stratum, or a stratum is empty.
    """

    def gap(rows: Sequence[_Rows]) -> _Rows:
        found: _Rows = threshold - np.minimum(np.concatenate(rows, axis=1), threshold).mean(axis=1)
        return found

    (found,) = _bootstrap(_arrays(strata), (gap,), rng)
    return found


def probabilities_of_improvement(
    scores: Sequence[Strata], pairs: Sequence[tuple[int, int]], rng: np.random.Generator
) -> tuple[Estimate, ...]:
    """Return the probabilities that a score of one method is above a score of another; a tie counts half.

    Each is the Mann-Whitney U over the number of pairs of scores, averaged over strata. For one stratum,
    `probability_of_superiority` has an interval without resampling.

    Args:
        scores: The scores of each method, all in the same strata.
        pairs: Compared methods, as indices into `scores`.
        rng: Generator of the resamples, which all pairs share.

    Raises:
        ValueError: The numbers of strata differ, or a stratum has no scores.
    """
    methods = [_arrays(strata) for strata in scores]
    if len({*map(len, methods)}) > 1:
        raise ValueError(f"scores in {[*map(len, methods)]} strata cannot be compared")
    observed, drawn = np.zeros(len(pairs)), np.zeros((len(pairs), RESAMPLES))
    for stratum in zip(*methods, strict=True):
        wins = [_wins(stratum[ours], stratum[theirs]) for ours, theirs in pairs]
        observed += [float(won.sum()) / (2 * won.size) for won in wins]
        start = 0
        for weights in weight_chunks(rng, [*map(len, stratum)]):
            end = start + len(weights[0])
            for place, ((ours, theirs), won) in enumerate(zip(pairs, wins, strict=True)):
                # Sums of whole numbers are exact, so that equal resamples have equal estimates.
                sums = ((weights[ours] @ won) * weights[theirs]).sum(axis=1)
                drawn[place, start:end] += sums / (2 * won.size)
            start = end
    return tuple(
        _estimate(float(value), row, [*map(min, map(len, methods[ours]), map(len, methods[theirs]))], reason)
        for value, row, (ours, theirs), reason in zip(
            observed / len(methods[0]),
            drawn / len(methods[0]),
            pairs,
            [_too_few(methods[ours]) or _too_few(methods[theirs]) for ours, theirs in pairs],
            strict=True,
        )
    )


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
        counts += np.concatenate([drawn @ above for (drawn,) in weight_chunks(rng, [len(row)], len(levels))])
    observed = (np.concatenate(scores)[:, None] > levels).mean(axis=0)
    low, high = np.percentile(counts / n, percentiles([*map(len, scores)]), axis=0)
    return PerformanceProfile(
        thresholds=tuple(levels.tolist()),
        above=tuple(observed.tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        n=n,
    )


def _bootstrap(scores: Sequence[_Rows], statistics: Sequence[_Statistic], rng: np.random.Generator) -> list[Estimate]:
    """Return estimates with intervals from resamples that all statistics share."""
    sizes = [*map(len, scores)]
    drawn = np.concatenate(
        [
            np.stack([statistic([row[at] for row, at in zip(scores, places, strict=True)]) for statistic in statistics])
            for places in picks(sizes, rng)
        ],
        axis=1,
    )
    observed = [float(statistic([row[None, :] for row in scores])[0]) for statistic in statistics]
    reason = _too_few(scores)
    return [_estimate(value, row, sizes, reason) for value, row in zip(observed, drawn, strict=True)]


def _estimate(value: float, drawn: _Rows, sizes: Sequence[int], reason: str) -> Estimate:
    low, high = (float(end) for end in np.percentile(drawn, percentiles(sizes)))
    if not reason and low == high:
        reason = "the resamples do not differ"
    if reason:
        return Estimate(value=value, low=None, high=None, n=sum(sizes), reason=reason)
    return Estimate(value=value, low=low, high=high, n=sum(sizes))


def _too_few(scores: Sequence[_Rows]) -> str:
    """Return the reason why scores have no interval, or an empty text."""
    n, smallest = sum(map(len, scores)), min(map(len, scores))
    if n < FEWEST_SCORES:
        return f"{n} of at least {FEWEST_SCORES} values"
    if len(scores) > 1 and smallest < FEWEST_IN_STRATUM:
        return f"{smallest} of at least {FEWEST_IN_STRATUM} values in a stratum"
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


def _wins(ours: _Rows, theirs: _Rows) -> _Rows:
    """Return 2 where our score is above theirs, 1 for a tie, else 0; shape (ours, theirs)."""
    found: _Rows = np.sign(ours[:, None] - theirs) + 1.0
    return found


def _arrays(strata: Strata) -> list[_Rows]:
    if not strata or not all(len(row) for row in strata):
        raise ValueError("a stratum has no scores")
    return [np.asarray(row, dtype=np.float64) for row in strata]
