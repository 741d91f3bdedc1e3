"""Document of a comparison over scenarios, from two conditions on two scenarios."""

from clau_doom.analysis.document import Column, Paragraph, Table
from clau_doom.analysis.document_json import document_json
from clau_doom.analysis.scenario_document import scenario_document
from tests.unit.analysis.test_scenario_comparison import compared


def test_headline_counts_conditions_scenarios_and_runs() -> None:
    document = scenario_document(compared())
    assert (document.kind, document.title) == ("clau-doom comparison report", "2 conditions over 2 scenarios")
    assert document.subtitle == "8 experiments · basic, take_cover · baseline basic-a-1"
    assert document.introduction == (
        "2 conditions are compared over basic and take_cover by 8 runs. Each run is one value, the mean held-out "
        "fitness of its champion."
    )
    assert document.notices == ("Note: basic-a-2 was resumed.",)
    assert [*document_json(document)] == [
        "confidence",
        "baseline",
        "conditions",
        "runs",
        "remarks",
        "scales",
        "scenarios",
    ]


def test_section_begins_with_the_unit_and_the_scales() -> None:
    (section,) = scenario_document(compared()).sections
    assert (section.name, section.title) == ("scenarios", "Conditions over scenarios")
    note, scales = section.blocks[:2]
    assert note == Paragraph(text="A run is one value: the mean held-out fitness of its champion.", kind="note")
    assert isinstance(scales, Table)
    assert scales.title == "Scales of the scores"
    assert scales.columns == (
        Column("scenario", text=True),
        Column("fitness", text=True),
        Column("random play"),
        Column("best mean"),
        Column("of condition", text=True),
    )
    assert scales.rows == (("basic", "reward", 0.5, 4.5, "b"), ("take_cover", "survival", 1.0, 2.5, "a"))
    assert scales.note == (
        "Mean fitness on held-out seeds. The scores treat both ends of a scale as known. Their errors are not in the "
        "intervals."
    )
    assert section.cautions == (
        "The scale of the scores depends on these experiments: another condition can change it.",
        (
            "Tests over scenarios assume that these are a random sample of scenarios. Intervals of aggregates hold for "
            "these scenarios only."
        ),
    )
