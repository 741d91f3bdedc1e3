"""Tests of the section about conditions and of the order of the sections."""

from dataclasses import replace

import pytest

from clau_doom.analysis.charts import Colour, IntervalPlot
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.comparison_document import comparison_document, main_sections
from clau_doom.analysis.comparison_sections.conditions import describe
from clau_doom.analysis.document import Chart, Paragraph, Section, Table
from clau_doom.analysis.document_json import document_json
from clau_doom.analysis.report import render
from clau_doom.analysis.wording import cell_text
from clau_doom.domain.snapshot import Snapshot
from tests.support.stored_runs import comparison_of, learning_run

# Held-out rewards of the champions: every run has two episodes, at 1 below and 1 above its mean.
FIRST = [10.2, 11.5, 9.8, 12.4, 10.9, 11.1]
SECOND = [11.0, 12.9, 10.1, 13.3, 11.2, 12.6]


def runs(letter: str, means: list[float], seed: int = 1) -> list[Snapshot]:
    return [
        learning_run(f"{letter}{at}", [1.0, 2.0], seed=at, champion=(mean - 1.0, mean + 1.0))
        for at, mean in enumerate(means, seed)
    ]


def compared(*means: list[float], seed: int = 1, margin: float | None = None) -> ComparisonData:
    first, *others = zip("abc", means, strict=False)
    return comparison_of(runs(*first), *(runs(letter, each, seed) for letter, each in others), margin=margin)


def agents_of(data: ComparisonData) -> Section:
    return next(each for each in comparison_document(data).sections if each.name == "champion-contrasts")


def table(section: Section, title: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.title.startswith(title))


def text(section: Section) -> str:
    return "\n".join(block.text for block in section.blocks if isinstance(block, Paragraph))


def test_conclusion_is_the_same_in_all_renderers() -> None:
    """R: t.test(second, first, paired = TRUE) gives 0.8667 [0.3247, 1.4086] and p = 0.009255."""
    data = compared(FIRST, SECOND)
    (sentence,) = describe(data).summary
    assert sentence == (
        '"mutation = 0.1" has higher mean reward than "mutation = 0.0": difference 0.87 [0.32, 1.41] '
        "(6 pairs of runs; paired t test, p = 0.009)."
    )
    document = comparison_document(data)
    assert text(describe(data)).startswith(sentence)
    assert document_json(document)["conclusions"] == [sentence]
    assert render(document).count("6 pairs of runs") == 1
    assert document.summary[1:] == (sentence,)


def test_conditions_come_first_and_agents_are_details() -> None:
    data = compared(FIRST, SECOND)
    names = [section.name for section in comparison_document(data).sections]
    assert names[:2] == ["conditions", "variance-components"]
    assert names.index("champions") > names.index("anytime")
    assert "champion-contrasts" not in main_sections(data)


def test_one_run_of_a_condition_allows_no_conclusion() -> None:
    """The agents are compared instead, as agents."""
    data = compared(FIRST[:1], SECOND[:1])
    document = comparison_document(data)
    sentence = 'Nothing can be concluded about the methods: "mutation = 0.0" and "mutation = 0.1" have one run each.'
    assert document.summary[1] == sentence
    assert document_json(document)["conclusions"] == [sentence]
    assert "champion-contrasts" in main_sections(data)
    agents = next(section for section in document.sections if section.name == "champion-contrasts")
    assert agents.title == "Single agents: champions against a1-g001-a001"
    assert "is about these agents only" in text(agents)
    assert "gent b1-g001-a001" in text(agents)
    assert "gent b1-g001-a001" in document.summary[2]


def test_design_is_stated() -> None:
    assert "The seeds are blocks" in text(describe(compared(FIRST, SECOND)))
    assert "No two conditions have an experiment seed in common." in text(describe(compared(FIRST, SECOND, seed=7)))
    assert "mixed model of the runs with random seeds" in text(describe(compared(FIRST, SECOND, seed=3)))


