"""Terminal output of the gene analysis: diversity, relation to fitness, and differences."""

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clau_doom.analysis import Unavailable
from clau_doom.analysis.genome_encoding import Diversity, GeneHistory
from clau_doom.analysis.pca import Components
from clau_doom.analysis.regression import Regression
from clau_doom.cli.format import sparkline
from clau_doom.domain import GeneKind
from clau_doom.number_format import number, number_with_interval, p_relation, p_value

__all__ = ["components_view", "diversity_line", "genes_view", "regression_view"]

_ROWS = 40  # genes; a network has thousands
_LOADINGS = 5  # genes for each component


def diversity_line(rows: tuple[Diversity, ...] | Unavailable) -> Text:
    """Return the distance between agents in the first and the last generation, on one line."""
    if isinstance(rows, Unavailable):
        return Text(rows.missing, "dim")
    distances = [row.distance for row in rows]
    text = Text.assemble((sparkline(distances), "cyan"), f"  {distances[0]:.3f} in generation 0, ")
    text.append(f"{distances[-1]:.3f} in {rows[-1].generation}")
    text.append("; mean distance of two agents, in gene ranges: 1/3 when drawn uniformly", "dim")
    return text


def genes_view(genes: tuple[GeneHistory, ...] | Unavailable) -> RenderableType:
    """Return the course of each gene over the generations as a table."""
    if isinstance(genes, Unavailable):
        return Text(genes.missing, "dim")
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("gene")
    for heading in ("mean", "first", "last", "spread", "first", "last"):
        table.add_column(heading, justify="left" if heading in {"mean", "spread"} else "right", no_wrap=True)
    for gene in genes[:_ROWS]:
        choice = gene.kind is GeneKind.CHOICE
        ends = [f"{gene.commonest[at]} {gene.means[at]:.0%}" if choice else f"{gene.means[at]:.2f}" for at in (0, -1)]
        spreads = [f"{gene.spreads[at]:.2f}" for at in (0, -1)]
        table.add_row(
            gene.gene,
            Text(sparkline(gene.means), "cyan"),
            *ends,
            Text(sparkline(gene.spreads), "cyan"),
            *spreads,
        )
    note = "on each gene's own range, from 0 to 1; of a choice, its commonest value; spread: the mean distance of two"
    return Group(table, Text(f"{note} agents{_rest(len(genes))}", "dim"))


def regression_view(regression: Regression | Unavailable) -> RenderableType:
    """Return the regression's coefficients, the largest first, and its diagnostics."""
    if isinstance(regression, Unavailable):
        return Text(regression.missing, "dim")
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("gene")
    for heading in ("coefficient [95 %]", "p", "VIF"):
        table.add_column(heading, justify="right", no_wrap=True)
    ranked = sorted(regression.terms, key=lambda term: -abs(term.coefficient))
    for term in ranked[:_ROWS]:
        sure = not term.low <= 0.0 <= term.high
        table.add_row(
            term.name,
            Text(number_with_interval(term.coefficient, term.low, term.high), "bold" if sure else ""),
            p_value(term.p),
            Text(number(term.vif), "red" if term.vif > 10.0 else ""),
        )
    return Group(table, *(Text(line, "dim") for line in _diagnostics(regression)))


def components_view(components: Components | Unavailable) -> RenderableType:
    """Return the explained variance of each component, and the genes with the largest loadings."""
    if isinstance(components, Unavailable):
        return Text(components.missing, "dim")
    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    for heading in ("component", "explains", "in all"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("largest loadings", overflow="fold")
    total = 0.0
    for place, (share, loadings) in enumerate(zip(components.explained, components.loadings, strict=True), start=1):
        total += share
        ranked = sorted(zip(loadings, components.terms, strict=True), key=lambda pair: -abs(pair[0]))
        told = ", ".join(f"{term} {loading:+.2f}" for loading, term in ranked[:_LOADINGS])
        table.add_row(str(place), f"{share:.1%}", f"{total:.1%}", told)
    return Group(table, Text(f"{len(components.scores)} agents of all generations; --json has their scores", "dim"))


def _diagnostics(regression: Regression) -> list[str]:
    model_test = f"F = {regression.f:.1f} ({p_relation(regression.f_p)})"
    fit = f"R² {regression.r_squared:.2f}, adjusted {regression.adjusted:.2f}, {model_test}"
    noise = "the noise depends on the genes" if regression.breusch_pagan_p < 0.05 else "no sign of uneven noise"
    condition = "terms hard to tell apart" if regression.condition > 30.0 else "terms well apart"
    test = f"Breusch-Pagan {number(regression.breusch_pagan)}, {p_relation(regression.breusch_pagan_p)}: {noise}"
    lines = [
        f"standard deviations of fitness for one of the gene, others held; {regression.n} agents; no proof of a cause",
        f"{fit}; intervals: {regression.covariance}; p is not corrected for {len(regression.terms)} terms",
        f"{test}; condition number {number(regression.condition)}: {condition}",
    ]
    reasons: dict[str, list[str]] = {}
    for each in regression.dropped:
        reasons.setdefault(each.reason, []).append(each.name)
    return lines + [f"left out, because {reason}: {', '.join(names[:_ROWS])}" for reason, names in reasons.items()]


def _rest(count: int) -> str:
    return f"; {count - _ROWS} more genes in --json" if count > _ROWS else ""
