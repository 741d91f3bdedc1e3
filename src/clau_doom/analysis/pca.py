"""Principal components of genomes.

The components come from the singular value decomposition of the centred columns (Pearson 1901; Jolliffe, "Principal
Component Analysis", 2nd ed. 2002). A component's sign is arbitrary. Here, the loading with the largest absolute value
(of equal ones the first) is positive, so that the same genomes give the same result.
"""

from dataclasses import dataclass

import numpy as np

from clau_doom.analysis.genome_encoding import Encoded, Matrix
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import AgentRef

__all__ = ["Components", "Score", "gene_components", "principal_components"]

KEPT = 5
"""Maximum number of components."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """Coordinates of one agent.

    Attributes:
        agent: The agent.
        fitness: Fitness of the agent, or None.
        values: Score on each component.
    """

    agent: AgentRef
    fitness: float | None
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Components:
    """Principal components of genomes.

    Attributes:
        terms: Names of the columns.
        deviations: Standard deviations of the scores, largest first.
        explained: Share of the total variance that each component explains.
        loadings: For each component, the weight of each term. The weights have the length 1.
        scores: Scores of the agents, in the order given.
    """

    terms: tuple[str, ...]
    deviations: tuple[float, ...]
    explained: tuple[float, ...]
    loadings: tuple[tuple[float, ...], ...]
    scores: tuple[Score, ...]


def gene_components(
    encoded: Encoded, agents: tuple[AgentRef, ...], fitness: tuple[float | None, ...]
) -> Components | Unavailable:
    """Compute the principal components of encoded genomes, with choices as indicators.

    Indicators are divided by the square root of 2. Two agents that differ in one choice then have the distance 1, like
    two agents at the two ends of a gene.

    Args:
        encoded: The genomes.
        agents: Agents of the genomes.
        fitness: Fitness of each agent, or None.
    """
    choices = np.array([term != gene for term, gene in zip(encoded.terms, encoded.genes, strict=True)], dtype=bool)
    matrix = np.where(choices, encoded.matrix / np.sqrt(2.0), encoded.matrix)
    if len(matrix) < 2 or not matrix.size or float(np.ptp(matrix, axis=0).max()) <= 1e-12:
        return Unavailable(missing="all genomes are alike: they have no direction to differ in")
    deviations, explained, loadings, scores = principal_components(matrix)
    return Components(
        terms=encoded.terms,
        deviations=tuple(deviations.tolist()),
        explained=tuple(explained.tolist()),
        loadings=tuple(tuple(row) for row in loadings.tolist()),
        scores=tuple(
            Score(agent=agent, fitness=fit, values=tuple(row))
            for agent, fit, row in zip(agents, fitness, scores.tolist(), strict=True)
        ),
    )


def principal_components(matrix: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """Compute the leading components of a matrix.

    Args:
        matrix: Shape (rows, columns), with at least two different rows.

    Returns:
        Standard deviations of the scores, shape (components,); shares of variance, shape (components,); loadings, shape
        (components, columns); scores, shape (rows, components). At most `KEPT` components.
    """
    centred = matrix - matrix.mean(axis=0)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    # Rounding must not decide a sign: loadings within 1e-9 of the largest count as equal.
    largest = np.abs(right).max(axis=1, keepdims=True)
    leading = np.argmax(np.abs(right) >= (1.0 - 1e-9) * largest, axis=1)
    signs = np.where(right[np.arange(len(right)), leading] < 0.0, -1.0, 1.0)
    variance = sizes**2
    count = min(KEPT, int(np.sum(sizes > 1e-12 * sizes[0])))
    return (
        sizes[:count] / np.sqrt(len(matrix) - 1.0),
        (variance / variance.sum())[:count],
        (signs[:, None] * right)[:count],
        (left * sizes * signs)[:, :count],
    )
