"""The champions as agents: each compared with the baseline's champion."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, IntervalPlot, IntervalRow
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.contrast_blocks import contrast_chart, contrast_sentence, contrast_tables
from clau_doom.analysis.document import Chart, Column, Paragraph, Section, Table, TextTable
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import joined, shared
from clau_doom.number_format import percent
from clau_doom.statistics.two_sample_comparison import Contrast

__all__ = ["describe"]

_SCOPE = (
    "The comparison of champions is about these agents only. Episodes of one agent give no information about the next "
    "run of its condition."
)


def describe(data: ComparisonData) -> Section:
    """Describe the differences between the agents that are champions and the agent that is the baseline's champion."""
    contrasts = data.comparison.contrasts
    agents = {row.id: row.agent for row in data.comparison.entrants}
    names, baseline = [agents[each.ours] for each in contrasts], agents[data.comparison.baseline]
    sentences = tuple(
        contrast_sentence(each, f"Agent {name}", f"agent {baseline}")
        for each, name in zip(contrasts, names, strict=True)
    )
    return Section(
        name="champion-contrasts",
        title=f"Single agents: champions against {baseline}",
        blocks=(
            Paragraph(text=_SCOPE),
            *(Paragraph(text=each) for each in sentences),
            contrast_chart(contrasts, names, title=f"Agents less {baseline}", name="champion-contrasts"),
            _improvement_chart(contrasts, names, baseline),
            *contrast_tables(contrasts, names),
            *_apart(contrasts, names),
        ),
        summary=sentences if isinstance(data.comparison.condition_comparison, Unavailable) else (),
        cautions=(_SCOPE,),
        data={"champion_contrasts": contrasts, "champion_conclusions": sentences},
    )


def _apart(contrasts: Sequence[Contrast], names: Sequence[str]) -> tuple[Paragraph, ...]:
    apart = [name for contrast, name in zip(contrasts, names, strict=True) if not contrast.paired]
    if not apart:
        return ()
    agents = f"{joined(apart)}: no held-out seeds in common with the baseline's champion"
    return (Paragraph(text=f"{agents}, compared as independent samples.", kind="note"),)


def _improvement_chart(contrasts: Sequence[Contrast], names: Sequence[str], baseline: str) -> Chart:
    named = [*zip(contrasts, names, strict=True)]
    return Chart(
        name="improvement",
        title="Probability of improvement",
        caption=(
            f"Probability that an episode of an agent is above an episode of {baseline}, with 95 % "
            "intervals (Newcombe 2006, method 5). Ties count half."
        ),
        marks="The line marks equal odds. Grey: the interval contains them.",
        alt="Intervals of the probabilities with a line at one half; the table below has the numbers.",
        plot=IntervalPlot(
            label=f"probability of improvement over {baseline}",
            rows=tuple(_improvement_row(contrast, name) for contrast, name in named),
            reference=0.5,
            bounds=(0.0, 1.0),
        ),
        table=Table(
            title="Probability of improvement",
            columns=(Column("compared", text=True), Column("n"), Column("probability [95 %]")),
            rows=tuple((name, contrast.improvement.n, shared(contrast.improvement)) for contrast, name in named),
        ),
        text_table=TextTable.NEVER,
    )


def _improvement_row(contrast: Contrast, name: str) -> IntervalRow:
    found = contrast.improvement
    sure = found.low is not None and found.high is not None and not found.low <= 0.5 <= found.high
    return IntervalRow(
        label=name,
        colour=Colour.RED if sure else Colour.GREY,
        value=found.value,
        low=found.low,
        high=found.high,
        text=percent(found.value),
    )
