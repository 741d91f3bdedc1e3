"""Tests of the colours of conditions."""

from clau_doom.analysis.charts import Colour, IntervalPlot, XYPlot
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.comparison_document import comparison_document
from clau_doom.analysis.condition_colours import condition_colour
from clau_doom.analysis.document import Chart
from tests.support.stored_runs import comparison_of, learning_run


def _charts(data: ComparisonData) -> dict[str, Chart]:
    blocks = [block for section in comparison_document(data).sections for block in section.blocks]
    return {block.name: block for block in blocks if isinstance(block, Chart)}


def test_condition_has_one_colour_in_all_charts() -> None:
    """Runs have the colour of their condition if a condition has several runs."""
    groups = [
        [
            learning_run(f"{letter}{seed}", [1.0, 3.0 + seed], seed=seed, champion=(seed, seed + 1.0))
            for seed in (1, 2, 3)
        ]
        for letter in "ab"
    ]
    data = comparison_of(*groups)
    charts = _charts(data)
    for name in ("conditions", "areas"):
        plot = charts[name].plot
        assert isinstance(plot, IntervalPlot)
        assert [row.colour for row in plot.rows] == [Colour.RED, Colour.BLUE]
    for name in ("curves", "training-curves", "runtimes", "profiles"):
        plot = charts[name].plot
        assert isinstance(plot, XYPlot)
        labelled = {series.label: series.colour for series in plot.panels[0].series if series.label}
        assert labelled == {"mutation = 0.0": Colour.RED, "mutation = 0.1": Colour.BLUE}
    assert [data.colour(name) for name in ("a1", "a3", "b2")] == [Colour.RED, Colour.RED, Colour.BLUE]
    assert condition_colour(1) is Colour.BLUE


def test_single_runs_have_their_own_colours() -> None:
    data = comparison_of([learning_run("a1", [1.0])], [learning_run("b1", [1.0])], [learning_run("c1", [1.0])])
    assert [data.colour(name) for name in ("a1", "b1", "c1")] == [Colour.RED, Colour.BLUE, Colour.AMBER]


def test_margin_is_drawn_with_the_differences_of_conditions() -> None:
    groups = [[learning_run(f"{letter}{seed}", [1.0], seed=seed) for seed in (1, 2)] for letter in "ab"]
    names = [
        name for name, chart in _charts(comparison_of(*groups, margin=2.0)).items() if _limits(chart) == (-2.0, 2.0)
    ]
    assert len(names) == 1
    assert not any(map(_limits, _charts(comparison_of(*groups)).values()))


def _limits(chart: Chart) -> tuple[float, ...]:
    return chart.plot.limits if isinstance(chart.plot, IntervalPlot) else ()
