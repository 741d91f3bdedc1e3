"""Tests of the section about performance profiles."""

import pytest

from clau_doom.analysis.charts import Colour, XYPlot
from clau_doom.analysis.comparison_sections.performance_profiles import describe
from clau_doom.analysis.document import Chart, Section
from tests.support.stored_runs import comparison_of, learning_run


def _chart(section: Section) -> Chart:
    (chart,) = section.blocks
    assert isinstance(chart, Chart)
    return chart


def test_runs_of_a_condition_have_one_mean_curve() -> None:
    """By hand: above the threshold 0, the runs of the first condition have 4, 5, 7, 9 and 10 of 10 episodes: 0.7.

    The interval is over runs. R: plogis(qlogis(.7) + c(-1, 1) * qt(.975, 4) * sd(x) / sqrt(5) / .21).
    """
    above = {1: 4, 2: 5, 3: 7, 4: 9, 5: 10}
    groups = [
        [
            learning_run(f"{letter}{seed}", [1.0], seed=seed, champion=[1.0] * many + [0.0] * (10 - many))
            for seed, many in above.items()
        ]
        for letter in "ab"
    ]
    section = describe(comparison_of(*groups))
    plot = _chart(section).plot
    assert isinstance(plot, XYPlot)
    first, second = plot.panels[0].series
    assert (first.label, first.colour, second.colour) == ("mutation = 0.0", Colour.RED, Colour.BLUE)
    assert first.points[0] == pytest.approx((0.0, 0.7))
    _, low, high = first.band[0]
    assert low == pytest.approx(0.3407065618)
    assert high == pytest.approx(0.9133104769)
    assert first.points[-1][1] == 0.0
    assert first.band[-1][1:] == (None, None)
    assert "over runs" in _chart(section).caption
    assert "condition_profiles" in section.data


def test_single_runs_have_the_profiles_of_their_champions() -> None:
    section = describe(comparison_of([learning_run("a1", [1.0])], [learning_run("b1", [1.0])]))
    plot = _chart(section).plot
    assert isinstance(plot, XYPlot)
    assert [(each.label, each.colour) for each in plot.panels[0].series] == [("a1", Colour.RED), ("b1", Colour.BLUE)]
