"""Encoding of genomes on a common scale, and their diversity.

A real or integer gene is scaled from 0, its lowest value, to 1, its highest value. A choice is not ordered: two
different values have the distance 1. Genes with a single possible value are left out. Distances are Gower's ("A general
coefficient of similarity and some of its properties", Biometrics 27, 1971), the mean of the scaled differences over the
genes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clau_doom.domain import Gene, GeneKind, Genome, GenomeSpace

__all__ = ["Diversity", "Encoded", "GeneHistory", "Matrix", "diversity", "encode", "gene_histories"]

Matrix = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """Genomes as a matrix.

    Attributes:
        terms: Names of the columns: a gene, or ``gene=choice``.
        genes: Gene of each column.
        matrix: Values from 0 to 1, shape (genomes, terms). A choice has an indicator column for each of its values.
    """

    terms: tuple[str, ...]
    genes: tuple[str, ...]
    matrix: Matrix


@dataclass(frozen=True, kw_only=True, slots=True)
class Diversity:
    """Diversity of the agents of a generation.

    Attributes:
        generation: Number of the generation.
        distance: Mean distance between two agents. 0: all are equal; 1/3: expected for real genes drawn uniformly.
        spreads: Mean distance in each variable gene, in the order of the genes.
    """

    generation: int
    distance: float
    spreads: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GeneHistory:
    """Distribution of one gene by generation.

    Attributes:
        gene: Name of the gene.
        kind: Kind of the gene.
        means: By generation, the mean on the scale from 0 to 1. For a choice, the share of the most frequent value.
        spreads: By generation, the mean distance between two agents in this gene.
        commonest: By generation, the most frequent value of a choice. Empty for other genes.
    """

    gene: str
    kind: GeneKind
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    commonest: tuple[str, ...] = ()


def encode(space: GenomeSpace, genomes: Sequence[Genome]) -> Encoded:
    """Encode genomes as a matrix.

    Args:
        space: Genes of the genomes.
        genomes: At least one genome.
    """
    values = _matrix(space, genomes)
    terms, genes, columns = [], [], []
    for gene, column in _free(space, values):
        if gene.kind is GeneKind.CHOICE:
            terms += [f"{gene.name}={choice}" for choice in gene.choices]
            genes += [gene.name] * len(gene.choices)
            columns += [(column == place).astype(np.float64) for place in range(len(gene.choices))]
        else:
            terms.append(gene.name)
            genes.append(gene.name)
            columns.append(_scaled(gene, column))
    matrix = np.column_stack(columns) if columns else np.zeros((len(genomes), 0))
    return Encoded(terms=tuple(terms), genes=tuple(genes), matrix=matrix)


def diversity(space: GenomeSpace, generation: int, genomes: Sequence[Genome]) -> Diversity:
    """Compute the diversity of a generation. It is 0 for a single genome or without variable genes.

    Args:
        space: Genes of the genomes.
        generation: Number of the generation.
        genomes: At least one genome.
    """
    values = _matrix(space, genomes)
    spreads = tuple(_spread(gene, column) for gene, column in _free(space, values))
    return Diversity(generation=generation, distance=float(np.mean(spreads)) if spreads else 0.0, spreads=spreads)


def gene_histories(space: GenomeSpace, generations: Sequence[Sequence[Genome]]) -> tuple[GeneHistory, ...]:
    """Compute the distribution of each variable gene by generation.

    Args:
        space: Genes of the genomes.
        generations: Genomes of each generation, at least one.
    """
    by_generation = [_free(space, _matrix(space, row)) for row in generations]
    return tuple(_history([row[at] for row in by_generation]) for at in range(len(by_generation[0])))


def _history(columns: Sequence[tuple[Gene, Matrix]]) -> GeneHistory:
    gene = columns[0][0]
    spreads = tuple(_spread(gene, column) for _, column in columns)
    if gene.kind is not GeneKind.CHOICE:
        means = tuple(float(_scaled(gene, column).mean()) for _, column in columns)
        return GeneHistory(gene=gene.name, kind=gene.kind, means=means, spreads=spreads)
    counts = [np.bincount(column.astype(np.int64), minlength=len(gene.choices)) for _, column in columns]
    return GeneHistory(
        gene=gene.name,
        kind=gene.kind,
        means=tuple(float(row.max() / row.sum()) for row in counts),
        spreads=spreads,
        commonest=tuple(gene.choices[int(np.argmax(row))] for row in counts),
    )


def _matrix(space: GenomeSpace, genomes: Sequence[Genome]) -> Matrix:
    """Return genomes as a matrix of shape (genomes, genes)."""
    return np.array([genome.array() for genome in genomes]).reshape(len(genomes), len(space))


def _free(space: GenomeSpace, values: Matrix) -> list[tuple[Gene, Matrix]]:
    return [(gene, values[:, at]) for at, gene in enumerate(space.genes) if gene.high > gene.low]


def _scaled(gene: Gene, column: Matrix) -> Matrix:
    # Halve the values first, because the difference of two doubles may overflow.
    return (0.5 * column - 0.5 * gene.low) / (0.5 * gene.high - 0.5 * gene.low)


def _spread(gene: Gene, column: Matrix) -> float:
    """Return the mean distance between two agents in one gene. Sorting avoids a loop over all pairs."""
    n = len(column)
    if n < 2:
        return 0.0
    pairs = n * (n - 1) / 2.0
    if gene.kind is GeneKind.CHOICE:
        counts = np.unique(column, return_counts=True)[1]
        return float(1.0 - np.sum(counts * (counts - 1) / 2.0) / pairs)
    ranked = np.sort(_scaled(gene, column))
    return float(np.sum((2.0 * np.arange(n) - n + 1.0) * ranked) / pairs)
