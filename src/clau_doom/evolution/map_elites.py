"""MAP-Elites: an archive with the best agent of each cell of behaviour.

After Mouret and Clune, Illuminating search spaces by mapping elites, arXiv:1504.04909. Generation 0 is drawn uniformly,
or is that of a warm start, from which the first elites come.
Later, parents are drawn uniformly from the filled cells of the archive. Children are created by the iso+line operator
(see `operators.line`). The configuration's `crossover` is the probability of a second parent. A cell keeps the agent
with the highest observed fitness. Under noise this fitness is partly luck. The experiment's validation seeds separate
luck from skill.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clau_doom.config import MapElitesConfig
from clau_doom.domain import AgentRef, Genome, GenomeSpace, Measures
from clau_doom.evolution.coordinates import Matrix, row_slices
from clau_doom.evolution.descriptors import describe_behaviour
from clau_doom.evolution.offspring import Offspring, Result
from clau_doom.evolution.operators import line, mutate
from clau_doom.evolution.strategy import Strategy

__all__ = ["Elite", "MapElites"]

_LINE_SIGMA = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Elite:
    """Best agent of one cell.

    Attributes:
        cell: Index on each axis of the archive, from 0; empty for agents without measures, which share one cell.
        behaviour: Descriptors, one for each axis, or empty.
        ref: The agent.
        genome: Its genes.
        fitness: Its fitness.
    """

    cell: tuple[int, ...]
    behaviour: tuple[float, ...]
    ref: AgentRef
    genome: Genome
    fitness: float


class MapElites(Strategy):
    """Strategy that varies the best agents of a grid over behaviour."""

    name = "map-elites"

    def __init__(self, config: MapElitesConfig, space: GenomeSpace, population: int, seed: int) -> None:
        """Start before generation 0; see `Strategy`."""
        super().__init__(space, population, seed)
        self.config = config
        self._cells: dict[tuple[int, ...], tuple[Elite, Matrix]] = {}
        self._rows: Matrix = np.zeros((0, len(space)))
        self._genomes: list[Genome] = []

    @property
    def archive(self) -> tuple[Elite, ...]:
        """Elites by cell."""
        return tuple(self._cells[cell][0] for cell in sorted(self._cells))

    def _ask(self) -> Sequence[Offspring]:
        rng = self._stream(self.generation)
        if self._cells:
            self._rows, made = self._vary(rng)
        else:
            self._rows = self._coordinates.draw(rng, self.population)
            made = [((), "draw")] * self.population
        self._genomes = [self._coordinates.genome(row) for row in self._rows]
        return [
            Offspring(genome, parents, operator)
            for genome, (parents, operator) in zip(self._genomes, made, strict=True)
        ]

    def _vary(self, rng: np.random.Generator) -> tuple[Matrix, list[tuple[tuple[AgentRef, ...], str]]]:
        """Return the coordinates of the next generation, and the parents and operator of each agent."""
        space, sigma = self._coordinates, self.config.sigma
        held = [self._cells[cell] for cell in sorted(self._cells)]
        parents = np.array([row for _, row in held])
        first, second = rng.integers(len(held), size=(2, self.population))
        crossed = (rng.random(self.population) < self.config.crossover) & (first != second)
        children = line(space, parents, first, second, rng, sigma=_LINE_SIGMA)
        for child in np.flatnonzero(~crossed):
            children[child] = parents[first[child]]
        # An integer gene has no small step: sigma is the probability of a step.
        genes = np.empty(children.shape, dtype=bool)
        for at in row_slices(genes.shape):
            genes[at] = space.real | (rng.random(genes[at].shape) < sigma)
        rows = mutate(space, children, genes, rng, sigma=sigma)
        refs = [elite.ref for elite, _ in held]
        made: list[tuple[tuple[AgentRef, ...], str]] = [
            ((refs[one], refs[other]), "line+mutation") if both else ((refs[one],), "mutation")
            for one, other, both in zip(first, second, crossed, strict=True)
        ]
        return rows, made

    def _immigrate(self, index: int, genome: Genome) -> None:
        self._rows[index] = self._coordinates.row(genome)
        self._genomes[index] = genome

    def _tell(self, results: Sequence[Result]) -> None:
        for index, result in enumerate(results):
            if result.fitness is None:
                continue
            behaviour = self._behaviour(result.measures)
            cell = self._cell(behaviour)
            held = self._cells.get(cell)
            if held is None or result.fitness > held[0].fitness:
                elite = Elite(
                    cell=cell,
                    behaviour=behaviour,
                    ref=AgentRef(self.generation, index),
                    genome=self._genomes[index],
                    fitness=result.fitness,
                )
                self._cells[cell] = (
                    elite,
                    self._rows[index].copy(),
                )  # a view would keep the whole generation in memory

    def _behaviour(self, measures: Measures | None) -> tuple[float, ...]:
        if measures is None:
            return ()
        return tuple(describe_behaviour(axis.measure, measures) for axis in self.config.descriptors)

    def _cell(self, behaviour: tuple[float, ...]) -> tuple[int, ...]:
        if not behaviour:
            return ()
        return tuple(
            min(max(int((value - axis.low) / (axis.high - axis.low) * axis.cells), 0), axis.cells - 1)
            for value, axis in zip(behaviour, self.config.descriptors, strict=True)
        )
