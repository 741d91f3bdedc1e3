"""Charts and tables of the comparison of conditions."""

import pytest

from clau_doom.analysis.charts import IntervalPlot
from clau_doom.analysis.comparison import ExperimentComparison
from clau_doom.analysis.condition_blocks import contrast_chart, power_table, seed_table
from clau_doom.analysis.condition_blocks import test_table as contrast_rows
from clau_doom.analysis.condition_contrasts import ConditionComparison
from clau_doom.analysis.document import Column
from tests.support.stored_runs import comparison_of, learning_run

# R: see test_blocked_groups.
FIRST = [10.2, 11.5, 9.8, 12.4, 10.9, 11.1]
SECOND = [11.0, 12.9, 10.1, 13.3, 11.2, 12.6]
THIRD = [9.1, 11.9, 9.5, 11.8, 9.9, 10.2]


def compared(
    *means: list[float], seed: int = 1, margin: float | None = None
) -> tuple[ExperimentComparison, ConditionComparison]:
    """Compare conditions. The first has the seeds from 1, the others those from `seed`."""
    rows = [
        [
            learning_run(f"{letter}{at}", [1.0], seed=at, champion=(mean - 1.0, mean + 1.0))
            for at, mean in enumerate(row, 1 if letter == "a" else seed)
        ]
        for letter, row in zip("abc", means, strict=False)
    ]
    comparison = comparison_of(*rows, margin=margin).comparison
    assert isinstance(comparison.condition_comparison, ConditionComparison)
    return comparison, comparison.condition_comparison


def test_chart_of_two_conditions_has_no_correction() -> None:
    chart = contrast_chart(*compared(FIRST, SECOND))
    assert (chart.name, chart.title, chart.marks) == (
        "condition-contrasts",
        "Conditions less mutation = 0.0",
        "Grey: no difference is shown (p of 0.05 or more).",
    )
    assert chart.caption == (
        "Difference of the means of runs from mutation = 0.0, with the 95 % interval of each comparison by itself."
    )
    assert chart.table.title == "Differences of the means of runs"
    assert chart.table.columns == (Column("condition", text=True), Column("runs"), Column("difference [95 %]"))
    assert [row[:2] for row in chart.table.rows] == [("mutation = 0.1", "6 pairs")]
    assert isinstance(chart.plot, IntervalPlot)
    assert (chart.plot.label, chart.plot.reference, chart.plot.limits) == ("difference of mean reward", 0.0, ())
    assert (chart.plot.values_label, chart.plot.value_label) == ("pair of runs", "difference of the means")


def test_chart_of_three_conditions_names_the_correction() -> None:
    chart = contrast_chart(*compared(FIRST, SECOND, THIRD, margin=0.5))
    assert chart.caption == (
        "Difference of the means of runs from mutation = 0.0, with the 95 % interval of each comparison by itself. "
        "The p-values are corrected for the number of comparisons, the intervals are not."
    )
    assert chart.marks == "Grey: no difference is shown (Holm-corrected p of 0.05 or more)."
    assert isinstance(chart.plot, IntervalPlot)
    assert (chart.plot.limits, chart.plot.limits_label) == ((-0.5, 0.5), "margin of equivalence")


def test_tests_of_two_and_of_three_conditions() -> None:
    """R: see test_blocked_groups. Holm's correction doubles the smaller p-value."""
    headings = ["condition", "runs", "difference [95 %]", "test", "df", "p"]
    two, three = contrast_rows(*compared(FIRST, SECOND)), contrast_rows(*compared(FIRST, SECOND, THIRD))
    assert [column.heading for column in two.columns] == headings
    assert [column.heading for column in three.columns] == [*headings, "p, Holm"]
    assert {column.heading for column in three.columns if column.text} == {"condition", "test"}
    assert two.title == three.title == "Contrasts with mutation = 0.0: primary measure, mean reward"
    assert two.note == "Tests are two-sided."
    assert three.note == (
        "Tests are two-sided. Holm's correction (1979) covers 2 comparisons: all conditions against the baseline's."
    )
    assert [(row[0], row[1], row[3], row[4]) for row in three.rows] == [
        ("mutation = 0.1", "6 pairs", "paired t test", "5"),
        ("mutation = 0.2", "6 pairs", "paired t test", "5"),
    ]


def test_degrees_of_freedom_have_three_digits() -> None:
    """R: t.test(second[1:5], first) has df = 6.91097506776."""
    (row,) = contrast_rows(*compared(FIRST, SECOND[:5], seed=7)).rows
    assert (row[1], row[3], row[4]) == ("5 and 6", "Welch's t test", "6.91")


@pytest.mark.parametrize(
    ("seed", "margin", "end"),
    [
        (1, None, ""),
        (1, 0.5, " Pairs for ±0.5: the number that would show a true difference of the margin with that power."),
        (7, 0.5, " Runs of each for ±0.5: the number that would show a true difference of the margin with that power."),
    ],
)
def test_power_is_for_planning(seed: int, margin: float | None, end: str) -> None:
    table = power_table(*compared(FIRST, SECOND, seed=seed, margin=margin))
    assert table.title == "Detectable differences from mutation = 0.0"
    assert table.note == (
        "Detectable: the smallest true difference that these runs would show with a power of 80 %, without "
        f"correction, if the observed standard deviation were the true one.{end}"
    )


def test_differences_of_several_conditions_are_named() -> None:
    table = seed_table(*compared(FIRST, SECOND, THIRD))
    assert [column.heading for column in table.columns] == [
        "seed",
        "mutation = 0.0",
        "mutation = 0.1",
        "mutation = 0.2",
        "mutation = 0.1, difference",
        "mutation = 0.2, difference",
    ]
    two = seed_table(*compared(FIRST, SECOND))
    assert [column.heading for column in two.columns] == ["seed", "mutation = 0.0", "mutation = 0.1", "difference"]
