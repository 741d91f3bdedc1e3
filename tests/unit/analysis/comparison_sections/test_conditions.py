"""Tests of the section about conditions and of the order of the sections."""

import pytest

from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.comparison_document import comparison_document, main_sections
from clau_doom.analysis.comparison_sections.conditions import describe
from clau_doom.analysis.document import Paragraph, Section, Table
from clau_doom.analysis.document_json import document_json
from clau_doom.analysis.report import render
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


def table(section: Section, title: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.title.startswith(title))


def text(section: Section) -> str:
    return "\n".join(block.text for block in section.blocks if isinstance(block, Paragraph))


def test_conclusion_is_the_same_in_all_renderers() -> None:
    """R: t.test(second, first, paired = TRUE) gives 0.8667 [0.3247, 1.4086] and p = 0.009255."""
    data = compared(FIRST, SECOND)
    (sentence,) = describe(data).summary
    assert sentence == (
        '"mutation = 0.1" is higher than "mutation = 0.0": difference 0.87 [0.32, 1.41] in mean reward '
        "(6 pairs of runs; paired t test, p = 0.009)."
    )
    document = comparison_document(data)
    assert text(describe(data)).startswith(sentence)
    assert document_json(document)["conclusions"] == [sentence]
    assert "6 pairs of runs" in render(document)
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
    row = table(section, "Equivalence within 1.00").rows[0]
    assert (row[0], row[1], row[4]) == ("mutation = 0.1", "[0.44, 1.29]", "different")
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
        assert "overlap" not in render(comparison_document(data)).lower()


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
