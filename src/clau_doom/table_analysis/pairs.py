"""Values of pairwise comparisons."""

from dataclasses import dataclass

from clau_doom.statistics.equivalence import Equivalence
from clau_doom.statistics.hedges_g import HedgesG

__all__ = ["MOST_COMPARED", "Comparisons", "Pair", "PairEquivalence", "Standardizer"]

MOST_COMPARED = 25
"""Largest number of levels that are compared in pairs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standardizer:
    """Standard deviation that divides a difference for an effect size.

    Attributes:
        symbol: Symbol of the effect size.
        name: Name of the standard deviation.
        deviation: The standard deviation, in the response's unit.
        df: Degrees of freedom of its square.
    """

    symbol: str
    name: str
    deviation: float
    df: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PairEquivalence:
    """Equivalence of two levels.

    Attributes:
        test: The equivalence test, not adjusted for the number of pairs.
        conclusion: What the test and the comparison show together.
    """

    test: Equivalence
    conclusion: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Comparison of two levels.

    Attributes:
        first: The first level.
        second: The second level.
        difference: Mean of the first minus mean of the second, of values or of ranks.
        low: Lower end of the simultaneous 95 % interval, or None for ranks.
        high: Upper end, or None for ranks.
        p: The p-value, adjusted for the family.
        standard_error: Standard error of the difference, or None for ranks.
        df: Degrees of freedom of the standard error, or None for ranks.
        critical_t: Half-width of the simultaneous interval in standard errors, or None for ranks.
        standardizers: Standard deviations for effect sizes; empty for ranks.
        sizes: Effect sizes; empty for ranks and without variance.
        equivalence: The equivalence test, or None.
    """

    first: str
    second: str
    difference: float
    low: float | None
    high: float | None
    p: float
    standard_error: float | None = None
    df: float | None = None
    critical_t: float | None = None
    standardizers: tuple[Standardizer, ...] = ()
    sizes: tuple[HedgesG, ...] = ()
    equivalence: PairEquivalence | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparisons:
    """All pairwise comparisons of the levels of an effect.

    Attributes:
        effect: The factor's name; several joined by colons for combinations of levels.
        method: Name of the test.
        scale: ``values`` or ``ranks``.
        pairs: The pairs, in the levels' order.
        note: The reason why there are no pairs, or empty.
    """

    effect: str
    method: str
    scale: str
    pairs: tuple[Pair, ...]
    note: str = ""
