"""Effect sizes of F tests with confidence intervals.

- Partial eta squared, SS / (SS + residual SS): the sample's share of the variance that no other effect explains (Cohen,
  Educational and Psychological Measurement 33, 1973). Its interval comes from the noncentral F distribution (Steiger,
  "Beyond the F test", Psychological Methods 9, 2004).
- Eta squared, SS / total SS.
- Omega squared, (SS - df · MS) / (total SS + MS) with the residual mean square MS: the share of the total variance in
  the population, nearly unbiased (Hays, "Statistics for Psychologists", 1963); 0 if negative.
- Omega squared of a Welch-James test, df (F - 1) / (df (F - 1) + n): Hays' omega squared as a function of F, with the
  test's F inserted (Carroll and Nordholm, Educational and Psychological Measurement 35, 1975); 0 if negative.
"""

from dataclasses import dataclass

from scipy import optimize, special

from clau_doom.statistics.intervals import CONFIDENCE

__all__ = ["EffectSize", "noncentrality_interval", "omega_squared_of_f"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectSize:
    """An effect size.

    Attributes:
        name: Its name, such as ``partial eta squared``.
        symbol: Its symbol.
        value: The estimate, from 0 to 1.
        low: Lower end of the 95 % interval, or None.
        high: Upper end, or None.
    """

    name: str
    symbol: str
    value: float
    low: float | None = None
    high: float | None = None


def noncentrality_interval(f: float, df: float, residual_df: float) -> tuple[float, float]:
    """Return the 95 % interval of the noncentrality parameter of an F test.

    Args:
        f: The statistic, at least 0.
        df: Numerator degrees of freedom.
        residual_df: Denominator degrees of freedom.
    """
    tail = (1.0 - CONFIDENCE) / 2
    return _noncentrality(f, df, residual_df, 1.0 - tail), _noncentrality(f, df, residual_df, tail)


def omega_squared_of_f(f: float, df: float, residual_df: float, count: int) -> EffectSize:
    """Return omega squared as a function of F, with its interval.

    Args:
        f: The statistic.
        df: Numerator degrees of freedom.
        residual_df: Denominator degrees of freedom.
        count: Number of values.
    """
    beyond = df * max(f - 1.0, 0.0)
    low, high = noncentrality_interval(f, df, residual_df)
    return EffectSize(
        name="omega squared",
        symbol="ω²",
        value=beyond / (beyond + count),
        low=low / (low + count),
        high=high / (high + count),
    )


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
