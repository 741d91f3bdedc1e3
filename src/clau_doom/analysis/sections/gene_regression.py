"""Regression of fitness on genes."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, IntervalPlot, IntervalRow
from clau_doom.analysis.document import Block, Chart, Column, Fixed, Marked, Paragraph, Section, Table, TextTable
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.gene_regression import Regression, Term, regress
from clau_doom.analysis.genome_encoding import encode
from clau_doom.analysis.sections.diversity import variable_space
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import joined
from clau_doom.number_format import fixed

__all__ = ["TITLE", "compute", "describe"]

TITLE = "Regression of fitness on genes"

_DRAWN = 40  # terms; a network has thousands
_ROWS = 500  # of the table; JSON has the others
_LARGE_VIF, _LARGE_CONDITION = 10.0, 30.0
_CAUTION = (
    "Agents are bred from each other, so that they are not independent observations: this regression describes the "
    "agents of one run, and has no p-values or intervals. Genes change together and with the generations. A "
    "coefficient is an association and not an effect. To measure the effect of a gene, vary it by design."
)


def compute(data: ExperimentData) -> Regression | Unavailable:
    """Regress fitness on genes, over all agents with a fitness."""
    space = data.result(variable_space)
    if isinstance(space, Unavailable):
        return space
    agents = [each for row in data.finished_generations for each in row]
    fitnesses = [each.fitness for each in agents if each.fitness is not None]
    if not fitnesses:
        return Unavailable(missing="no agent has a fitness")
    return regress(encode(space, [each.agent.genome for each in agents if each.fitness is not None]), fitnesses)


def describe(data: ExperimentData) -> Section:
    """Describe the coefficients of the regression, and how well they are separated."""
    regression = data.result(compute)
    known = not isinstance(regression, Unavailable)
    return Section(
        name="gene-regression",
        title=TITLE,
        blocks=(regression,) if isinstance(regression, Unavailable) else _blocks(data, regression),
        cautions=("A relation between genes and fitness is an association among bred agents.",) if known else (),
        data={"regression": regression},
    )


def _blocks(data: ExperimentData, regression: Regression) -> tuple[Block, ...]:
    return (
        Paragraph(text=_CAUTION, kind="caution"),
        _diagnostics_table(regression),
        _chart(data, regression),
        *_dropped(regression),
    )


def _diagnostics_table(regression: Regression) -> Table:
    worst = max((term.vif for term in regression.terms), default=1.0)
    apart = "above 10: poorly separated from other terms" if worst > _LARGE_VIF else "well separated"
    conditioned = "above 30: ill-conditioned" if regression.condition > _LARGE_CONDITION else "well-conditioned"
    return Table(
        title="Diagnostics of the regression",
        columns=(Column("", text=True), Column("value"), Column("meaning", text=True)),
        rows=(
            ("agents, terms", f"{regression.n:,}, {len(regression.terms):,}", "all agents with a fitness"),
            ("R²", Fixed(regression.r_squared, 3), "share of the variance of these agents' fitness"),
            ("largest VIF", worst, apart),
            ("condition number", regression.condition, conditioned),
        ),
    )


def _chart(data: ExperimentData, regression: Regression) -> Chart:
    ranked = sorted(regression.terms, key=lambda term: -abs(term.coefficient))
    some = f" The {_DRAWN} largest of {len(ranked):,} are drawn." if len(ranked) > _DRAWN else ""
    return Chart(
        name="regression",
        title="Standardised coefficients",
        caption=(
            "Coefficients: standard deviations of fitness per standard deviation of the gene, with the other terms "
            f"held constant; n = {regression.n:,} related agents of all generations. Seed {data.seed}."
        ),
        marks=f"Grey: a VIF above 10.{some}",
        alt="Coefficients with a line at 0; the table below has the numbers.",
        plot=IntervalPlot(
            label="standard deviations of fitness per standard deviation of the gene",
            rows=tuple(map(_row, ranked[:_DRAWN])),
            reference=0.0,
        ),
        table=_terms_table(ranked),
        text_table=TextTable.INSTEAD,
    )


def _row(term: Term) -> IntervalRow:
    return IntervalRow(
        label=term.name,
        colour=Colour.GREY if term.vif > _LARGE_VIF else Colour.RED,
        value=term.coefficient,
        low=None,
        high=None,
        text=fixed(term.coefficient, 2),
    )


def _terms_table(ranked: Sequence[Term]) -> Table:
    return Table(
        title="Coefficients, the largest first",
        columns=(Column("term", text=True), Column("coefficient"), Column("VIF")),
        rows=tuple(
            (
                term.name,
                Fixed(term.coefficient, 3),
                Marked(term.vif, "warning") if term.vif > _LARGE_VIF else term.vif,
            )
            for term in ranked[:_ROWS]
        ),
        note=f"{len(ranked) - _ROWS:,} more terms are in the JSON document." if len(ranked) > _ROWS else "",
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
