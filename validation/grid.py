"""Cells of the validation: combinations of a procedure, a distribution and a design."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from validation.distributions import DISTRIBUTIONS
from validation.procedures import Groups

__all__ = ["Cell", "grid"]

_COUNTS = (3, 5, 10, 20, 30, 100)
_BLOCKS = (5, 10, 30)
_RUNS = (5, 10, 20)
_TWO_SAMPLES = (
    Groups(sizes=(5, 5)),
    Groups(sizes=(10, 10)),
    Groups(sizes=(30, 30)),
    Groups(sizes=(100, 100)),
    Groups(sizes=(5, 20)),
    Groups(sizes=(10, 10), deviations=(1.0, 3.0)),
    Groups(sizes=(30, 30), deviations=(1.0, 3.0)),
    Groups(sizes=(5, 20), deviations=(3.0, 1.0)),
    Groups(sizes=(10, 30), deviations=(3.0, 1.0)),
)
_TABLES = (
    Groups(sizes=(5,), factors=(3,)),
    Groups(sizes=(10,), factors=(3,)),
    Groups(sizes=(30,), factors=(3,)),
    Groups(sizes=(10,), factors=(6,)),
    Groups(sizes=(10,), factors=(3,), deviations=(4.0, 2.0, 1.0)),
    Groups(sizes=(5, 10, 30), factors=(3,), deviations=(4.0, 2.0, 1.0)),
    Groups(sizes=(5,), factors=(2, 2)),
    Groups(sizes=(10,), factors=(2, 2)),
    Groups(sizes=(10,), factors=(2, 3)),
    Groups(sizes=(10,), factors=(2, 2), deviations=(1.0, 1.0, 1.0, 4.0)),
    Groups(sizes=(20, 20, 20, 5), factors=(2, 2), deviations=(1.0, 1.0, 1.0, 4.0)),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One cell of the grid.

    Attributes:
        procedure: Name of the procedure.
        distribution: Name of the distribution.
        groups: The design.
    """

    procedure: str
    distribution: str
    groups: Groups

    @property
    def name(self) -> str:
        """Unique name, from which the cell's random stream is seeded."""
        return f"{self.procedure} | {self.distribution} | {self.design}"

    @property
    def design(self) -> str:
        """The design as text, such as ``2 x 2, n = 10, sd = 1, 1, 1, 4``."""
        groups = self.groups
        parts = [f"n = {', '.join(map(str, groups.sizes))}"]
        if groups.factors:
            parts.insert(0, " x ".join(map(str, groups.factors)))
        if len(groups.deviations) > 1:
            parts.append(f"sd = {', '.join(f'{each:g}' for each in groups.deviations)}")
        return ", ".join(parts)


def grid() -> Iterator[Cell]:
    """Yield all cells in a fixed order."""
    for distribution in DISTRIBUTIONS:
        for procedure, groups in _designs():
            yield Cell(procedure=procedure, distribution=distribution, groups=groups)


def _designs() -> Iterator[tuple[str, Groups]]:
    """Yield the procedures with their designs."""
    yield from product(("mean", "paired", "aggregates"), [Groups(sizes=(count,)) for count in _COUNTS])
    yield from product(("unpaired",), _TWO_SAMPLES)
    equal = [groups for groups in _TWO_SAMPLES if len(groups.deviations) == 1]
    yield from product(("superiority", "equivalence", "effect size"), equal)
    yield from product(("table",), _TABLES)
    yield from product(("blocks",), _balanced(_BLOCKS, ((2,), (4,), (2, 2))))
    runs = ("runs, same seeds", "runs, half of the seeds", "runs, other seeds")
    yield from product(runs, _balanced(_RUNS, ((2,), (3,))))


def _balanced(counts: Sequence[int], factors: Sequence[tuple[int, ...]]) -> list[Groups]:
    return [Groups(sizes=(count,), factors=each) for count, each in product(counts, factors)]
