"""The champions as agents: within seeds, or each compared with the baseline's champion."""

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
    "The comparison of champions is about these agents only. One agent is one observation of its condition: more "
    "episodes of the agent do not show how runs vary."
)
_WITHIN = (
    "Each champion is compared with the champion of the same experiment seed in the baseline's condition. The id of an "
    "experiment stands for its champion."
)
_SENTENCES = 3  # more contrasts are described by their number and in tables


def describe(data: ComparisonData) -> Section:
    """Describe the differences between champions as agents."""
    comparison = data.comparison
    contrasts, agents = comparison.contrasts, {row.id: row.agent for row in comparison.entrants}
    baseline, within = agents[comparison.baseline], comparison.within_seeds
    names = [f"{each.ours} less {each.theirs}" if within else agents[each.ours] for each in contrasts]
    sentences = _sentences(data)
    title = "Differences of champions" if within else f"Agents less {baseline}"
    margin = (
        None if isinstance(comparison.condition_comparison, Unavailable) else comparison.condition_comparison.margin
    )
    return Section(
        name="champion-contrasts",
        title=f"Single agents: champions {'within seeds' if within else f'against {baseline}'}",
        blocks=(
            Paragraph(text=_SCOPE),
            *(Paragraph(text=each) for each in sentences),
            *([Paragraph(text=_WITHIN, kind="note")] if within else []),
            contrast_chart(contrasts, names, title=title, name="champion-contrasts"),
            _improvement_chart(contrasts, names),
            *contrast_tables(contrasts, names, margin),
            *_apart(contrasts, names),
        ),
        summary=sentences if isinstance(comparison.condition_comparison, Unavailable) else (),
        cautions=(_SCOPE,),
        data={
            "champion_contrasts": contrasts,
            "champions_within_seeds": within,
            "champion_conclusions": sentences,
        },
    )


def _sentences(data: ComparisonData) -> tuple[str, ...]:
    """Return a sentence for each of few contrasts, or one about their number."""
    comparison = data.comparison
    contrasts, agents = comparison.contrasts, {row.id: row.agent for row in comparison.entrants}
    if len(contrasts) <= _SENTENCES:
        return tuple(
            contrast_sentence(
                each, f"Agent {agents[each.ours]}", f"agent {agents[each.theirs]}", corrected=len(contrasts) > 1
            )
            for each in contrasts
        )
    partner = (
        f'the champion of the same seed in "{data.label(0)}"'
        if comparison.within_seeds
        else f"agent {agents[comparison.baseline]}"
    )
    shown = [agents[each.ours] for each in contrasts if each.shown]
    which = f"{len(shown)} of them: {joined(shown)}" if shown else "none of them"
    compared = f"{len(contrasts)} champions are compared with {partner}."
    return (f"{compared} A difference is shown for {which} (p < 0.05 after Holm's correction).",)


def _apart(contrasts: Sequence[Contrast], names: Sequence[str]) -> tuple[Paragraph, ...]:
    apart = [name for contrast, name in zip(contrasts, names, strict=True) if not contrast.paired]
    if not apart:
        return ()
    agents = f"{joined(apart)}: few or no held-out seeds in common"
    return (Paragraph(text=f"{agents}, compared as independent samples.", kind="note"),)


def _improvement_chart(contrasts: Sequence[Contrast], names: Sequence[str]) -> Chart:
    named, corrected = [*zip(contrasts, names, strict=True)], len(contrasts) > 1
    return Chart(
        name="improvement",
        title="Probability of improvement",
        caption=(
            "Probability that an episode of the first agent is above an episode of the other agent, with "
            "95 % intervals (Newcombe 2006, method 5). Ties count half. The t test of the mean difference decides "
            "whether a difference is shown. These intervals are not a second test."
        ),
        marks=(
            "The line marks equal odds. Grey: the t test shows no difference "
            f"({'Holm-corrected ' if corrected else ''}p of 0.05 or more)."
        ),
        alt="Intervals of the probabilities with a line at one half; the table below has the numbers.",
        plot=IntervalPlot(
            label="probability of improvement",
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
    return IntervalRow(
        label=name,
        colour=Colour.RED if contrast.shown else Colour.GREY,
        value=found.value,
        low=found.low,
        high=found.high,
        text=percent(found.value),
    )
