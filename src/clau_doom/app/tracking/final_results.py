"""Final results of a completed experiment, as values and tables for trackers."""

import math
from collections.abc import Iterator

from clau_doom.app.analyze import analyse
from clau_doom.domain import GeneKind, Genome, GenomeSpace
from clau_doom.ports import FinalResults, StoredExperiment, TrackedTable

__all__ = ["final_results"]

_MOST_GENES = 1000
"""Maximum number of rows of the table of genes. Networks have more weights, which `agent export` writes."""


def final_results(stored: StoredExperiment) -> FinalResults:
    """Return the held-out results and the champion of a completed experiment, without its film.

    This imports statistics, which takes a second at first use.
    """
    from clau_doom.analysis.sections import held_out  # noqa: PLC0415 - scipy, which no run needs

    snapshot = stored.snapshot
    results = analyse(stored).result(held_out.table_of)
    rows = results.rows if results else ()
    values: dict[str, float] = {}
    for row in rows:
        role = row.role.replace(" ", "_")
        values[f"held_out/{role}/fitness"] = row.fitness.mean
        values |= {f"held_out/{role}/{name}": interval.mean for name, interval in row.measures}
    champion = None
    if snapshot.champion:
        ref, values["champion/validation_fitness"] = snapshot.champion
        champion = ref.agent_id(snapshot.experiment.id)
    table = TrackedTable(
        name="held_out",
        columns=("role", "agent", "quantity", "mean", "low", "high", "episodes"),
        rows=tuple(
            (row.role, row.agent, name, interval.mean, interval.low, interval.high, interval.n)
            for row in rows
            for name, interval in (("fitness", row.fitness), *row.measures)
        ),
    )
    return FinalResults(
        generations=len(snapshot.summaries),
        champion=champion,
        values={name: value for name, value in values.items() if math.isfinite(value)},
        tables=(*([table] if rows else []), *_genome_table(stored)),
    )


def _genome_table(stored: StoredExperiment) -> Iterator[TrackedTable]:
    """Yield the table of the champion's genes, if the genes are known and not too many."""
    snapshot, space = stored.snapshot, stored.space
    if snapshot.champion is None or space is None or len(space) > _MOST_GENES:
        return
    ref = snapshot.champion[0]
    genome = snapshot.generations[ref.generation][ref.index].agent.genome
    yield TrackedTable(name="champion_genome", columns=("gene", "value"), rows=tuple(_gene_rows(space, genome)))


def _gene_rows(space: GenomeSpace, genome: Genome) -> Iterator[tuple[str, float | str]]:
    for gene, value in zip(space.genes, genome.values, strict=True):
        yield gene.name, gene.choices[int(value)] if gene.kind is GeneKind.CHOICE else float(value)
