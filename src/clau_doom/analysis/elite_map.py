"""Map of a MAP-Elites archive, with its coverage and QD score.

**Coverage** is the share of filled cells. The **QD score** is the sum of the cells' fitness minus an offset for each
filled cell, so that an empty cell counts as much as the worst agent. Source: Pugh, Soros, Szerlip and Stanley,
"Confronting the challenge of quality diversity", GECCO 2015.

The offset is the smallest possible fitness if it is known. It is 0 for a sum of measures with positive weights, because
all bundled measures except the reward are 0 or more. For other fitness functions, the offset is the lowest fitness of
all agents of the experiment. QD scores of two experiments are comparable only with a common offset: see
`quality_diversity`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.config import DescriptorConfig
from clau_doom.domain import AgentRef, Fitness
from clau_doom.domain.episode import MEASURES

__all__ = ["Cell", "DescriptorAxis", "EliteMap", "elite_map", "smallest_fitness"]


@dataclass(frozen=True, kw_only=True, slots=True)
class DescriptorAxis:
    """One axis of the archive.

    Attributes:
        measure: Measure of behaviour.
        low: Lower bound of the first cell.
        high: Upper bound of the last cell.
        cells: Number of cells.
    """

    measure: str
    low: float
    high: float
    cells: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A filled cell.

    Attributes:
        place: Index on each axis, from 0.
        agent: Best agent of the cell.
        fitness: Training fitness of the agent.
    """

    place: tuple[int, ...]
    agent: AgentRef
    fitness: float


@dataclass(frozen=True, kw_only=True, slots=True)
class EliteMap:
    """Cells and scores of an archive.

    Attributes:
        axes: Axes of the archive.
        cells: Filled cells, sorted by place.
        size: Number of cells, filled and empty.
        coverage: Share of filled cells, 0 to 1.
        qd_score: QD score.
        offset: Fitness that counts as 0 in the QD score.
        fixed: Whether the offset is the smallest possible fitness. Otherwise, it is the lowest fitness of all agents.
    """

    axes: tuple[DescriptorAxis, ...]
    cells: tuple[Cell, ...]
    size: int
    coverage: float
    qd_score: float
    offset: float
    fixed: bool


def smallest_fitness(fitness: Fitness) -> float | None:
    """Return the smallest possible fitness, or None if it is unknown."""
    known = {"score", *MEASURES} - {"reward"}  # a measure of the user can be negative
    bounded = all(weight >= 0.0 and name in known for name, weight in fitness.weights)
    return 0.0 if bounded else None


def elite_map(
    axes: Sequence[DescriptorConfig], cells: Sequence[Cell], *, smallest: float | None, lowest: float
) -> EliteMap:
    """Compute coverage and QD score of an archive.

    Args:
        axes: Configured axes.
        cells: Filled cells.
        smallest: Smallest possible fitness, or None if it is unknown.
        lowest: Lowest fitness of all agents.
    """
    offset = lowest if smallest is None else smallest
    size = math.prod(axis.cells for axis in axes)
    return EliteMap(
        axes=tuple(
            DescriptorAxis(measure=axis.measure, low=axis.low, high=axis.high, cells=axis.cells) for axis in axes
        ),
        cells=tuple(sorted(cells, key=lambda cell: cell.place)),
        size=size,
        coverage=len(cells) / size,
        qd_score=math.fsum(cell.fitness - offset for cell in cells),
        offset=offset,
        fixed=smallest is not None,
    )
