"""Skewness of samples, and the bound above which a comparison of their means is withheld.

The error of a t test's level is proportional to the skewness over the root of the sample size, unless the samples have
equal sizes and variances (Cressie and Whitford, "How to use the two sample t-test", Biometrical Journal 28, 1986). No
test of means corrects it for small samples: transformations of t, permutations and the bootstrap of t do not.

A sample with a mean far from the true one lacks the long tail, and does not look skewed. The skewness is therefore
estimated from the standardized residuals of all samples together. The bound is 1, or √(n / 10) for n values in the
smallest sample if that is larger. Cochran ("Sampling Techniques", 3rd ed. 1977, section 2.15) requires √(n / 25) for
one mean; a part of the skewness cancels in a difference. The constants were chosen by the simulations of
`docs/explanation/validation.md`.

A difference in standard deviations also has the error of the standard deviation. It depends on the kurtosis, and does
not shrink against the error of the difference in larger samples. Its bound is 1/4 + n / 20, and at most 1.5: the fewer
values, the less of their skewness they show.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["most_skewed", "pooled_skewness", "skewed", "too_skewed_to_standardize"]

_ALWAYS_ALLOWED = 1.0
_MOST_STANDARDIZED = 1.5  # for a difference in standard deviations; reached with 25 values
_VALUES_AT_1 = 10  # values in the smallest sample with which a skewness of 1 is allowed, in the square root
_ROUNDING = 1e-12  # relative to the largest value; smaller residuals are rounding errors


def pooled_skewness(samples: Sequence[ArrayLike]) -> float:
    """Return the mean cube of the residuals, each divided by the standard deviation (with n) of its sample.

    Samples without variance do not count. Without any other the skewness is 0.
    """
    cubes, count = 0.0, 0
    for sample in samples:
        values = np.asarray(sample)
        residuals = values - values.mean()
        largest = float(np.abs(residuals).max())
        if largest > _ROUNDING * float(np.abs(values).max()):
            scaled = residuals / largest  # squares of very small or large values are not floats
            cubes += float((scaled**3).sum() / (scaled @ scaled / len(values)) ** 1.5)
            count += len(values)
    return cubes / count if count else 0.0


def most_skewed(n: int) -> float:
    """Return the largest skewness with which means are compared, for `n` values in the smallest sample."""
    return max(_ALWAYS_ALLOWED, math.sqrt(n / _VALUES_AT_1))


def skewed(samples: Sequence[ArrayLike]) -> str:
    """Return the reason why the skewness of samples forbids a comparison of their means, or an empty text."""
    n = min(np.size(sample) for sample in samples)
    found, most = abs(pooled_skewness(samples)), most_skewed(n)
    return f"a skewness of {found:.2f}, at most {most:.2f} with {n} values" if found > most else ""


def too_skewed_to_standardize(samples: Sequence[ArrayLike]) -> bool:
    """Return whether the skewness of samples forbids an interval of their difference in standard deviations."""
    n = min(np.size(sample) for sample in samples)
    return abs(pooled_skewness(samples)) > min(0.25 + n / 20, _MOST_STANDARDIZED)
