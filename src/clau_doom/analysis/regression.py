"""Linear regression of fitness on genes, with diagnostics of its assumptions.

Ordinary least squares of fitness on the genes, both standardised, so that a coefficient is in standard deviations of
fitness for one of the gene. A choice enters as indicators, its first value that occurs being what the others are
measured against. Terms that never vary, and terms that are a combination of those before them, are left out and told.

- **VIF**, the variance inflation factor of a term, is 1 / (1 - R²) of its regression on the others; above 10 its
  coefficient cannot be told from its neighbours' (Belsley, Kuh and Welsch, "Regression Diagnostics", 1980).
- the **condition number** is that of the standardised terms; above 30 the same is true of the whole (ibid.).
- **Breusch and Pagan's** test ("A simple test for heteroscedasticity and random coefficient variation", Econometrica
  47, 1979), in Koenker's form (1981), asks whether the noise depends on the genes. Where it says so at 5 %, intervals
  and p-values are those of MacKinnon and White's HC3 ("Some heteroskedasticity-consistent covariance matrix estimators
  with improved finite sample properties", Journal of Econometrics 29, 1985), which do not mind.

Agents were bred and not drawn at random: genes drift together, and a coefficient is an association and no cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import statsmodels.api as sm
from statsmodels.stats.diagnostic import het_breuschpagan

from clau_doom.analysis.genomes import Encoded, Matrix
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.statistics.intervals import CONFIDENCE

__all__ = ["Dropped", "Regression", "Term", "regress"]

FREEDOM = 10
"""Fewer residual degrees of freedom make every diagnostic a guess."""

_ALPHA = 0.05
_COMBINED = "it is a linear combination of terms before it"
_DEPENDENT = 1e-7  # what is left of a unit column that the columns before it explain
_FULL_LEVERAGE = 0.999  # HC3 divides by the square of what is missing to 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One term's association with fitness.

    Attributes:
        name: The gene's name, or ``gene=choice``.
        gene: The gene.
        coefficient: Standard deviations of fitness for one standard deviation of the term, others held.
        low: The lower end of its 95 % interval.
        high: The upper end.
        p: Its two-sided p-value, not corrected for the number of terms.
        vif: Its variance inflation factor, at least 1.
    """

    name: str
    gene: str
    coefficient: float
    low: float
    high: float
    p: float
    vif: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Dropped:
    """A term that was left out.

    Attributes:
        name: Its name.
        reason: Why.
    """

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Regression:
    """Fitness regressed on the genes.

    Attributes:
        n: How many agents.
        terms: In the order of the genes.
        r_squared: The share of the variance of fitness that the genes explain.
        adjusted: The same, adjusted for the number of terms.
        f: The F statistic of all terms together.
        f_p: Its p-value.
        breusch_pagan: Breusch and Pagan's Lagrange multiplier.
        breusch_pagan_p: Its p-value.
        condition: The condition number of the standardised terms.
        covariance: Which covariance the intervals are of: ``classical``, ``HC3``, or ``HC1`` where a single agent alone
            decides a coefficient.
        dropped: The terms that were left out.
    """

    n: int
    terms: tuple[Term, ...]
    r_squared: float
    adjusted: float
    f: float
    f_p: float
    breusch_pagan: float
    breusch_pagan_p: float
    condition: float
    covariance: str
    dropped: tuple[Dropped, ...]


def regress(encoded: Encoded, fitness: Sequence[float]) -> Regression | Unavailable:
    """Return fitness regressed on genes, or why it cannot be.

    Args:
        encoded: The genes of agents with a fitness.
        fitness: The fitness of each.
    """
    y = np.asarray(fitness, dtype=np.float64)
    kept, design, dropped = _independent(encoded)
    if not kept:
        return Unavailable(missing="no gene varies among the agents")
    if len(y) < len(kept) + 1 + FREEDOM:
        # Fewer agents than terms make terms combinations of each other: all that vary are what was asked for.
        terms = len(kept) + sum(each.reason == _COMBINED for each in dropped)
        return Unavailable(missing=f"{len(y)} agents are too few for {terms} terms: {terms + 1 + FREEDOM} are needed")
    if np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        return Unavailable(missing="all agents are equally fit")
    y = (y - y.mean()) / y.std(ddof=1)
    model = sm.OLS(y, sm.add_constant(design, has_constant="add"))
    plain = model.fit()
    multiplier, multiplier_p, _, _ = het_breuschpagan(plain.resid, model.exog)
    covariance = _covariance(model.exog) if multiplier_p < _ALPHA else "classical"
    fit = plain if covariance == "classical" else model.fit(cov_type=covariance, use_t=True)
    return Regression(
        n=len(y),
        terms=_terms(encoded, kept, design, fit),
        r_squared=float(plain.rsquared),
        adjusted=float(plain.rsquared_adj),
        f=float(plain.fvalue),
        f_p=float(plain.f_pvalue),
        breusch_pagan=float(multiplier),
        breusch_pagan_p=float(multiplier_p),
        condition=float(np.linalg.cond(design)),
        covariance=covariance,
        dropped=dropped,
    )


def _terms(encoded: Encoded, kept: Sequence[int], design: Matrix, fit: Any) -> tuple[Term, ...]:
    """Return the coefficients of a fit whose first one is the constant."""
    ends = fit.conf_int(1.0 - CONFIDENCE)
    # The inverse of the correlations holds what each term's regression on the others would give.
    vifs = np.diag(np.linalg.inv(np.corrcoef(design, rowvar=False).reshape(len(kept), len(kept))))
    return tuple(
        Term(
            name=encoded.terms[column],
            gene=encoded.genes[column],
            coefficient=float(fit.params[place]),
            low=float(ends[place][0]),
            high=float(ends[place][1]),
            p=float(fit.pvalues[place]),
            vif=max(1.0, float(vifs[place - 1])),
        )
        for place, column in enumerate(kept, start=1)
    )


def _independent(encoded: Encoded) -> tuple[list[int], Matrix, tuple[Dropped, ...]]:
    """Return the columns to keep, standardised, and those that are left out."""
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
        for _ in range(2):  # once more, because rounding leaves traces of the first pass
            left = left - before @ (before.T @ left)
        size = float(np.linalg.norm(left))
        if size < _DEPENDENT:
            dropped.append(Dropped(name=name, reason=_COMBINED))
            continue
        basis[:, len(kept)] = left / size
        standard[:, len(kept)] = unit * np.sqrt(rows - 1.0)
        kept.append(at)
    return kept, standard[:, : len(kept)], tuple(dropped)


def _covariance(exog: Matrix) -> str:
    leverage = np.sum(np.linalg.qr(exog)[0] ** 2, axis=1)
    return "HC3" if float(leverage.max()) < _FULL_LEVERAGE else "HC1"
