"""Procedures under validation: each draws one table, applies a method and reports errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from clau_doom.statistics.blocked_groups import compare_groups
from clau_doom.statistics.difference_tests import welch_test
from clau_doom.statistics.equivalence import equivalence
from clau_doom.statistics.hedges_g import independent_g
from clau_doom.statistics.intervals import Interval, difference_interval, mean_interval, unpaired_interval
from clau_doom.statistics.rliable_aggregates import Estimate, aggregate
from clau_doom.statistics.superiority import probability_of_superiority
from clau_doom.table_analysis import Design, Factor, run_tests
from validation.distributions import Distribution

__all__ = ["PROCEDURES", "Groups", "Procedure"]

Values = NDArray[np.float64]
_ALPHA = 0.05
_EFFECT = 0.8
_EXACT = 200_000  # values of which the true parameter of an aggregate is computed


@dataclass(frozen=True, kw_only=True, slots=True)
class Groups:
    """Design of simulated tables.

    Attributes:
        sizes: Number of values in each group; in blocks, the number of blocks.
        deviations: Standard deviation of each group.
        factors: Number of levels of each factor. The groups are their combinations.
    """

    sizes: tuple[int, ...]
    deviations: tuple[float, ...] = (1.0,)
    factors: tuple[int, ...] = ()


Errors = Mapping[str, bool | None]
"""Whether each result of a table is wrong, by the result's name. None: the method withheld it."""

Simulation = Callable[[np.random.Generator], Errors]


@dataclass(frozen=True, kw_only=True, slots=True)
class Procedure:
    """A method under validation.

    Attributes:
        title: Name for the table of results.
        simulate: Returns the simulation of one table, for a distribution and a design.
        interval: Whether errors are intervals without the true value; else they are false positives.
        conservative: The reason why the method may make fewer errors than its level, or empty.
    """

    title: str
    simulate: Callable[[Distribution, Groups], Simulation]
    interval: bool
    conservative: str = ""


def _missed(found: Interval | Estimate, truth: float) -> bool | None:
    if found.low is None or found.high is None:
        return None
    slack = 1e-9 * max(abs(truth), abs(found.high - found.low))
    return not found.low - slack <= truth <= found.high + slack


def _mean(distribution: Distribution, groups: Groups) -> Simulation:
    return lambda rng: {
        "mean": _missed(mean_interval(distribution.draw(rng, groups.sizes[0]).tolist()), distribution.mean)
    }


def _paired(distribution: Distribution, groups: Groups) -> Simulation:
    """Two agents on the same seeds: half of the variance is the seeds' own."""

    def simulate(rng: np.random.Generator) -> Errors:
        count = groups.sizes[0]
        ours, theirs = distribution.draw(rng, count), distribution.draw(rng, count)
        seeds = distribution.deviation * rng.normal(size=count)
        return {"difference": _missed(difference_interval((ours + seeds).tolist(), (theirs + seeds).tolist()), 0.0)}

    return simulate


def _unpaired(distribution: Distribution, groups: Groups) -> Simulation:
    def simulate(rng: np.random.Generator) -> Errors:
        ours, theirs = _groups(rng, distribution, groups)
        return {"difference": _missed(unpaired_interval(ours.tolist(), theirs.tolist()), 0.0)}

    return simulate


def _superiority(distribution: Distribution, groups: Groups) -> Simulation:
    """Equal distributions, of which each is above the other with a probability of one half."""

    def simulate(rng: np.random.Generator) -> Errors:
        ours, theirs = (distribution.draw(rng, size).tolist() for size in groups.sizes)
        return {"probability": _missed(probability_of_superiority(ours, theirs), 0.5)}

    return simulate


