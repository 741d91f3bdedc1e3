"""Tests of the section about anytime performance."""

from dataclasses import replace

from clau_doom.analysis.charts import IntervalPlot, XYPlot
from clau_doom.analysis.comparison_sections.anytime import describe
from clau_doom.analysis.document import Chart, Marked, Measured, Paragraph, PValue, Section, Share, Table
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.domain.budget import BudgetUnit
from tests.support.stored_runs import comparison_of, learning_run


def _described(*targets: float) -> Section:
    """Two conditions of two runs with generations of two episodes, the second run of condition 1 without progress."""
    data = comparison_of(
        [learning_run("a1", [1.0, 4.0], champion=(5.0, 5.0)), learning_run("a2", [1.0, 2.0], seed=2)],
        [learning_run("b1", [1.0, 3.0]), learning_run("b2", [1.0, 1.0], seed=2)],
    )
    return describe(replace(data, targets=targets))


def _chart(section: Section, name: str) -> Chart:
    (found,) = [block for block in section.blocks if isinstance(block, Chart) and block.name == name]
    return found


def test_table_has_expected_running_times_to_given_targets() -> None:
    """By hand: 2 is reached by a1 and a2 after 4 of 4 episodes, (4 + 4) / 2 = 4, and by b1 only, (4 + 4) / 1 = 8."""
    (table,) = [block for block in _described(2.0, 9.0).blocks if isinstance(block, Table)]
    assert [row[:5] for row in table.rows] == [
        ("2.00", "mutation = 0.0", Marked("2 of 2", "warning"), "1 of 2", "4"),
        ("2.00", "mutation = 0.1", Marked("1 of 2", "warning"), "0 of 2", "8"),
        ("9.00", "mutation = 0.0", "0 of 2", "0 of 2", "> 8"),
        ("9.00", "mutation = 0.1", "0 of 2", "0 of 2", "> 8"),
    ]
    assert {row[5] for row in table.rows} == {None}


def test_unit_of_running_times_and_areas_is_that_of_the_axis() -> None:
    """By tics, the run reaches 4 at the end of its second generation, after 700 + 900 tics."""
    data = comparison_of([learning_run("a1", [1.0, 4.0], tics=(700, 900))])
    section = describe(replace(data, targets=(4.0,), x=BudgetUnit.TICS))
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert (table.title, table.rows[0][4]) == (
        "Expected running time to targets, in tics of training episodes",
        "1,600",
    )
    assert "the tics of all runs are a lower bound" in table.note
    distribution, areas = _chart(section, "runtimes"), _chart(section, "areas")
    assert isinstance(distribution.plot, XYPlot)
    assert distribution.plot.label == "tics of training episodes"
    assert [column.heading for column in distribution.table.columns][2] == "tics"
    assert "from 700 to 1,600 tics of training episodes" in areas.caption
    first = section.blocks[0]
    assert isinstance(first, Paragraph)
    assert "counted in tics of training episodes" in first.text


def test_more_hits_than_champions_are_a_caution() -> None:
    """The champions of the runs have the held-out means 5, 1.5, 1.5 and 1.5."""
    cautions = [
        [block for block in _described(target).blocks if isinstance(block, Paragraph) and block.kind == "caution"]
        for target in (1.5, 2.0)
    ]
    assert cautions[0] == []
    (found,) = cautions[1]
    assert "noise of the validation fitness" in found.text


def test_five_runs_have_percentiles_of_restarts() -> None:
    """All runs reach 2 at the end of their second generation, after 4 episodes."""
    data = comparison_of([learning_run(f"a{seed}", [1.0, 2.0], seed=seed, champion=(2.0, 2.0)) for seed in range(1, 6)])
    (table,) = [block for block in describe(replace(data, targets=(2.0,))).blocks if isinstance(block, Table)]
    assert table.rows[0][2:] == ("5 of 5", "5 of 5", "4", "4 to 4")


