"""Each champion compared with the baseline's champion."""

from collections.abc import Sequence

from clau_doom.analysis.charts import Colour, IntervalPlot, IntervalRow
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.contrast_blocks import contrast_chart, contrast_sentence, contrast_tables
from clau_doom.analysis.document import Chart, Column, Fact, Section, Table, TextTable
from clau_doom.analysis.wording import bracket, shared
from clau_doom.number_format import number, p_relation, percent
from clau_doom.statistics.two_sample_comparison import Contrast

__all__ = ["describe"]

_FACTS = 4


def describe(data: ComparisonData) -> Section:
    """Describe the differences between the champions and the baseline's champion."""
    contrasts, baseline = data.comparison.contrasts, data.comparison.baseline
    names = [each.ours for each in contrasts]
    return Section(
        name="contrasts",
        title=f"Champions against the champion of {baseline}",
        blocks=(
            contrast_chart(contrasts, names, title=f"Champions less that of {baseline}", name="contrasts"),
            _improvement_chart(contrasts, names, baseline),
            *contrast_tables(contrasts, names),
        ),
        facts=tuple(map(_fact, contrasts[:_FACTS])),
        summary=tuple(
            contrast_sentence(each, f"The champion of {each.ours}", f"that of {baseline}") for each in contrasts
        ),
        cautions=(
            (
                "Overlapping intervals are not a test: use the interval of the difference. A difference that is not "
                "significant can still exist."
            ),
            (
                f"The results cover {data.comparison.scenario} and fitness {data.comparison.fitness}, and no other "
                "scenario or setting."
            ),
        ),
        data={"contrasts": contrasts},
    )


def _fact(contrast: Contrast) -> Fact:
    difference = contrast.difference
    return Fact(
        label=f"{contrast.ours} less {contrast.theirs}",
        value=number(difference.mean),
        detail=f"{bracket(difference.low, difference.high)}, {p_relation(contrast.p_holm)}",
    )


def _improvement_chart(contrasts: Sequence[Contrast], names: Sequence[str], baseline: str) -> Chart:
    named = [*zip(contrasts, names, strict=True)]
    return Chart(
        name="improvement",
        title="Probability of improvement",
        caption=(
            f"Probability that an episode of a champion is above an episode of the champion of {baseline}, with 95 % "
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
