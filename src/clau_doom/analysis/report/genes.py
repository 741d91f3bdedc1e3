"""Sections about genes: distribution by generation, regression of fitness on genes, and principal components."""

from collections.abc import Sequence

from clau_doom.analysis.experiment_analysis import ExperimentAnalysis
from clau_doom.analysis.genome_encoding import GeneHistory
from clau_doom.analysis.pca import Components, Score
from clau_doom.analysis.regression import Regression, Term
from clau_doom.analysis.report.document import Block, Figure, Key, Paragraph, Section, Table, gap
from clau_doom.analysis.report.svg import WIDTH, Picture, axis_over
from clau_doom.analysis.report.typography import (
    NONE,
    bracket,
    chance,
    count,
    joined,
    number,
    p_equals,
    place,
    share,
    short,
)
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain import AgentRef, GeneKind

__all__ = ["components_section", "genes_section", "regression_section"]

_DRAWN = 40  # genes; a network has thousands
_TOLD = 500  # rows of a table; larger tables are available with `--json`
_ACROSS, _CELL = 4, 92.0
_AGES = ("a0", "a1", "a2", "a3", "a4")


def genes_section(analysis: ExperimentAnalysis) -> Section:
    """Build the section with the distribution of genes by generation."""
    genes = analysis.genes
    blocks: tuple[Block, ...] = (gap(genes),) if isinstance(genes, Unavailable) else (_genes_figure(analysis, genes),)
    return Section(anchor="genes", title="Genes through the generations", blocks=blocks)