def _aggregates(distribution: Distribution, groups: Groups) -> Simulation:
    count = groups.sizes[0]
    sample = np.sort(distribution.draw(np.random.default_rng(1), _EXACT))
    middle = float(sample[_EXACT // 4 : _EXACT - _EXACT // 4].mean())
    median = float(np.median(sample))

    def simulate(rng: np.random.Generator) -> Errors:
        found = aggregate([distribution.draw(rng, count).tolist()], rng)
        return {"interquartile mean": _missed(found.iqm, middle), "median": _missed(found.median, median)}

    return simulate


def _equivalence(distribution: Distribution, groups: Groups) -> Simulation:
    """Means that differ by the margin: a test that shows equivalence is wrong."""

    def simulate(rng: np.random.Generator) -> Errors:
        ours, theirs = _groups(rng, distribution, groups)
        found = welch_test((ours + 1.0).tolist(), theirs.tolist())
        if found.standard_error is None or found.df is None:
            return {"equivalence": None}
        return {"equivalence": equivalence(found.difference.mean, found.standard_error, found.df, 1.0).shown}

    return simulate


def _effect_size(distribution: Distribution, groups: Groups) -> Simulation:
    """Means that differ by 0.8 standard deviations."""

    def simulate(rng: np.random.Generator) -> Errors:
        ours, theirs = (group.tolist() for group in _groups(rng, distribution, groups))
        shifted = [value + _EFFECT for value in ours]
        found = independent_g(shifted, theirs)
        if found is None or found.low is None or found.high is None or unpaired_interval(shifted, theirs).reason:
            return {"g": None}
        return {"g": not found.low <= _EFFECT <= found.high}

    return simulate


def _runs(distribution: Distribution, groups: Groups, *, shared: float) -> Simulation:
    """Runs of conditions. Half of a run's variance is that of its seed.

    Args:
        distribution: Of the rest.
        groups: One size, the number of runs of a condition, and one factor, the conditions.
        shared: Share of the seeds that a condition has in common with the next one.
    """
    (count,), (conditions,) = groups.sizes, groups.factors
    step = round((1.0 - shared) * count)

    def simulate(rng: np.random.Generator) -> Errors:
        seeds = rng.normal(size=count + step * (conditions - 1))
        found = compare_groups(
            [
                {
                    seed: float(value + seeds[seed])
                    for seed, value in enumerate(distribution.standardized(rng, count), start=step * place)
                }
                for place in range(conditions)
            ]
        )
        tests = {"difference": found.contrasts[0].p, "all conditions": found.overall.p}
        return {name: None if p is None else p <= _ALPHA for name, p in tests.items()}

    return simulate


def _table(distribution: Distribution, groups: Groups, *, blocks: bool) -> Simulation:
    sizes = _sizes(groups)
    levels = np.indices(groups.factors).reshape(len(groups.factors), -1)
    factors = tuple([_factor(f"f{place}", np.repeat(codes, sizes)) for place, codes in enumerate(levels)])
    block = _factor("seed", np.concatenate([np.arange(size) for size in sizes])) if blocks else None

    def simulate(rng: np.random.Generator) -> Errors:
        drawn = _groups(rng, distribution, groups)
        seeds = rng.normal(size=max(sizes)) if blocks else np.zeros(max(sizes))
        values = np.concatenate([group + seeds[: len(group)] for group in drawn])
        if all(float(np.ptp(group)) == 0.0 for group in drawn):  # the analysis refuses such a table
            return {}
        return _false_positives(Design(response="y", values=values, factors=factors, block=block))

    return simulate


def _factor(name: str, codes: NDArray[np.intp]) -> Factor:
    return Factor(name=name, levels=tuple(map(str, range(int(codes.max()) + 1))), codes=codes)


def _false_positives(design: Design) -> Errors:
    found = run_tests(design)
    errors: dict[str, bool | None] = {
        effect.name: None if effect.p is None else effect.p <= _ALPHA for effect in found.effects
    }
    for each in found.comparisons:
        errors[f"pairs of {each.effect}"] = any(pair.p <= _ALPHA for pair in each.pairs) if each.pairs else None
    return errors


def _sizes(groups: Groups) -> Sequence[int]:
    count = int(np.prod(groups.factors)) if groups.factors else len(groups.sizes)
    return groups.sizes if len(groups.sizes) > 1 else groups.sizes * count


def _groups(rng: np.random.Generator, distribution: Distribution, groups: Groups) -> list[Values]:
    """Draw groups with equal means and the design's standard deviations."""
    sizes = _sizes(groups)
    deviations = groups.deviations if len(groups.deviations) > 1 else groups.deviations * len(sizes)
    return [deviation * distribution.standardized(rng, size) for size, deviation in zip(sizes, deviations, strict=True)]


_SYMMETRIC_SKEW = "Differences of equally skewed samples are symmetric with light tails for the t statistic."

PROCEDURES: Mapping[str, Procedure] = {
    "mean": Procedure(title="interval of a mean", simulate=_mean, interval=True),
    "paired": Procedure(
        title="interval of a paired difference",
        simulate=_paired,
        interval=True,
        conservative="Student's interval is wide for few differences with long tails on both sides.",
    ),
    "unpaired": Procedure(
        title="Welch's interval of a difference", simulate=_unpaired, interval=True, conservative=_SYMMETRIC_SKEW
    ),
    "superiority": Procedure(
        title="probability of superiority",
        simulate=_superiority,
        interval=True,
        conservative="Newcombe's method 5 assumes exponential distributions.",
    ),
    "aggregates": Procedure(
        title="bootstrap of interquartile mean and median",
        simulate=_aggregates,
        interval=True,
        conservative="The median of discrete values is often exactly right.",
    ),
    "table": Procedure(
        title="analyze --data",
        simulate=lambda distribution, groups: _table(distribution, groups, blocks=False),
        interval=False,
        conservative=_SYMMETRIC_SKEW,
    ),
    "blocks": Procedure(
        title="analyze --data --block",
        simulate=lambda distribution, groups: _table(distribution, groups, blocks=True),
        interval=False,
        conservative="Greenhouse and Geisser's correction overcorrects for few blocks.",
    ),
    "equivalence": Procedure(
        title="equivalence test at its margin",
        simulate=_equivalence,
        interval=False,
        conservative="Equivalence cannot be shown if the interval is wider than the margins.",
    ),
    "effect size": Procedure(title="Hedges' g", simulate=_effect_size, interval=True, conservative=_SYMMETRIC_SKEW),
    **{
        f"runs, {seeds} seeds": Procedure(
            title=f"conditions over runs, {seeds} seeds",
            simulate=partial(_runs, shared=shared),
            interval=False,
            conservative="Greenhouse and Geisser's correction overcorrects for few runs. " + _SYMMETRIC_SKEW,
        )
        for seeds, shared in (("same", 1.0), ("half of the", 0.5), ("other", 0.0))
    },
}
"""All procedures by name."""
