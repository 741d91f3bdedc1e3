"""Tests of the tables and sentences of contrasts."""

from dataclasses import replace

import pytest

from clau_doom.analysis.charts import Colour, IntervalPlot
from clau_doom.analysis.contrast_blocks import contrast_chart, contrast_sentence, contrast_table, contrast_tables
from clau_doom.statistics.two_sample_comparison import Contrast, Sample, compare, holm

# Student's sleep data (R's `sleep`): hours gained by ten patients with each of two drugs.
_FIRST = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
_SECOND = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def _contrast(*, paired: bool) -> Contrast:
    ours = Sample(name="ours", seeds=tuple(range(10)), values=_SECOND)
    theirs = Sample(name="theirs", seeds=tuple(range(10)), values=_FIRST)
    return holm([compare(ours, theirs, pair=paired)])[0]


def test_effect_sizes_of_pairs_are_named() -> None:
    """R's effectsize: hedges_g(paired = TRUE) is 1.1739249."""
    contrast = _contrast(paired=True)
    rows = [str(row[0]) for row in contrast_table([contrast], ["second"]).rows]
    assert rows[2:4] == ["g_z", "g_av"]
    assert "g_z = 1.17," in contrast_sentence(contrast, "Second", "first", corrected=False)


def test_independent_samples_have_no_effect_size_of_pairs() -> None:
    """R's effectsize: hedges_g(pooled_sd = FALSE) is 0.7964846."""
    contrast = _contrast(paired=False)
    effects = contrast_tables([contrast], ["second"])[0]
    assert [column.heading for column in effects.columns[2:4]] == ["difference", "g"]
    assert "g = 0.80," in contrast_sentence(contrast, "Second", "first", corrected=False)
    both = contrast_tables([contrast, _contrast(paired=True)], ["one", "other"])[0]
    assert [column.heading for column in both.columns[3:5]] == ["g_z", "g or g_av"]


def test_effect_size_without_an_interval_has_the_reason() -> None:
    contrast = _contrast(paired=False)
    assert contrast.hedges_g is not None
    skewed = replace(contrast, hedges_g=replace(contrast.hedges_g, low=None, high=None))
    assert "without an interval: the values are too skewed" in contrast_table([skewed], ["second"]).note
    assert "too skewed" not in contrast_table([contrast], ["second"]).note


@pytest.mark.parametrize(("p_holm", "shown"), [(0.049, True), (0.473, False)])
def test_corrected_p_value_decides(p_holm: float, *, shown: bool) -> None:
    """R: the 95 % interval is 0.7001 to 2.4599. It excludes 0, but it is not corrected for several comparisons."""
    contrast = replace(_contrast(paired=True), p_holm=p_holm)
    sentence = contrast_sentence(contrast, "Second", "first", corrected=True)
    assert sentence.startswith("Second is ahead of first by" if shown else "No difference between second and first is")
    assert "1.58 [0.70, 2.46] (uncorrected 95 % interval, 10 pairs," in sentence
    assert f"Holm p = {p_holm:.3f} by paired t test" in sentence
    chart = contrast_chart([contrast, contrast], ["one", "other"], title="Leads", name="leads")
    plot = chart.plot
    assert (chart.title, chart.name) == ("Leads", "leads")
    assert isinstance(plot, IntervalPlot)
    assert {row.colour for row in plot.rows} == {Colour.RED if shown else Colour.GREY}


def test_single_comparison_has_no_correction() -> None:
    contrast = _contrast(paired=True)
    assert "Holm" not in contrast_sentence(contrast, "Second", "first", corrected=False)
    for count, expected in ((1, False), (2, True)):
        tests = contrast_tables([contrast] * count, ["second"] * count)[1]
        assert ("p, Holm" in [column.heading for column in tests.columns]) is expected
        assert ("Holm" in tests.note) is expected
        caption = contrast_chart([contrast] * count, ["second"] * count, title="Leads", name="leads").caption
        assert ("not corrected" in caption) is expected


def test_sample_size_is_for_the_margin() -> None:
    """R: power.t.test(delta = 1, sd = sd(second - first), power = 0.8, type = "paired", strict = TRUE): n = 13.9."""
    ours = Sample(name="ours", seeds=tuple(range(10)), values=_SECOND)
    theirs = Sample(name="theirs", seeds=tuple(range(10)), values=_FIRST)
    found = holm([compare(ours, theirs, margin=1.0)])
    tests = contrast_tables(found, ["second"], margin=1.0)[1]
    assert (tests.columns[-1].heading, tests.rows[0][-1]) == ("n for ±1", "14")
    assert "n: the pairs that would show a true difference of the margin, 1." in tests.note
    without = contrast_tables([_contrast(paired=True)], ["second"])[1]
    assert without.columns[-1].heading == "detectable difference"
