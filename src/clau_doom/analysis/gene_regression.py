"""Linear regression of fitness on genes, as a description of the agents of one run.

The model is ordinary least squares of fitness on the genes. Both are standardised, so that a coefficient is in standard
deviations of fitness per standard deviation of the gene. A choice is encoded as indicators, with its first occurring
value as the reference. Constant terms and linear combinations of earlier terms are left out and listed in `dropped`.

There are no p-values and no intervals. Agents are bred from each other, so that they are not independent observations.
A gene that arose once and was inherited by many agents would count many times. Coefficients are associations among the
agents of this run, not effects: genes change together, and with the generations.

- **VIF**, the variance inflation factor of a term, is 1 / (1 - R²) of its regression on the other terms. Above 10, its
  coefficient is poorly separated from those of other terms (Belsley, Kuh and Welsch, "Regression Diagnostics", 1980).
- The **condition number** is that of the standardised terms. Above 30, the whole regression is ill-conditioned (ibid.).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clau_doom.analysis.genome_encoding import Encoded, Matrix
from clau_doom.analysis.unavailable import Unavailable

__all__ = ["Dropped", "Regression", "Term", "regress"]

FREEDOM = 10
"""Smallest number of agents beyond the number of coefficients. With fewer, the coefficients mostly follow the noise."""

_COMBINED = "it is a linear combination of terms before it"
_DEPENDENT = 1e-7  # remaining norm of a unit column after projection on earlier columns


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """Association of one term with fitness.

    Attributes:
        name: Name of the gene, or ``gene=choice``.
        gene: The gene.
        coefficient: Standard deviations of fitness per standard deviation of the term, with other terms held constant.
        vif: Variance inflation factor, at least 1.
    """

    name: str
    gene: str
    coefficient: float
    vif: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Dropped:
    """A term that was left out.

    Attributes:
        name: Name of the term.
        reason: Reason for leaving it out.
    """

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Regression:
    """Regression of fitness on genes.

    Attributes:
        n: Number of agents.
        terms: Terms in the order of the genes.
        r_squared: Share of the variance of fitness that the genes explain.
        condition: Condition number of the standardised terms.
        dropped: Terms that were left out.
    """

    n: int
    terms: tuple[Term, ...]
    r_squared: float
    condition: float
    dropped: tuple[Dropped, ...]


def regress(encoded: Encoded, fitness: Sequence[float]) -> Regression | Unavailable:
    """Regress fitness on genes, or return the reason why this is impossible.

    Args:
        encoded: Genes of the agents with a fitness.
        fitness: Fitness of each agent.
    """
    y = np.asarray(fitness, dtype=np.float64)
    kept, design, dropped = _independent(encoded)
    if not kept:
        return Unavailable(missing="no gene varies among the agents")
    if len(y) < len(kept) + 1 + FREEDOM:
        # With fewer agents than terms, terms depend on each other. All terms that vary count as required.
        terms = len(kept) + sum(each.reason == _COMBINED for each in dropped)
        return Unavailable(missing=f"{len(y)} agents are too few for {terms} terms: {terms + 1 + FREEDOM} are needed")
    if np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        return Unavailable(missing="all agents are equally fit")
    y = (y - y.mean()) / y.std(ddof=1)
    coefficients = np.linalg.lstsq(design, y)[0]  # all columns have the mean 0, so that the constant is 0
    return Regression(
        n=len(y),
        terms=_terms(encoded, kept, design, coefficients.tolist()),
        r_squared=1.0 - float(np.sum((y - design @ coefficients) ** 2)) / float(y @ y),
        condition=float(np.linalg.cond(design)),
        dropped=dropped,
    )


def _terms(encoded: Encoded, kept: Sequence[int], design: Matrix, coefficients: Sequence[float]) -> tuple[Term, ...]:
    # The diagonal of the inverse correlation matrix contains the VIFs.
    vifs = np.diag(np.linalg.inv(np.corrcoef(design, rowvar=False).reshape(len(kept), len(kept))))
    return tuple(
        Term(name=encoded.terms[column], gene=encoded.genes[column], coefficient=coefficient, vif=max(1.0, float(vif)))
        for column, coefficient, vif in zip(kept, coefficients, vifs, strict=True)
    )


def _independent(encoded: Encoded) -> tuple[list[int], Matrix, tuple[Dropped, ...]]:
    """Return the indices of the columns to keep, these columns standardised, and the dropped terms."""
    kept: list[int] = []
    dropped: list[Dropped] = []
    references: set[str] = set()
    rows = len(encoded.matrix)
    standard = np.zeros((rows, len(encoded.terms)))
    basis = np.zeros_like(standard)
    for at, (name, gene) in enumerate(zip(encoded.terms, encoded.genes, strict=True)):
        column = encoded.matrix[:, at]
        if np.ptp(column) <= 1e-12:
            dropped.append(Dropped(name=name, reason="it does not vary"))
            continue
        if name != gene and gene not in references:
            references.add(gene)
            dropped.append(Dropped(name=name, reason="the gene's other choices are measured against it"))
            continue
        unit = column - column.mean()
        unit = unit / np.linalg.norm(unit)
        left, before = unit, basis[:, : len(kept)]
        for _ in range(2):  # a second pass removes rounding errors of the first
            left = left - before @ (before.T @ left)
        size = float(np.linalg.norm(left))
        if size < _DEPENDENT:
            dropped.append(Dropped(name=name, reason=_COMBINED))
            continue
        basis[:, len(kept)] = left / size
        standard[:, len(kept)] = unit * np.sqrt(rows - 1.0)
        kept.append(at)
    return kept, standard[:, : len(kept)], tuple(dropped)
