"""Distribution of each gene by generation."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, SmallCurve, SmallCurves
from clau_doom.analysis.document import Block, Cell, Chart, Column, Fixed, Section, Table, TextTable, Trend
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.genome_encoding import GeneHistory, gene_histories
from clau_doom.analysis.sections.diversity import variable_space
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import GeneKind
from clau_doom.number_format import percent

__all__ = ["TITLE", "compute", "describe"]

TITLE = "Genes by generation"

_DRAWN = 40  # genes; a network has thousands
_ROWS = 500  # of the table; JSON has the others


def compute(data: ExperimentData) -> tuple[GeneHistory, ...] | Unavailable:
    """Compute the distribution of each gene by generation."""
    space = data.result(variable_space)
    if isinstance(space, Unavailable):
        return space
    return gene_histories(space, [[each.agent.genome for each in row] for row in data.finished_generations])


def describe(data: ExperimentData) -> Section:
    """Describe the distribution of genes by generation."""
    genes = data.result(compute)
    block: Block = genes if isinstance(genes, Unavailable) else _chart(data, genes)
    return Section(name="gene-distributions", title=TITLE, blocks=(block,), data={"genes": genes})


def _chart(data: ExperimentData, genes: Sequence[GeneHistory]) -> Chart:
    # If there are many genes, draw those with the largest change of the mean. They include genes that became fixed.
    farthest = sorted(range(len(genes)), key=lambda at: (-abs(genes[at].means[-1] - genes[at].means[0]), at))
    drawn = [genes[at] for at in sorted(farthest[:_DRAWN])]
    some = f" The {_DRAWN} genes with the largest change of {len(genes):,} are drawn." if len(genes) > _DRAWN else ""
    return Chart(
        name="genes",
        title="Genes",
        caption=(
            f"Each gene on its own range, from 0, its lowest value, to 1, its highest value, over generations 0 to "
            f"{len(genes[0].means) - 1}. Of a choice: the share of its most frequent value. The spread is the mean "
            f"distance between two agents. All agents are measured, so that there is no interval. A change does not "
            f"show that selection favoured the gene: it may be chance or due to other genes. Seed {data.seed}."
        ),
        marks=f"The band extends by half the spread to each side.{some}",
        alt="A small curve for each gene; the table below has the numbers.",
        plot=SmallCurves(
            curves=tuple(map(_curve, drawn)),
            legend=(
                ("line", Colour.RED, "mean"),
                ("band", Colour.RED, "spread"),
                ("line", Colour.BLUE, "share of a choice's most frequent value"),
            ),
        ),
        table=_table(genes),
        text_table=TextTable.INSTEAD,
    )


def _curve(gene: GeneHistory) -> SmallCurve:
    if gene.kind is GeneKind.CHOICE:
        return SmallCurve(title=f"{gene.gene}: {gene.commonest[-1]}", values=gene.means, colour=Colour.BLUE)
    both = zip(gene.means, gene.spreads, strict=True)
    band = tuple((mean - spread / 2.0, mean + spread / 2.0) for mean, spread in both)
    return SmallCurve(title=gene.gene, values=gene.means, colour=Colour.RED, band=band)


def _table(genes: Sequence[GeneHistory]) -> Table:
    return Table(
        title="Genes in the first and the last generation",
        columns=(
            Column("gene", text=True),
            Column("mean"),
            Column("first"),
            Column("last"),
            Column("spread"),
            Column("first"),
            Column("last"),
        ),
        rows=tuple(
            (
                gene.gene,
                Trend(gene.means),
                _mean(gene, 0),
                _mean(gene, -1),
                Trend(gene.spreads),
                *(Fixed(gene.spreads[at], 3) for at in (0, -1)),
            )
            for gene in genes[:_ROWS]
        ),
        note=f"{len(genes) - _ROWS:,} more genes are in the JSON document." if len(genes) > _ROWS else "",
    )


def _mean(gene: GeneHistory, at: int) -> Cell:
    if gene.kind is GeneKind.CHOICE:
        return f"{gene.commonest[at]} {percent(gene.means[at])}"
    return Fixed(gene.means[at], 3)
