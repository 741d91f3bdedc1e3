"""Charts and tables of the comparison of conditions."""

from clau_doom.analysis.charts import Colour, IntervalPlot, IntervalRow
from clau_doom.analysis.comparison import ExperimentComparison
from clau_doom.analysis.condition_colours import condition_colour
from clau_doom.analysis.condition_contrasts import ConditionComparison, ConditionContrast
from clau_doom.analysis.condition_wording import margin_text, runs_text
from clau_doom.analysis.document import Cell, Chart, Column, Fixed, Marked, PValue, Table, TextTable
from clau_doom.analysis.wording import bracket, count, measured, withheld, withheld_effects
from clau_doom.number_format import decimals_of, number_in_interval, significant
from clau_doom.statistics.blocked_groups import SeedDesign
from clau_doom.statistics.equivalence import ALPHA

__all__ = [
    "contrast_chart",
    "effect_table",
    "equivalence_table",
    "overall_table",
    "power_table",
    "seed_table",
    "test_table",
]


def contrast_chart(comparison: ExperimentComparison, found: ConditionComparison) -> Chart:
    """Describe the differences from the baseline's condition with their intervals and a line at 0."""
    labels, corrected = _labels(comparison), found.family > 1
    paired = found.design is SeedDesign.COMPLETE_BLOCKS
    return Chart(
        name="condition-contrasts",
        title=f"Conditions less {labels[0]}",
        caption=(
            f"Difference of the means of runs from {labels[0]}, with the 95 % interval of each comparison by itself."
            + (" The p-values are corrected for the number of comparisons, the intervals are not." if corrected else "")
        ),
        marks=f"Grey: no difference is shown ({'Holm-corrected ' if corrected else ''}p of 0.05 or more).",
        alt="Intervals of the differences with a line at 0; the table below has the numbers.",
        plot=IntervalPlot(
            label=f"difference of mean {comparison.fitness}",
            rows=tuple(_contrast_row(each, labels[each.condition]) for each in found.contrasts),
            reference=0.0,
            values_label="pair of runs" if paired else "",
            value_label="difference of the means" if paired else "",
            limits=() if found.margin is None else (-found.margin, found.margin),
            limits_label="" if found.margin is None else "margin of equivalence",
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
        colour=condition_colour(contrast.condition) if shown else Colour.GREY,
        value=difference.mean,
        low=difference.low,
        high=difference.high,
        text=number_in_interval(difference.mean, difference.low, difference.high),
        values=contrast.pair_differences,
    )


def test_table(comparison: ExperimentComparison, found: ConditionComparison) -> Table:
    """Describe the tests of the differences, and their correction."""
    labels, corrected = _labels(comparison), found.family > 1
    columns = (
        Column("condition", text=True),
        Column("runs"),
        Column("difference [95 %]"),
        Column("test", text=True),
        Column("df"),
        Column("p"),
        Column("p, Holm"),
    )
    rows = tuple(
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
    )
    width = len(columns) if corrected else len(columns) - 1
    correction = (
        f" Holm's correction (1979) covers {count(found.family, 'comparison')}: all conditions against the baseline's."
    )
    return Table(
        title=f"Contrasts with {labels[0]}: primary measure, mean {comparison.fitness}",
        columns=columns[:width],
        rows=tuple(row[:width] for row in rows),
        note=(
            f"Tests are two-sided.{correction if corrected else ''} "
            f"{withheld(each.result.difference for each in found.contrasts)}"
        ).strip(),
    )


def effect_table(comparison: ExperimentComparison, found: ConditionComparison) -> Table:
    """Describe the standardised differences, and the correlation of pairs."""
    labels, paired = _labels(comparison), found.design is SeedDesign.COMPLETE_BLOCKS
    correlations = " The correlation of the pairs is Pearson's, with Fisher's interval (1921)." if paired else ""
    return Table(
        title=f"Effect sizes against {labels[0]}",
        columns=(
            Column("condition", text=True),
            Column("Hedges' g [95 %]"),
            *([Column("correlation of pairs [95 %]")] if paired else []),
        ),
        rows=tuple(
            (labels[each.condition], measured(each.hedges_g), *([measured(each.correlation)] if paired else []))
            for each in found.contrasts
        ),
        note=(
            "Hedges' g divides the difference by the root of the mean variance of the runs of both conditions."
            f"{correlations} {withheld_effects(each.hedges_g for each in found.contrasts)} "
            f"{withheld(each.correlation for each in found.contrasts)}"
        ).strip(),
    )


def power_table(comparison: ExperimentComparison, found: ConditionComparison) -> Table:
    """Describe the differences that the runs can show, next to the margin."""
    labels, margin = _labels(comparison), found.margin
    needed = "" if margin is None else f"{_unit(found)} for {margin_text(margin)}"
    planned = f" {needed.capitalize()}: the number that would show a true difference of the margin with that power."
    return Table(
        title=f"Detectable differences from {labels[0]}",
        columns=(
            Column("condition", text=True),
            Column("detectable difference"),
            *([] if margin is None else [Column("margin"), Column(needed)]),
        ),
        rows=tuple(
            (
                labels[each.condition],
                each.detectable,
                *([] if margin is None else [margin_text(margin), each.needed]),
            )
            for each in found.contrasts
        ),
        note=(
            "Detectable: the smallest true difference that these runs would show with a power of 80 %, without "
            f"correction, if the observed standard deviation were the true one.{planned if needed else ''}"
        ),
    )


def _unit(found: ConditionComparison) -> str:
    return "pairs" if found.design is SeedDesign.COMPLETE_BLOCKS else "runs of each"


def equivalence_table(comparison: ExperimentComparison, found: ConditionComparison) -> Table:
    """Describe the tests against the margin and the conclusions."""
    assert found.margin is not None
    labels, margin = _labels(comparison), margin_text(found.margin)
    rows: list[tuple[Cell, ...]] = []
    for each in found.contrasts:
        ends = None if each.equivalence is None else bracket(each.equivalence.low, each.equivalence.high)
        p_values = (PValue(each.equivalence_p_holm), PValue(each.beyond_p_holm))
        rows.append((labels[each.condition], ends, *p_values, each.conclusion.value))
    p = "Holm p" if found.family > 1 else "p"
    return Table(
        title=f"Margin of {margin}: equivalence, and a difference beyond the margin",
        columns=(
            Column("condition", text=True),
            Column("90 % interval"),
            Column(f"{p}, within {margin}"),
            Column(f"{p}, beyond {margin}"),
            Column("conclusion", text=True),
        ),
        rows=tuple(rows),
        note=(
            f"The margin is {margin} in mean {comparison.fitness}. Within: two one-sided t tests at 5 % (Schuirmann "
            "1987, Lakens 2017); p is the larger one of both. Without correction, equivalence is shown if the 90 % "
            f"interval lies within {margin}. Beyond: a two-sided minimum-effect t test (Murphy and Myors 1999). "
            f"Without correction, it is shown if the 95 % interval lies outside of {margin}."
        ),
    )


def seed_table(comparison: ExperimentComparison, found: ConditionComparison) -> Table:
    """Describe the mean of each run by experiment seed, and the differences from the baseline's run of that seed."""
    scores = {row.id: row.fitness.mean for row in comparison.entrants}
    base, *others = comparison.conditions
    means = [
        {seed: scores[run] for seed, run in zip(each.seeds, each.experiments, strict=True)} for each in (base, *others)
    ]
    ends = [(each.result.difference.low, each.result.difference.high) for each in found.contrasts]
    widths = [(high - low) / 2.0 for low, high in ends if low is not None and high is not None]
    largest = max(abs(value) for each in means for value in each.values())
    fewest = 2 if largest < 1000.0 else 0  # as for numbers without an interval
    decimals = max(fewest, decimals_of(max(widths))) if widths and max(widths) > 0.0 else 2
    return Table(
        title="Runs by experiment seed",
        columns=(
            Column("seed"),
            *(Column(each.label) for each in (base, *others)),
            *(Column("difference" if len(others) == 1 else f"{each.label}, difference") for each in others),
        ),
        rows=tuple(
            (
                str(seed),
                *(Fixed(each[seed], decimals) for each in means),
                *(Fixed(each[seed] - means[0][seed], decimals) for each in means[1:]),
            )
            for seed in sorted(base.seeds)
        ),
        note="Held-out mean of each run's champion, and its difference from the baseline condition's run of the seed.",
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
