"""Regression of fitness on genes."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, IntervalPlot, IntervalRow
from clau_doom.analysis.document import Block, Chart, Column, Marked, Paragraph, PValue, Section, Table, TextTable
from clau_doom.analysis.experiment_data import ExperimentData
from clau_doom.analysis.gene_regression import Regression, Term, regress
from clau_doom.analysis.genome_encoding import encode
from clau_doom.analysis.sections.diversity import variable_space
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import bracket, count, joined
from clau_doom.number_format import fixed, number, p_relation

__all__ = ["TITLE", "compute", "describe"]

TITLE = "Regression of fitness on genes"

_DRAWN = 40  # terms; a network has thousands
_ROWS = 500  # of the table; JSON has the others
_LARGE_VIF, _LARGE_CONDITION, _ALPHA = 10.0, 30.0, 0.05
_CAUTION = (
    "Agents are bred and not sampled at random: genes change together, so that a coefficient is an association and "
    "not an effect. To measure the effect of a gene, vary it by design."
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
    """Describe the coefficients of the regression and the diagnostics of its assumptions."""
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
    noise = "the noise depends on the genes" if regression.breusch_pagan_p < _ALPHA else "no sign of uneven noise"
    fit = f"{fixed(regression.r_squared, 3)}, {fixed(regression.adjusted, 3)}"
    uneven = f"{number(regression.breusch_pagan)}, {p_relation(regression.breusch_pagan_p)}"
    return Table(
        title="Diagnostics of the regression",
        columns=(Column("", text=True), Column("value"), Column("meaning", text=True)),
        rows=(
            ("agents, terms", f"{regression.n:,}, {len(regression.terms):,}", "all agents with a fitness"),
            ("R², adjusted", fit, "share of the variance of fitness"),
            ("F", f"{number(regression.f)}, {p_relation(regression.f_p)}", "all terms together"),
            ("largest VIF", worst, apart),
            ("condition number", regression.condition, conditioned),
            ("Breusch-Pagan", uneven, noise),
            ("covariance", regression.covariance, "source of the intervals"),
        ),
    )


def _chart(data: ExperimentData, regression: Regression) -> Chart:
    ranked = sorted(regression.terms, key=lambda term: -abs(term.coefficient))
    some = f" The {_DRAWN} largest of {len(ranked):,} are drawn." if len(ranked) > _DRAWN else ""
    return Chart(
        name="regression",
        title="Standardised coefficients",
        caption=(
            f"Coefficients with 95 % intervals ({regression.covariance}): standard deviations of fitness per standard "
            f"deviation of the gene, with the other terms held constant; n = {regression.n:,} agents of all "
            f"generations. The p-values are not corrected for {count(len(ranked), 'term')}. Seed {data.seed}."
        ),
        marks=f"Grey: the interval contains 0.{some}",
        alt="Intervals of the coefficients with a line at 0; the table below has the numbers.",
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
        colour=Colour.RED if _excludes_zero(term) else Colour.GREY,
        value=term.coefficient,
        low=term.low,
        high=term.high,
        text=number(term.coefficient),
    )


def _excludes_zero(term: Term) -> bool:
    return not term.low <= 0.0 <= term.high


def _terms_table(ranked: Sequence[Term]) -> Table:
    def coefficient(term: Term) -> str | Marked:
        text = f"{fixed(term.coefficient, 3)} {bracket(term.low, term.high)}"
        return Marked(text) if _excludes_zero(term) else text

    return Table(
        title="Coefficients, the largest first",
        columns=(Column("term", text=True), Column("coefficient [95 %]"), Column("p"), Column("VIF")),
        rows=tuple(
            (
                term.name,
                coefficient(term),
                PValue(term.p),
                Marked(term.vif, "warning") if term.vif > _LARGE_VIF else term.vif,
            )
            for term in ranked[:_ROWS]
        ),
        note=f"{len(ranked) - _ROWS:,} more terms are in --json." if len(ranked) > _ROWS else "",
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
