"""TOPSIS: ranking over several criteria by closeness to the ideal alternative.

Source: Hwang and Yoon, "Multiple Attribute Decision Making: Methods and Applications", 1981, chapter III. Each
criterion is divided by the Euclidean norm of its column and weighted. The ideal has the best value of each column, the
anti-ideal the worst. The closeness of an alternative is its distance to the anti-ideal, divided by the sum of its
distances to both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Criterion", "Ranked", "Ranking", "topsis"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """Criterion of a ranking.

    Attributes:
        name: Name of the criterion.
        weight: Relative weight, not 0. Negative if smaller values are better.
    """

    name: str
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """One ranked alternative.

    Attributes:
        name: Name of the alternative.
        rank: Rank from 1, the best. Alternatives with equal closeness share the better rank.
        closeness: Closeness to the ideal. 0: worst in every criterion; 1: best in every criterion; 0.5: all are equal.
        values: Values in the order of the criteria.
    """

    name: str
    rank: int
    closeness: float
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """Ranking of alternatives over several criteria.

    Attributes:
        criteria: Criteria with weights. The absolute values of the weights sum to 1.
        rows: Alternatives, best first.
        basis: Description of the values: agents, episodes and seeds.
    """

    criteria: tuple[Criterion, ...]
    rows: tuple[Ranked, ...]
    basis: str


def topsis(
    names: Sequence[str], values: Sequence[Sequence[float]], criteria: Sequence[Criterion], *, basis: str = ""
) -> Ranking:
    """Rank alternatives.

    Args:
        names: Names of the alternatives.
        values: One row per alternative, with a finite value for each criterion.
        criteria: At least one criterion.
        basis: See `Ranking`.
    """
    matrix = np.asarray(values, dtype=np.float64).reshape(len(names), len(criteria))
    signed = np.array([criterion.weight for criterion in criteria])
    signed = signed / np.abs(signed).sum()
    norms = np.linalg.norm(matrix, axis=0)
    # Negating a cost turns it into a benefit.
    weighted = signed * matrix / np.where(norms > 0.0, norms, 1.0)
    to_best = np.linalg.norm(weighted - weighted.max(axis=0), axis=1)
    to_worst = np.linalg.norm(weighted - weighted.min(axis=0), axis=1)
    both = to_best + to_worst
    closeness = np.where(both > 0.0, to_worst / np.where(both > 0.0, both, 1.0), 0.5).tolist()
    order = sorted(range(len(names)), key=lambda at: (-closeness[at], at))
    rows = tuple(
        Ranked(
            name=names[at],
            rank=1 + sum(other > closeness[at] for other in closeness),
            closeness=closeness[at],
            values=tuple(matrix[at].tolist()),
        )
        for at in order
    )
    kept = tuple(
        Criterion(name=criterion.name, weight=float(weight)) for criterion, weight in zip(criteria, signed, strict=True)
    )
    return Ranking(criteria=kept, rows=rows, basis=basis)