def test_margin_adds_the_equivalence_tests() -> None:
    """R: one-sided paired tests with mu = 1 and mu = -1; the larger p-value is 0.2774."""
    section = describe(compared(FIRST, SECOND, margin=1.0))
    found = table(section, "Margin of ±1")
    assert (found.rows[0][0], found.rows[0][1], found.rows[0][4]) == (
        "mutation = 0.1",
        "[0.44, 1.29]",
        "different from 0",
    )
    assert "The margin is ±1 in mean reward." in found.note
    assert any("but not a difference beyond ±1: its relevance is open." in each for each in section.cautions)
    assert "--equivalence 1.0" in render(comparison_document(compared(FIRST, SECOND, margin=1.0)))


def test_three_conditions_have_a_test_of_all() -> None:
    section = describe(compared(FIRST, SECOND, [mean + 0.5 for mean in SECOND[:5]] + [9.0]))
    assert table(section, "Test of all conditions").rows[0][0] == "F test in complete blocks"
    assert "Holm's correction (1979) covers 2 comparisons" in table(section, "Contrasts with").note


def test_settings_table_has_the_values_of_both() -> None:
    section = describe(compared(FIRST, SECOND))
    assert table(section, "Settings that differ").rows == (("mutation = 0.1", "evolution.mutation", "0.0", "0.1"),)


def test_no_text_judges_overlapping_intervals() -> None:
    """The paired difference is the test, not the overlap of two intervals."""
    for data in (compared(FIRST, SECOND), compared(FIRST[:1], SECOND[:1])):
        text = render(comparison_document(data)).lower()
        assert text.count("overlap") == text.count("an overlap of these intervals is not the test of a difference") == 1


@pytest.mark.parametrize(
    ("number", "expected"),
    [(2, "has 2 runs: 5 or more of each are recommended. Fewer than 10 "), (5, "has 5 runs. Fewer than 10 "), (10, "")],
)
def test_few_runs_are_a_caution(number: int, expected: str) -> None:
    """The caution stands in the section, too, because the terminal shows sections only."""
    means = [*FIRST, *SECOND][:number]
    section = describe(compared(means, [mean + 1.0 for mean in means]))
    shown = [block.text for block in section.blocks if isinstance(block, Paragraph) and block.kind == "caution"]
    assert shown == [*section.cautions[:-1]]
    assert [expected in text for text in shown] == ([True] if expected else [])


def test_pairs_of_runs_are_listed() -> None:
    found = table(describe(compared(FIRST, SECOND)), "Runs by experiment seed")
    assert [column.heading for column in found.columns] == ["seed", "mutation = 0.0", "mutation = 0.1", "difference"]
    assert [cell_text(cell) for cell in found.rows[0]] == ["1", "10.20", "11.00", "0.80"]
    assert len(found.rows) == 6


@pytest.mark.parametrize(("others", "seed"), [(15, 1), (6, 7), (6, 3)])
def test_long_comparisons_and_other_seeds_have_no_list_of_pairs(others: int, seed: int) -> None:
    """The table has 30 runs at most, and needs the same seeds in all conditions."""
    means = [10.0 + at % 7 / 10.0 for at in range(others)]
    data = compared(means + [9.0] * (others == 15), [mean + at % 3 for at, mean in enumerate(means)] + [9.5], seed=seed)
    titles = [block.title for block in describe(data).blocks if isinstance(block, Table)]
    assert "Runs by experiment seed" not in titles


def test_headline_compares_runs_of_conditions() -> None:
    document = comparison_document(compared(FIRST, SECOND))
    assert document.title == "mutation = 0.1 against mutation = 0.0"
    assert document.introduction.startswith(
        '6 runs of "mutation = 0.1" are compared with 6 runs of "mutation = 0.0", paired by experiment seed, on'
    )
    labels = [(fact.label, fact.value) for fact in document.facts]
    # The mean of FIRST is 65.9 / 6.
    assert labels == [
        ("mean reward, mutation = 0.1 less mutation = 0.0", "0.87"),
        ("mean reward of mutation = 0.0", "11.0"),
    ]
    independent = comparison_document(compared(FIRST, SECOND, seed=7)).introduction
    assert "paired by" not in independent


