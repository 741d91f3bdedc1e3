"""Document of a comparison of methods over the tasks of a table."""

from clau_doom.analysis.document_json import document_json
from clau_doom.analysis.task_document import task_document
from tests.unit.analysis.test_task_rank_blocks import CLEAR, compared


def test_sections_and_json_of_a_table() -> None:
    document = task_document(
        compared(CLEAR[:5], control="a"),
        title="t.csv",
        rows="15 rows",
        scale="Higher scores are better.",
        about={"file": "t.csv"},
    )
    assert (document.kind, document.title, document.subtitle) == ("clau-doom report of a table", "t.csv", "15 rows")
    assert document.introduction == (
        "3 methods on 5 tasks. Each row of the table counts as one independent run. Higher scores are better."
    )
    assert [(section.name, section.title) for section in document.sections] == [
        ("aggregates", "Scores over all tasks"),
        ("profiles", "Performance profiles"),
        ("ranks", "Ranks over tasks"),
        ("pairs", "Comparisons of two methods"),
        ("scores", "Scores of the tasks"),
    ]
    assert document.sections[3].cautions == (
        (
            "Tests over tasks assume that these tasks are a random sample of tasks. Intervals of aggregates hold for "
            "these tasks only."
        ),
    )
    assert [*document_json(document)] == [
        "file",
        "methods",
        "friedman",
        "critical_difference",
        "groups",
        "control",
        "margin",
        "pairs",
        "control_ranks",
        "scores",
    ]
