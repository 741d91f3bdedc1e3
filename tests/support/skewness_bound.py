"""Bound on the skewness of values above which intervals of Hedges' g are withheld."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["too_skewed_for_g"]


def too_skewed_for_g(groups: Sequence[NDArray[np.float64]]) -> bool:
    """Return whether intervals of g are withheld; R prints them. `docs/explanation/validation.md` has the bound."""
    residuals = np.concatenate([(group - group.mean()) / (group.std() or 1.0) for group in groups])
    return abs(float((residuals**3).mean())) > min(0.25 + min(map(len, groups)) / 20, 1.5)