def test_episodes_of_a_run_are_stated_for_each_condition_if_they_differ() -> None:
    """Runs have one training episode for each agent, four validation episodes for each generation and two held-out."""
    one, two = learning_run("a1", [1.0, 2.0]), learning_run("a2", [1.0, 2.0], seed=2)
    longer = [learning_run("b1", [1.0, 2.0, 3.0]), learning_run("b2", [1.0, 2.0], seed=2)]
    equal = describe(comparison_of([one, two], [learning_run("b1", [1.0, 2.0])]))
    assert "Episodes of each run: 4 in training, 8 in validation and 2 held-out ones of the champion." in text(equal)
    differing = describe(comparison_of([one, two], longer))
    assert (
        'Episodes of each run: 4 in training, 8 in validation and 2 held-out ones of the champion in "mutation = 0.0"; '
        '4 to 9 in training, 8 to 12 in validation and 2 held-out ones of the champion in "mutation = 0.1".'
    ) in text(differing)


def test_champions_are_compared_within_seeds() -> None:
    """Each champion is compared with the one of the same seed; a sentence counts the shown differences."""
    agents = agents_of(compared(FIRST, SECOND))
    assert agents.title == "Single agents: champions within seeds"
    assert '6 champions are compared with the champion of the same seed in "mutation = 0.0".' in text(agents)
    tests = table(agents, "Tests and sample sizes")
    assert [row[0] for row in tests.rows] == [f"b{at} less a{at}" for at in range(1, 7)]
    assert agents_of(compared(FIRST, SECOND, seed=7)).title.endswith("against a1-g001-a001")


def test_detectable_difference_is_next_to_the_margin() -> None:
    """R: power.t.test(sd = sd(second - first), power = 0.8, type = "paired", strict = TRUE) with n = 6 or delta = 0.5.

    They give delta = 0.7408 and n = 10.5.
    """
    section = describe(compared(FIRST, SECOND, margin=0.5))
    found = table(section, "Detectable differences")
    assert [column.heading for column in found.columns][1:] == ["detectable difference", "margin", "pairs for ±0.5"]
    assert [cell_text(cell) for cell in found.rows[0][1:]] == ["0.741", "±0.5", "11"]
    assert "above the margin of 0.5" in text(section)
    assert "above the margin" not in text(describe(compared(FIRST, SECOND, margin=1.0)))
    without = table(describe(compared(FIRST, SECOND)), "Detectable differences")
    assert [column.heading for column in without.columns] == ["condition", "detectable difference"]


def test_correlation_of_pairs_is_given() -> None:
    """R: cor.test(second, first) gives 0.9340 [0.5062, 0.9929]."""
    found = table(describe(compared(FIRST, SECOND)), "Effect sizes")
    assert cell_text(found.rows[0][2]) == "0.93 [0.51, 0.99]"
    independent = table(describe(compared(FIRST, SECOND, seed=7)), "Effect sizes")
    assert [column.heading for column in independent.columns] == ["condition", "Hedges' g [95 %]"]


def test_test_of_means_colours_the_probability_of_improvement() -> None:
    """Two held-out episodes of each champion allow no test, so that all rows are grey."""
    data = compared(FIRST, SECOND)
    shown = replace(data.comparison.contrasts[0], p_holm=0.04)
    changed = replace(data, comparison=replace(data.comparison, contrasts=(shown, *data.comparison.contrasts[1:])))
    for each, colour in ((data, Colour.GREY), (changed, Colour.RED)):
        charts = [block for block in agents_of(each).blocks if isinstance(block, Chart)]
        assert [chart.name for chart in charts] == ["champion-contrasts", "improvement"]
        for chart in charts:
            assert isinstance(chart.plot, IntervalPlot)
            assert [row.colour for row in chart.plot.rows] == [colour, *[Colour.GREY] * 5]
        assert "The t test of the mean difference decides whether a difference is shown." in charts[1].caption
