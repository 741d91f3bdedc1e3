"""TOPSIS: ranking over several criteria by closeness to the ideal alternative.

After Hwang and Yoon, "Multiple Attribute Decision Making: Methods and Applications", 1981, chapter III: each criterion
is divided by the Euclidean norm of its column and weighted; the ideal takes the best of each column, the anti-ideal the
worst; an alternative's closeness is its distance to the anti-ideal over the sum of its distances to both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Criterion", "Ranked", "Ranking", "topsis"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """Criterion of a ranking.

    Attributes:
        name: Its name.
        weight: Relative weight; below 0 where less is better. Not 0.
    """

    name: str
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """One alternative.

    Attributes:
        name: Its name.
        rank: From 1, the best; equally close ones share the better rank.
        closeness: To the ideal: 0 is the worst of every criterion, 1 the best of every one; 0.5 where all are alike.
        values: Its values, in the order of the criteria.
    """

    name: str
    rank: int
    closeness: float
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """Alternatives ranked over several criteria.

    Attributes:
        criteria: With their weights, whose absolute values sum to 1.
        rows: The alternatives, the best first.
        basis: What the values are, for people: whose episodes, on which seeds.
    """

    criteria: tuple[Criterion, ...]
    rows: tuple[Ranked, ...]
    basis: str


def topsis(
    names: Sequence[str], values: Sequence[Sequence[float]], criteria: Sequence[Criterion], *, basis: str = ""
) -> Ranking:
    """Return the alternatives, ranked.

    Args:
        names: The alternatives.
        values: A row for each, of one finite value for each criterion.
        criteria: What counts; at least one.
        basis: See `Ranking`.
    """
    matrix = np.asarray(values, dtype=np.float64).reshape(len(names), len(criteria))
    signed = np.array([criterion.weight for criterion in criteria])
    signed = signed / np.abs(signed).sum()
    norms = np.linalg.norm(matrix, axis=0)
    # A cost is a benefit of the other sign.
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
