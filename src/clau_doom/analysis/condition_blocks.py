"""Charts and tables of the comparison of conditions."""

from clau_doom.analysis.charts import Colour, IntervalPlot, IntervalRow
from clau_doom.analysis.comparison import ExperimentComparison
from clau_doom.analysis.condition_contrasts import ConditionComparison, ConditionContrast
from clau_doom.analysis.condition_wording import runs_text
from clau_doom.analysis.document import Cell, Chart, Column, Marked, PValue, Table, TextTable
from clau_doom.analysis.wording import bracket, count, measured, withheld
from clau_doom.number_format import number, number_in_interval, significant
from clau_doom.statistics.equivalence import ALPHA

__all__ = ["contrast_chart", "effect_table", "equivalence_table", "overall_table", "test_table"]


def contrast_chart(comparison: ExperimentComparison, found: ConditionComparison) -> Chart:
    """Describe the differences from the baseline's condition with their intervals and a line at 0."""
    labels = _labels(comparison)
    return Chart(
        name="condition-contrasts",
        title=f"Conditions less {labels[0]}",
        caption=(
            f"Difference of the means of runs from {labels[0]}, with the 95 % interval of each comparison by itself. "
            "The p-values are corrected for the number of comparisons, the intervals are not."
        ),
        marks="Grey: no difference is shown.",
        alt="Intervals of the differences with a line at 0; the table below has the numbers.",
        plot=IntervalPlot(
            label=f"difference of mean {comparison.fitness}",
            rows=tuple(_contrast_row(each, labels[each.condition]) for each in found.contrasts),
            reference=0.0,
        ),
        table=Table(
            title="Differences of the means of runs",
            columns=(Column("condition", text=True), Column("runs"), Column("difference [95 %]")),
            rows=tuple(
                (labels[each.condition], runs_text(each, found.design), measured(each.result.difference))
                for each in found.contrasts
            ),
        ),
        text_table=TextTable.NEVER,
    )


def _contrast_row(contrast: ConditionContrast, label: str) -> IntervalRow:
    difference = contrast.result.difference
    shown = contrast.p_holm is not None and contrast.p_holm < ALPHA
    return IntervalRow(
        label=label,
        colour=Colour.RED if shown else Colour.GREY,
        value=difference.mean,
        low=difference.low,
        high=difference.high,
        text=number_in_interval(difference.mean, difference.low, difference.high),
    )


def test_table(comparison: ExperimentComparison, found: ConditionComparison) -> Table:
    """Describe the tests of the differences, and their correction."""
    labels = _labels(comparison)
    return Table(
        title=f"Contrasts with {labels[0]}: primary measure, mean {comparison.fitness}",
        columns=(
            Column("condition", text=True),
            Column("runs"),
            Column("difference [95 %]"),
            Column("test", text=True),
            Column("df"),
            Column("p"),
            Column("p, Holm"),
        ),
        rows=tuple(
            (
                labels[each.condition],
                runs_text(each, found.design),
                Marked(measured(each.result.difference)),
                each.result.test,
                _df(each.result.df),
                PValue(each.result.p),
                PValue(each.p_holm),
            )
            for each in found.contrasts
        ),
        note=(
            f"Tests are two-sided. Holm's correction (1979) covers {count(found.family, 'comparison')}: all conditions "
            f"against the baseline's. {withheld(each.result.difference for each in found.contrasts)}"
        ).strip(),
    )


def effect_table(comparison: ExperimentComparison, found: ConditionComparison) -> Table:
    """Describe the standardised differences, and the differences that the runs can show."""
    labels = _labels(comparison)
    return Table(
        title=f"Effect sizes against {labels[0]}, and detectable differences",
        columns=(Column("condition", text=True), Column("Hedges' g [95 %]"), Column("detectable difference")),
        rows=tuple((labels[each.condition], measured(each.hedges_g), each.detectable) for each in found.contrasts),
        note=(
            "Hedges' g divides the difference by the root of the mean variance of the runs of both conditions. "
            "Detectable: the smallest true difference that these runs show with a power of 80 %, without correction."
        ),
    )


def equivalence_table(comparison: ExperimentComparison, found: ConditionComparison) -> Table:
    """Describe the equivalence tests and the conclusions."""
    labels = _labels(comparison)
    rows: list[tuple[Cell, ...]] = []
    for each in found.contrasts:
        test = each.equivalence
        ends = None if test is None else bracket(test.low, test.high)
        p_values = (None if test is None else test.p, each.equivalence_p_holm)
        rows.append((labels[each.condition], ends, *map(PValue, p_values), each.conclusion.value))
    return Table(
        title=f"Equivalence within {number(found.margin)}",
        columns=(
            Column("condition", text=True),
            Column("90 % interval"),
            Column("p"),
            Column("p, Holm"),
            Column("conclusion", text=True),
        ),
        rows=tuple(rows),
        note=(
            "Two one-sided t tests at 5 % (Schuirmann 1987, Lakens 2017). Without correction, equivalence is shown if "
            "the 90 % interval lies between the margins."
        ),
    )


def overall_table(found: ConditionComparison) -> Table:
    """Describe the test of all conditions. The comparison has three or more."""
    assert found.overall is not None
    test = found.overall
    reason = f"No test: {test.reason}." if test.reason else ""
    return Table(
        title="Test of all conditions",
        columns=(Column("test", text=True), Column("F"), Column("df"), Column("residual df"), Column("p")),
        rows=((test.test, test.f, *map(_df, (test.df, test.residual_df)), PValue(test.p)),),
        note=f"Hypothesis: the means of all conditions with several runs are equal. {reason}".strip(),
    )


def _df(value: float | None) -> str | None:
    if value is None or value.is_integer():
        return None if value is None else f"{value:.0f}"
    return significant(value, 3)


def _labels(comparison: ExperimentComparison) -> tuple[str, ...]:
    return tuple(each.label for each in comparison.conditions)