def _genes_figure(analysis: ExperimentAnalysis, genes: Sequence[GeneHistory]) -> Figure:
    # If there are many genes, draw those with the largest change of the mean. They include genes that became fixed.
    farthest = sorted(range(len(genes)), key=lambda at: (-abs(genes[at].means[-1] - genes[at].means[0]), at))
    drawn = [genes[at] for at in sorted(farthest[:_DRAWN])]
    height = _CELL * -(-len(drawn) // _ACROSS)
    picture = Picture(height)
    for at, gene in enumerate(drawn):
        _draw_gene(picture, gene, left=(at % _ACROSS) * WIDTH / _ACROSS, top=(at // _ACROSS) * _CELL)
    rest = f" Of {len(genes):,} genes the {_DRAWN} whose mean moved farthest are drawn." if len(genes) > _DRAWN else ""
    last = len(genes[0].means) - 1
    return Figure(
        anchor="fig-genes",
        title="Genes",
        caption=(
            f"Each gene on its own range, from its lowest value to its highest, over generations 0 to {last}: the mean "
            "of all agents; the band reaches half the mean distance of two agents to each side. Of a choice: the share "
            f"of its commonest value. All agents are measured; there is no interval.{rest} Seed {analysis.seed}."
        ),
        alt="A small curve for each gene; the numbers are in the table below.",
        picture=picture.svg("Each gene through the generations"),
        table=_genes_table(genes),
        keys=(
            Key(mark="line", colour="c0", label="mean"),
            Key(mark="band", colour="c0", label="spread"),
            Key(mark="line", colour="c1", label="share of a choice's commonest value"),
        ),
    )


def _draw_gene(picture: Picture, gene: GeneHistory, *, left: float, top: float) -> None:
    right, base, crest = left + WIDTH / _ACROSS - 18.0, top + 74.0, top + 24.0
    choice = gene.kind is GeneKind.CHOICE
    x = axis_over([0.0, float(max(len(gene.means) - 1, 1))], left, right, pad=0.0)
    y = axis_over([0.0, 1.0], base, crest, pad=0.0)
    name = f"{gene.gene}: {gene.commonest[-1]}" if choice else gene.gene
    picture.text((left, top + 15.0), name if len(name) <= _NAME else f"{name[: _NAME - 1]}…", "small")
    for level in (0.0, 1.0):
        picture.rule((left, y.at(level)), (right, y.at(level)), "grid")
    if not choice:
        both = zip(gene.means, gene.spreads, strict=True)
        ends = [(mean - spread / 2.0, mean + spread / 2.0) for mean, spread in both]
        picture.band([(x.at(at), y.at(low), y.at(high)) for at, (low, high) in enumerate(ends)], "c0")
    colour = "c1" if choice else "c0"
    places = [(x.at(at), y.at(mean)) for at, mean in enumerate(gene.means)]
    picture.line([*places], colour)
    picture.dots(places[-1:], colour)


_NAME = 24  # characters that fit


def _genes_table(genes: Sequence[GeneHistory]) -> Table:
    rest = f" {len(genes) - _TOLD:,} more genes are in --json." if len(genes) > _TOLD else ""
    return Table(
        title="Genes in the first generation and the last",
        columns=("gene", "kind", "mean, first", "mean, last", "spread, first", "spread, last"),
        rows=tuple(
            (gene.gene, gene.kind.value, _end(gene, 0), _end(gene, -1), *(short(gene.spreads[at], 3) for at in (0, -1)))
            for gene in genes[:_TOLD]
        ),
        words=(0, 1),
        note=f"From 0 to 1 on each gene's range; spread: the mean distance of two agents.{rest}",
    )


def _end(gene: GeneHistory, at: int) -> str:
    if gene.kind is GeneKind.CHOICE:
        return f"{gene.commonest[at]} {share(gene.means[at])}"
    return short(gene.means[at], 3)


def regression_section(analysis: ExperimentAnalysis) -> Section:
    """Build the section with the regression of fitness on genes."""
    regression = analysis.regression
    blocks: list[Block]
    if isinstance(regression, Unavailable):
        blocks = [gap(regression)]
    else:
        blocks = [
            Paragraph(
                text=(
                    "Agents were bred, not drawn: genes drift together through the generations, and a coefficient is "
                    "an association. To learn what a gene does, vary it by design. Read the diagnostics first."
                ),
                kind="caution",
            ),
            _diagnostics_table(regression),
            _regression_figure(analysis, regression),
            *_dropped(regression),
        ]
    return Section(anchor="regression", title="Genes and fitness", blocks=tuple(blocks))


def _diagnostics_table(regression: Regression) -> Table:
    worst = max((term.vif for term in regression.terms), default=1.0)
    uneven = regression.breusch_pagan_p < 0.05
    return Table(
        title="Diagnostics of the regression",
        columns=("", "value", "reading"),
        rows=(
            ("agents, terms", f"{regression.n:,}, {len(regression.terms):,}", "all agents with a fitness"),
            (
                "R², adjusted",
                f"{short(regression.r_squared, 3)}, {short(regression.adjusted, 3)}",
                "of fitness explained",
            ),
            ("F", f"{number(regression.f)}, {p_equals(regression.f_p)}", "all terms together"),
            (
                "largest VIF",
                number(worst),
                "above 10: hard to tell from its neighbours" if worst > 10 else "well apart",
            ),
            (
                "condition number",
                number(regression.condition),
                "above 30: terms hard to tell apart" if regression.condition > 30 else "terms well apart",
            ),
            (
                "Breusch–Pagan",  # noqa: RUF001 - two names
                f"{number(regression.breusch_pagan)}, {p_equals(regression.breusch_pagan_p)}",
                "the noise depends on the genes" if uneven else "no sign of uneven noise",
            ),
            ("intervals", regression.covariance, "the covariance that they come from"),
        ),
        words=(0, 2),
    )


def _regression_figure(analysis: ExperimentAnalysis, regression: Regression) -> Figure:
    ranked = sorted(regression.terms, key=lambda term: -abs(term.coefficient))
    drawn = ranked[:_DRAWN]
    x = axis_over([end for term in drawn for end in (term.low, term.high)] + [0.0], 196.0, WIDTH - 72.0, count=7)
    base = 10.0 + 24.0 * len(drawn)
    picture = Picture(base + 44.0)
    picture.columns(x, 4.0, base, x_label="standard deviations of fitness for one of the gene")
    picture.rule((x.at(0.0), 4.0), (x.at(0.0), base), "base")
    for at, term in enumerate(drawn):
        y = 10.0 + 24.0 * at + 10.0
        picture.whisker(x, y, (term.low, term.high), term.coefficient, "c9" if term.low <= 0.0 <= term.high else "c0")
        picture.text((0.0, y + 4.0), term.name if len(term.name) <= 30 else f"{term.name[:29]}…", "small")
        picture.text((WIDTH - 60.0, y + 4.0), number(term.coefficient), "value")
    rest = f" The {_DRAWN} largest of {len(ranked):,} are drawn." if len(ranked) > _DRAWN else ""
    return Figure(
        anchor="fig-regression",
        title="Fitness regressed on all genes at once",
        caption=(
            f"Standardised coefficients with 95 % intervals ({regression.covariance}), n = {regression.n:,} agents of "
            f"all generations; grey: the interval holds 0. p-values are not corrected for {count(len(ranked), 'term')}."
            f"{rest} Seed {analysis.seed}."
        ),
        alt="Intervals of the coefficients beside a line at nought; the numbers are in the table below.",
        picture=picture.svg("Coefficients of the regression of fitness on genes"),
        table=_terms_table(ranked),
    )


def _terms_table(ranked: Sequence[Term]) -> Table:
    rest = f" {len(ranked) - _TOLD:,} more terms are in --json." if len(ranked) > _TOLD else ""
    return Table(
        title="Coefficients, the largest first",
        columns=("term", "coefficient", "95 % interval", "p", "VIF"),
        rows=tuple(
            (
                term.name,
                short(term.coefficient, 3),
                bracket(term.low, term.high),
                chance(term.p),
                number(term.vif) + (" !" if term.vif > 10.0 else ""),
            )
            for term in ranked[:_TOLD]
        ),
        note=f"! a variance inflation factor above 10.{rest}",
    )


def _dropped(regression: Regression) -> list[Block]:
    reasons: dict[str, list[str]] = {}
    for each in regression.dropped:
        reasons.setdefault(each.reason, []).append(each.name)
    return [
        Paragraph(text=f"Left out, because {reason}: {joined(names[:_DRAWN])}{_more(len(names))}.", kind="note")
        for reason, names in reasons.items()
    ]


def _more(names: int) -> str:
    return f", and {names - _DRAWN:,} more" if names > _DRAWN else ""


def components_section(analysis: ExperimentAnalysis) -> Section:
    """Build the section with the principal components of all genomes."""
    found = analysis.components
    if isinstance(found, Unavailable):
        return Section(anchor="components", title="Principal components of genomes", blocks=(gap(found),))
    blocks: list[Block] = []
    if len(found.explained) > 1:
        blocks.append(_scores_figure(analysis, found))
    else:
        blocks.append(gap(Unavailable(missing="genomes differ in one direction only: there is no plane to draw")))
    blocks.append(_loadings_table(found))
    return Section(anchor="components", title="Principal components of genomes", blocks=tuple(blocks))


def _scores_figure(analysis: ExperimentAnalysis, found: Components) -> Figure:
    x = axis_over([score.values[0] for score in found.scores], 52.0, WIDTH - 12.0, count=7)
    y = axis_over([score.values[1] for score in found.scores], 376.0, 26.0, count=6)
    picture = Picture(420.0)
    first, second = (f"component {at} ({share(found.explained[at - 1])} of the variance)" for at in (1, 2))
    picture.frame(x, y, x_label=first, y_label=second)
    last = max(score.agent.generation for score in found.scores)
    ages = [min(len(_AGES) * score.agent.generation // (last + 1), len(_AGES) - 1) for score in found.scores]
    for age, css in enumerate(_AGES):
        places = [(x.at(s.values[0]), y.at(s.values[1])) for s, at in zip(found.scores, ages, strict=True) if at == age]
        picture.dots(places, css, size=6.5)
    for score in found.scores:
        if score.agent == analysis.champion:
            picture.ring((x.at(score.values[0]), y.at(score.values[1])), "c0", radius=8.0)
    return Figure(
        anchor="fig-components",
        title="Genomes on their two leading components",
        caption=(
            f"Each dot is an agent (n = {len(found.scores):,}, all generations), each gene in shares of its range; "
            f"together the two components hold {share(sum(found.explained[:2]))} of the variance. "
            f"Seed {analysis.seed}."
        ),
        alt="A cloud of agents, coloured by generation; the numbers are in the table below.",
        picture=picture.svg("Genomes on their two leading principal components"),
        table=_scores_table(found.scores, analysis.champion),
        keys=(*_age_keys(ages, found.scores), Key(mark="ring", colour="c0", label="champion")),
    )


def _age_keys(ages: Sequence[int], scores: Sequence[Score]) -> list[Key]:
    keys = []
    for age, css in enumerate(_AGES):
        held = [score.agent.generation for score, at in zip(scores, ages, strict=True) if at == age]
        if held:
            span = str(held[0]) if min(held) == max(held) else f"{min(held)}{NONE}{max(held)}"
            keys.append(Key(mark="dot", colour=css, label=f"generation {span}"))
    return keys


def _scores_table(scores: Sequence[Score], champion: AgentRef | None) -> Table:
    rest = f"{len(scores) - _TOLD:,} more agents are in --json." if len(scores) > _TOLD else ""
    shown = scores[-_TOLD:]
    return Table(
        title="Agents on the components" + (", the youngest" if rest else ""),
        columns=("agent", "fitness", *(f"component {at}" for at in range(1, len(scores[0].values) + 1))),
        rows=tuple(
            (
                place(score.agent) + (" (champion)" if score.agent == champion else ""),
                number(score.fitness),
                *(short(value, 3) for value in score.values),
            )
            for score in shown
        ),
        note=rest,
    )


def _loadings_table(found: Components) -> Table:
    rows, total = [], 0.0
    for at, (part, loadings) in enumerate(zip(found.explained, found.loadings, strict=True), start=1):
        total += part
        ranked = sorted(zip(loadings, found.terms, strict=True), key=lambda pair: -abs(pair[0]))[:5]
        told = ", ".join(f"{term}\N{NO-BREAK SPACE}{short(loading, 2)}" for loading, term in ranked)
        rows.append((str(at), f"{100.0 * part:.1f} %", f"{100.0 * total:.1f} %", told))
    return Table(
        title="Components and their largest loadings",
        columns=("component", "explains", "in all", "largest loadings"),
        rows=tuple(rows),
        words=(3,),
        note="A component's sign is arbitrary; here its largest loading is positive.",
    )
