"""F tests with approximate degrees of freedom."""

from dataclasses import dataclass

__all__ = ["ApproximateF"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproximateF:
    """An F test with approximate degrees of freedom.

    Attributes:
        f: The F statistic.
        df: Numerator degrees of freedom.
        residual_df: Denominator degrees of freedom.
        p: The p-value.
    """

    f: float
    df: float
    residual_df: float
    p: float
