"""Linear regression of fitness on genes, with diagnostics of its assumptions.

The model is ordinary least squares of fitness on the genes. Both are standardised, so that a coefficient is in standard
deviations of fitness per standard deviation of the gene. A choice is encoded as indicators, with its first occurring
value as the reference. Constant terms and linear combinations of earlier terms are left out and listed in `dropped`.

- **VIF**, the variance inflation factor of a term, is 1 / (1 - R²) of its regression on the other terms. Above 10, its
  coefficient is poorly separated from those of other terms (Belsley, Kuh and Welsch, "Regression Diagnostics", 1980).
- The **condition number** is that of the standardised terms. Above 30, the whole regression is ill-conditioned (ibid.).
- The **Breusch-Pagan** test ("A simple test for heteroscedasticity and random coefficient variation", Econometrica 47,
  1979), in Koenker's form (1981), tests whether the noise depends on the genes. If it is significant at 5 %, intervals
  and p-values use the HC3 covariance by MacKinnon and White, which is robust to heteroscedasticity ("Some
  heteroskedasticity-consistent covariance matrix estimators with improved finite sample properties", Journal of
  Econometrics 29, 1985).

Agents are bred and not sampled at random, so that genes are correlated. A coefficient is an association, not a cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import statsmodels.api as sm
from statsmodels.stats.diagnostic import het_breuschpagan

from clau_doom.analysis.genome_encoding import Encoded, Matrix
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.statistics.intervals import CONFIDENCE

__all__ = ["Dropped", "Regression", "Term", "regress"]

FREEDOM = 10
"""Minimum residual degrees of freedom. With fewer, the diagnostics are unreliable."""

_ALPHA = 0.05
_COMBINED = "it is a linear combination of terms before it"
_DEPENDENT = 1e-7  # remaining norm of a unit column after projection on earlier columns
_FULL_LEVERAGE = 0.999  # HC3 divides by the square of 1 minus the leverage


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """Association of one term with fitness.

    Attributes:
        name: Name of the gene, or ``gene=choice``.
        gene: The gene.
        coefficient: Standard deviations of fitness per standard deviation of the term, with other terms held constant.
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
        p: Two-sided p-value, not corrected for the number of terms.
        vif: Variance inflation factor, at least 1.
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
        adjusted: R², adjusted for the number of terms.
        f: F statistic of all terms together.
        f_p: p-value of the F statistic.
        breusch_pagan: Lagrange multiplier of the Breusch-Pagan test.
        breusch_pagan_p: p-value of the Breusch-Pagan test.
        condition: Condition number of the standardised terms.
        covariance: Covariance of the intervals: ``classical``, ``HC3``, or ``HC1`` if a single agent decides a
            coefficient.
        dropped: Terms that were left out.
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
    """Return the coefficients of a fit. The constant is the first column of `design`."""
    ends = fit.conf_int(1.0 - CONFIDENCE)
    # The diagonal of the inverse correlation matrix contains the VIFs.
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


def _covariance(exog: Matrix) -> str:
    leverage = np.sum(np.linalg.qr(exog)[0] ** 2, axis=1)
    return "HC3" if float(leverage.max()) < _FULL_LEVERAGE else "HC1"
