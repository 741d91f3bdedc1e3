"""Effect sizes and equivalence tests of pairwise comparisons.

Hedges' g of a pair has the simultaneous confidence of the pair's interval, and excludes 0 exactly if p < 0.05. The
equivalence test uses the standard error and the degrees of freedom of the pair by themselves: 90 % intervals and
p-values that are not adjusted for the number of pairs.
"""

from dataclasses import replace

from scipy import special

from clau_doom.statistics.equivalence import equivalence
from clau_doom.statistics.hedges_g import HedgesG, hedges_g, without_interval
from clau_doom.table_analysis.pairs import Comparisons, Pair, PairEquivalence

__all__ = ["with_effect_sizes", "with_equivalence"]

_ALPHA = 0.05


def with_effect_sizes(comparisons: Comparisons, *, skewed: bool) -> Comparisons:
    """Return comparisons with the effect sizes of their pairs.

    Args:
        comparisons: The comparisons.
        skewed: Whether the values are too skewed for intervals of effect sizes.
    """
    pairs = [replace(pair, sizes=_sizes(pair, skewed=skewed)) for pair in comparisons.pairs]
    return replace(comparisons, pairs=tuple(pairs))


def with_equivalence(comparisons: Comparisons, margin: float) -> Comparisons:
    """Return comparisons with equivalence tests of their pairs.

    Args:
        comparisons: Comparisons of values, in the response's unit.
        margin: Smallest difference of interest, above 0, in the response's unit.
    """
    pairs = [replace(pair, equivalence=_equivalence(pair, margin)) for pair in comparisons.pairs]
    return replace(comparisons, pairs=tuple(pairs))


def _sizes(pair: Pair, *, skewed: bool) -> tuple[HedgesG, ...]:
    if pair.standard_error is None or pair.df is None:
        return ()
    found = [
        hedges_g(
            pair.difference,
            standard_error=pair.standard_error,
            df=pair.df,
            deviation=each.deviation,
            deviation_df=each.df,
            symbol=each.symbol,
            standardizer=each.name,
            confidence=_confidence(pair),
        )
        for each in pair.standardizers
    ]
    sizes = [each for each in found if each is not None]
    return tuple(map(without_interval, sizes) if skewed else sizes)


def _confidence(pair: Pair) -> float:
    """Return the confidence level of the simultaneous interval for this pair alone."""
    if pair.critical_t is None or pair.df is None:
        return 1.0 - _ALPHA
    return 1.0 - 2.0 * float(special.stdtr(pair.df, -pair.critical_t))


def _equivalence(pair: Pair, margin: float) -> PairEquivalence | None:
    if not pair.standard_error or pair.df is None:
        return None
    test = equivalence(pair.difference, pair.standard_error, pair.df, margin)
    conclusions = {
        (True, False): "different",
        (False, True): "equivalent",
        (True, True): "different, but within the margin",
        (False, False): "neither a difference nor equivalence is shown",
    }
    return PairEquivalence(test=test, conclusion=conclusions[pair.p < _ALPHA, test.shown])
