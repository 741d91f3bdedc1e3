"""Map of a MAP-Elites archive, with its coverage and QD score.

**Coverage** is the share of filled cells. The **QD score** is the sum of the cells' fitness minus an offset for each
filled cell, so that an empty cell counts as much as the worst agent. Source: Pugh, Soros, Szerlip and Stanley,
"Confronting the challenge of quality diversity", GECCO 2015. The offset is the lowest fitness of all agents of the
experiment. QD scores of two experiments are comparable only with a common offset.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from clau_doom.config import DescriptorConfig
from clau_doom.domain import AgentRef

__all__ = ["Axis", "Cell", "EliteMap", "elite_map"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
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
    """

    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    size: int
    coverage: float
    qd_score: float
    offset: float


def elite_map(axes: Sequence[DescriptorConfig], cells: Sequence[Cell], offset: float) -> EliteMap:
    """Compute coverage and QD score of an archive.

    Args:
        axes: Configured axes.
        cells: Filled cells.
        offset: Lowest fitness of all agents.
    """
    size = math.prod(axis.cells for axis in axes)
    return EliteMap(
        axes=tuple(Axis(measure=axis.measure, low=axis.low, high=axis.high, cells=axis.cells) for axis in axes),
        cells=tuple(sorted(cells, key=lambda cell: cell.place)),
        size=size,
        coverage=len(cells) / size,
        qd_score=math.fsum(cell.fitness - offset for cell in cells),
        offset=offset,
    )
