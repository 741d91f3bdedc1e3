"""Tests of the tables and sentences of contrasts."""

from clau_doom.analysis.contrast_blocks import contrast_sentence, contrast_table, contrast_tables
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
    assert "g_z = 1.17," in contrast_sentence(contrast, "Second", "first")


def test_independent_samples_have_no_effect_size_of_pairs() -> None:
    """R's effectsize: hedges_g(pooled_sd = FALSE) is 0.7964846."""
    contrast = _contrast(paired=False)
    effects = contrast_tables([contrast], ["second"])[0]
    assert [column.heading for column in effects.columns[2:4]] == ["difference", "g"]
    assert "g = 0.80," in contrast_sentence(contrast, "Second", "first")
    both = contrast_tables([contrast, _contrast(paired=True)], ["one", "other"])[0]
    assert [column.heading for column in both.columns[3:5]] == ["g_z", "g or g_av"]
