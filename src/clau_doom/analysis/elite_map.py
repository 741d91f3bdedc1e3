"""The map of a MAP-Elites archive: which behaviours were found, and how good the best of each is.

**Coverage** is the share of cells that are filled; the **QD score** the sum of the cells' fitness, each less an offset
that makes an empty cell count as the worst one (Pugh, Soros, Szerlip and Stanley, "Confronting the challenge of quality
diversity", GECCO 2015). The offset is the lowest fitness that any agent of the experiment had, so that QD scores of two
experiments compare only with a common offset.
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
        measure: The behaviour that it tells apart.
        low: Where its first cell begins.
        high: Where its last cell ends.
        cells: How many there are.
    """

    measure: str
    low: float
    high: float
    cells: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A filled cell.

    Attributes:
        place: Its index on each axis, from 0.
        agent: The best agent in it.
        fitness: Its training fitness.
    """

    place: tuple[int, ...]
    agent: AgentRef
    fitness: float


@dataclass(frozen=True, kw_only=True, slots=True)
class EliteMap:
    """An archive.

    Attributes:
        axes: Its axes.
        cells: The filled cells, by place.
        size: How many cells there are in all.
        coverage: The share that is filled.
        qd_score: The QD score.
        offset: The fitness that counts as 0 in it.
    """

    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    size: int
    coverage: float
    qd_score: float
    offset: float


def elite_map(axes: Sequence[DescriptorConfig], cells: Sequence[Cell], offset: float) -> EliteMap:
    """Return the map of an archive.

    Args:
        axes: The archive's axes, as configured.
        cells: The filled cells.
        offset: The lowest fitness that any agent had.
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
