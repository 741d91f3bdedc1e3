"""Tests of the section about the reproduction of compared experiments."""

from dataclasses import replace

from clau_doom.analysis.comparison_sections.reproduction import describe
from clau_doom.analysis.document import Marked, Section, Table
from clau_doom.config import EvolutionConfig, ExperimentConfig, GeneticConfig, RandomSearchConfig
from tests.support.stored_runs import comparison_of, learning_run


def _described() -> Section:
    """A genetic algorithm with a mutation rate of 0.3 against random search."""
    data = comparison_of([learning_run("a1", [1.0, 2.0])], [learning_run("b1", [1.0, 2.0])])
    strategies: tuple[EvolutionConfig, ...] = (
        GeneticConfig(kind="genetic", mutation=0.3),
        RandomSearchConfig(kind="random"),
    )
    return describe(
        replace(
            data,
            experiments=tuple(
                replace(stored, config=ExperimentConfig(name=stored.snapshot.experiment.id, evolution=strategy))
                for stored, strategy in zip(data.experiments, strategies, strict=True)
            ),
        )
    )


def _settings(section: Section) -> Table:
    table = section.blocks[0]
    assert isinstance(table, Table)
    return table


def test_all_settings_of_each_condition_are_listed() -> None:
    """A shared value has one row. A setting that one condition lacks has a row for each."""
    rows = _settings(_described()).rows
    assert ("population", "all", "50") in rows
    assert ("holdout.validation", "all", "20") in rows
    assert [row for row in rows if row[0] in {"evolution.kind", "evolution.mutation"}] == [
        ("evolution.kind", "mutation = 0.0", Marked("genetic")),
        ("evolution.kind", "mutation = 0.1", Marked("random")),
        ("evolution.mutation", "mutation = 0.0", Marked("0.3")),
        ("evolution.mutation", "mutation = 0.1", Marked(None)),
    ]


def test_fields_that_runs_of_a_condition_may_differ_in_are_left_out() -> None:
    paths = {str(row[0]) for row in _settings(_described()).rows}
    assert not paths & {"name", "seed", "holdout.episodes", "max_duration"}
    assert not [path for path in paths if path.startswith(("execution.", "local.", "web."))]


def test_json_has_the_settings() -> None:
    settings = _described().data["condition_settings"]
    assert isinstance(settings, tuple)
    one, other = settings
    assert (one["evolution.mutation"], one["population"]) == ("0.3", "50")
    assert "evolution.mutation" not in other
