"""One-way tests without the F test's assumptions: Welch's ANOVA and the Kruskal-Wallis test."""

from dataclasses import dataclass

from scipy import stats
from statsmodels.stats.oneway import anova_oneway

from clau_doom.table_analysis.design import Design

__all__ = ["OneWayTest", "kruskal_wallis", "welch"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OneWayTest:
    """A test of one factor.

    Attributes:
        test: Its name.
        symbol: Symbol of the statistic.
        statistic: The statistic.
        df: Its degrees of freedom.
        p: The p-value.
        effect_symbol: Name of the effect size.
        effect_size: The effect size.
    """

    test: str
    symbol: str
    statistic: float
    df: tuple[float, ...]
    p: float
    effect_symbol: str
    effect_size: float


def welch(design: Design) -> OneWayTest:
    """Return Welch's ANOVA, which allows unequal variances, with omega squared.

    The test is that of Welch, "On the comparison of several mean values: an alternative approach", Biometrika 38, 1951.
    The effect size is (k - 1)(F - 1) / ((k - 1)(F - 1) + n), for k groups of n values in all and Welch's F: Hays' omega
    squared as a function of F, with Welch's F inserted (Carroll and Nordholm, "Sampling characteristics of Kelley's ε²
    and Hays' ω²", Educational and Psychological Measurement 35, 1975); 0 if negative.

    Args:
        design: One factor, no blocks, and a variance above 0 in each group.
    """
    groups = design.groups()
    found = anova_oneway(groups, use_var="unequal")
    f, (df, residual_df) = float(found.statistic), found.df
    beyond = (len(groups) - 1) * max(f - 1, 0.0)
    return OneWayTest(
        test="Welch's ANOVA",
        symbol="F",
        statistic=f,
        df=(float(df), float(residual_df)),
        p=float(found.pvalue),
        effect_symbol="omega squared",
        effect_size=beyond / (beyond + len(design.values)),
    )


def kruskal_wallis(design: Design) -> OneWayTest:
    """Return the Kruskal-Wallis test, corrected for ties, with eta squared.

    The test is that of Kruskal and Wallis, "Use of ranks in one-criterion variance analysis", Journal of the American
    Statistical Association 47, 1952. The effect size is (H - k + 1) / (n - k), for k groups of n values in all (Tomczak
    and Tomczak, "The need to report effect size estimates revisited", Trends in Sport Sciences 21, 2014); 0 if
    negative.

    Args:
        design: One factor, no blocks.
    """
    groups = design.groups()
    found = stats.kruskal(*groups)
    h, count = float(found.statistic), len(groups)
    return OneWayTest(
        test="Kruskal-Wallis",
        symbol="H",
        statistic=h,
        df=(float(count - 1),),
        p=float(found.pvalue),
        effect_symbol="eta squared",
        effect_size=max((h - count + 1) / (len(design.values) - count), 0.0),
    )
