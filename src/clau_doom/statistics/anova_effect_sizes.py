"""Effect sizes of F tests with 90 % confidence intervals.

- Eta squared, SS / total SS.
- Partial eta squared, SS / (SS + residual SS), without the variance of other effects (Cohen, Educational and
  Psychological Measurement 33, 1973).
- Generalised eta squared, SS / (SS + SS of blocks + residual SS) (Olejnik and Algina, "Generalized eta and omega
  squared statistics", Psychological Methods 8, 2003).
- Omega squared, (SS - df · MS) / (total SS + MS) (Hays, "Statistics for Psychologists", 1963).
- Partial omega squared, (SS - df · MS) / (SS + (n - df) · MS) (Olejnik and Algina 2003).

MS is the residual mean square and n the number of values. Omega squared is nearly unbiased, and 0 if negative; eta
squared describes the sample. Generalised eta squared is comparable between designs with and without blocks. Without
blocks it is partial eta squared, because all factors are manipulated.

**Interval.** The noncentrality λ of F has an interval by inversion of its distribution (Steiger, "Beyond the F test",
Psychological Methods 9, 2004). A partial share is λ / (λ + n). The level is 90 %, as Steiger recommends: an F test is
one-sided, so that this interval excludes 0 exactly if p < 0.05. Shares with further terms in the denominator take the
estimates of these terms as their true values. Eta and omega squared estimate the same share and have one interval.

Omega squared of tests with approximate degrees of freedom, df (F - 1) / (df (F - 1) + n), is partial omega squared as a
function of F (Carroll and Nordholm, Educational and Psychological Measurement 35, 1975).
"""

from dataclasses import dataclass

from scipy import optimize, special

__all__ = [
    "EFFECT_CONFIDENCE",
    "EffectSize",
    "anova_effect_sizes",
    "generalised_eta_squared",
    "noncentrality_interval",
    "omega_squared_of_f",
]

EFFECT_CONFIDENCE = 0.90
"""Confidence level of the intervals."""

_LARGEST_F = 1e8


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectSize:
    """An effect size.

    Attributes:
        name: Its name, such as ``partial eta squared``.
        symbol: Its symbol.
        value: The estimate, from 0 to 1.
        low: Lower end of the 90 % interval, or None.
        high: Upper end, or None.
    """

    name: str
    symbol: str
    value: float
    low: float | None = None
    high: float | None = None


def noncentrality_interval(f: float, df: float, residual_df: float) -> tuple[float, float]:
    """Return the 90 % interval of the noncentrality parameter of an F test.

    Args:
        f: The statistic, at least 0.
        df: Numerator degrees of freedom.
        residual_df: Denominator degrees of freedom.
    """
    tail = (1.0 - EFFECT_CONFIDENCE) / 2
    # The noncentral distribution function is not computed far out, where noncentrality is proportional to F.
    scale = max(f / _LARGEST_F, 1.0)
    low, high = (_noncentrality(f / scale, df, residual_df, probability) for probability in (1.0 - tail, tail))
    return scale * low, scale * high


def omega_squared_of_f(f: float, df: float, residual_df: float, count: float, *, partial: bool = False) -> EffectSize:
    """Return omega squared as a function of F, with its interval.

    Args:
        f: The statistic.
        df: Numerator degrees of freedom.
        residual_df: Denominator degrees of freedom.
        count: Number of values.
        partial: Whether there are other effects.
    """
    beyond = df * max(f - 1.0, 0.0)
    ends = noncentrality_interval(f, df, residual_df)
    return _share("partial omega squared" if partial else "omega squared", beyond / (beyond + count), ends, count)


def anova_effect_sizes(
    f: float,
    df: int,
    residual_df: int,
    count: int,
    *,
    total: float,
    others: float,
    blocks: tuple[float, int] | None = None,
) -> tuple[EffectSize, ...]:
    """Return the effect sizes of an effect in an analysis of variance.

    Args:
        f: Its F statistic.
        df: Its degrees of freedom.
        residual_df: Residual degrees of freedom.
        count: Number of values.
        total: Total sum of squares over the residual mean square.
        others: Sum of df · (F - 1) over all other effects and blocks, without negative terms.
        blocks: Sum of squares of the blocks over the residual mean square and its degrees of freedom, or None.
    """
    effect, beyond, ends = df * f, df * max(f - 1.0, 0.0), noncentrality_interval(f, df, residual_df)
    found = [
        _share("eta squared", effect / total, ends, others + count),
        _share("partial eta squared", effect / (effect + residual_df), ends, count),
        _share("omega squared", beyond / (total + 1.0), ends, others + count),
        _share("partial omega squared", beyond / (effect + count - df), ends, count),
    ]
    if blocks is not None:
        squares, block_df = blocks
        rest = max(squares - block_df, 0.0) + count
        value = effect / (effect + squares + residual_df)
        found.insert(2, _share("generalised eta squared", value, ends, rest))
    return tuple(found)


def generalised_eta_squared(
    f: float, df: float, residual_df: float, *, epsilon: float, count: int, within: float
) -> EffectSize:
    """Return generalised eta squared of an effect whose factors vary within complete blocks.

    The noncentrality comes from Greenhouse and Geisser's test (Muller and Barton, "Approximate power for
    repeated-measures ANOVA lacking sphericity", Journal of the American Statistical Association 84, 1989).

    Args:
        f: F statistic of the repeated-measures analysis.
        df: Numerator degrees of freedom without the correction.
        residual_df: Denominator degrees of freedom without it.
        epsilon: The correction, above 0 and at most 1.
        count: Number of values.
        within: Mean variance of the cells, over the mean square of the interaction of effect and blocks.
    """
    low, high = (end / epsilon for end in noncentrality_interval(f, epsilon * df, epsilon * residual_df))
    blocks = residual_df / df + 1.0
    value = df * f / (df * f + within * count * (blocks - 1.0) / blocks)
    return _share("generalised eta squared", value, (low, high), within * count)


_SYMBOLS = {
    "eta squared": "classical η²",
    "partial eta squared": "partial η²",
    "generalised eta squared": "generalised η²",
    "omega squared": "ω²",
    "partial omega squared": "partial ω²",
}


def _share(name: str, value: float, noncentrality: tuple[float, float], rest: float) -> EffectSize:
    """Return an effect size with the interval λ / (λ + rest)."""
    low, high = noncentrality
    return EffectSize(name=name, symbol=_SYMBOLS[name], value=value, low=low / (low + rest), high=high / (high + rest))


def _noncentrality(f: float, df: float, residual_df: float, probability: float) -> float:
    """Return the noncentrality at which F is below `f` with a probability; 0 if there is none."""

    def excess(noncentrality: float) -> float:
        return float(special.ncfdtr(df, residual_df, noncentrality, f)) - probability

    if f <= 0.0 or float(special.fdtr(df, residual_df, f)) <= probability:
        return 0.0
    high = max(1.0, 2.0 * df * f)
    while excess(high) > 0.0:
        high *= 2.0
    return float(optimize.brentq(excess, 1e-300, high, xtol=1e-10))