def test_targets_follow_the_rule_by_default() -> None:
    """From 1, the mean of generation 0's best agents, to 5, the best champion's held-out mean."""
    section = _described()
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert [row[:3] for row in table.rows if row[2] == "mutation = 0.0"] == [
        (f"{1.0 + 4.0 * share:.2f}", Share(value=share), "mutation = 0.0")
        for share in (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
    ]
    caption = _chart(section, "runtimes").caption
    assert "51 targets at equal distances from 1.00, the mean of generation 0's best agents" in caption
    assert "to 5.00, the best champion's mean on held-out seeds" in caption


def test_range_of_the_targets_is_explained_at_the_table() -> None:
    """Given targets have no range."""
    by_rule, given = [
        next(block for block in _described(*targets).blocks if isinstance(block, Table)) for targets in ((), (2.0,))
    ]
    assert "0 % is 1.00, the mean of generation 0's best agents on validation seeds. 100 % is 5.00," in by_rule.note
    assert "the mean of the best of all compared champions on held-out seeds" in by_rule.note
    assert "Both ends follow from these runs" in by_rule.note
    assert "range" not in given.note


def test_budget_states_the_validation_episodes_that_it_leaves_out() -> None:
    """Each run has two or three validated agents with four episodes each."""
    section = _described()
    first = section.blocks[0]
    assert isinstance(first, Paragraph)
    assert "The budget is counted in training episodes" in first.text
    assert "no generation depends on them: 8 in these runs" in first.text
    longer = describe(comparison_of([learning_run("a1", [1.0, 4.0])], [learning_run("b1", [1.0, 3.0, 4.0])]))
    assert isinstance(longer.blocks[0], Paragraph)
    assert "8 to 12 in these runs" in longer.blocks[0].text


def test_distribution_is_a_step_function() -> None:
    """No target is reached before the first generation ends, after two episodes."""
    plot = _chart(_described(1.0, 4.0), "runtimes").plot
    assert isinstance(plot, XYPlot)
    one, other = plot.panels[0].series
    assert one.points == ((0.0, 0.0), (2.0, 0.0), (2.0, 0.5), (4.0, 0.5), (4.0, 0.75))
    assert other.points[-1] == (4.0, 0.5)
    assert (one.label, other.label) == ("mutation = 0.0", "mutation = 0.1")


def test_areas_and_their_differences_are_over_runs() -> None:
    """Mean heights 2.5 and 1.5 against 2 and 1: the pairs of equal seeds differ by -0.5 each, without variance."""
    section = _described(2.0)
    areas, differences = _chart(section, "areas"), _chart(section, "area-differences")
    assert isinstance(areas.plot, IntervalPlot)
    assert [row.values for row in areas.plot.rows] == [(2.5, 1.5), (2.0, 1.0)]
    assert areas.table.rows[0] == ("mutation = 0.0", 2, Measured(value=2.0, low=None, high=None), 1.5, 2.5)
    assert differences.table.rows == (
        ("mutation = 0.1", "2 pairs", Measured(value=-0.5, low=None, high=None), "paired t test", PValue(None)),
    )
    assert "all 2 values are equal" in differences.caption


def test_area_has_a_conclusion_for_the_summary() -> None:
    """R: t.test(c(-1, 2, 0.5)) has the p-value 0.622 and the interval 0.5 -+ 3.7266: no difference is shown."""
    section = describe(
        comparison_of(
            [learning_run(f"a{seed}", [1.0, 3.0], seed=seed) for seed in (1, 2, 3)],
            [
                learning_run(f"b{seed}", [1.0, 3.0 + 2.0 * gain], seed=seed)
                for seed, gain in zip((1, 2, 3), (-1.0, 2.0, 0.5), strict=True)
            ],
        )
    )
    sentence = (
        'Anytime, exploratory: No difference between "mutation = 0.1" and "mutation = 0.0" is shown: 0.5 [-3.2, 4.2] '
        "in the mean reward of the champion so far over the training (3 pairs of runs; paired t test, p = 0.622)."
    )
    assert section.summary == section.data["area_conclusions"] == (sentence,)
    assert Paragraph(text=sentence) in section.blocks


def test_method_states_the_noise_and_that_it_is_exploratory() -> None:
    """Each half has one episode below and one above the mean, a standard error of 1: that of the mean is 1 / √2."""
    first = _described().blocks[0]
    assert isinstance(first, Paragraph)
    assert "standard error of 0.707 over the validation episodes" in first.text
    assert "exploratory" in first.text
    assert _described().cautions == ()


def test_different_lengths_are_a_caution() -> None:
    """More generations have more chances of a first hit by luck."""
    data = comparison_of([learning_run("a1", [1.0, 4.0])], [learning_run("b1", [1.0, 3.0, 4.0])])
    (caution,) = describe(data).cautions
    assert "differ in their numbers of generations" in caution


def test_unavailable_parts_state_the_reason() -> None:
    """Without progress there are no targets, and one generation has no area."""
    section = describe(comparison_of([learning_run("a1", [9.0])], [learning_run("b1", [9.0])]))
    reasons = [block.missing for block in section.blocks if isinstance(block, Unavailable)]
    assert len(reasons) == 2
    assert isinstance(section.data["targets"], Unavailable)
    assert section.data["runtimes"] == section.data["targets"]
