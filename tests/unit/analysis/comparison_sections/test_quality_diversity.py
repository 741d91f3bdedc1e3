"""Tests of the section about quality diversity."""

from collections.abc import Mapping
from dataclasses import replace

from clau_doom.analysis.charts import IntervalPlot
from clau_doom.analysis.comparison_data import ComparisonData
from clau_doom.analysis.comparison_sections.quality_diversity import describe
from clau_doom.analysis.document import Chart, Measured, Paragraph, Table
from clau_doom.analysis.elite_map import Cell, EliteMap, elite_map
from clau_doom.analysis.unavailable import Unavailable
from clau_doom.analysis.wording import cell_text
from clau_doom.config import DescriptorConfig
from clau_doom.domain import AgentRef, Fitness
from clau_doom.ports import StoredExperiment
from tests.support.stored_runs import comparison_of, learning_run


def _map(*fitnesses: float) -> EliteMap:
    axes = [DescriptorConfig(measure="movement", cells=10)]
    cells = [Cell(place=(at,), agent=AgentRef(0, at), fitness=fitness) for at, fitness in enumerate(fitnesses)]
    return elite_map(axes, cells, smallest=None, lowest=0.0)


def _data(archives: Mapping[str, EliteMap | Unavailable], fitness: str = "reward") -> ComparisonData:
    """Return two conditions of two runs with the seeds 1 and 2. The lowest training fitness of all agents is 0."""

    def find(stored: StoredExperiment) -> EliteMap | Unavailable:
        return archives[stored.snapshot.experiment.id]

    made = comparison_of(
        [learning_run("a1", [1.0, 2.0]), learning_run("a2", [1.0, 2.0], seed=2)],
        [learning_run("b1", [1.0, 2.0]), learning_run("b2", [1.0, 2.0], seed=2)],
    )
    return replace(made, find_archive=find, fitness=Fitness.named(fitness))


MAPS = {"a1": _map(1.0, 2.0), "a2": _map(4.0), "b1": _map(3.0, 3.0), "b2": _map(3.0, 2.0, 1.0)}


def test_conditions_are_compared_over_runs() -> None:
    """Scores 3 and 4 against 6 and 6, coverage 20 and 10 % against 20 and 30 %: pairs differ by 3, 2 and 0, 20."""
    section = describe(_data(MAPS))
    means, differences, runs = [block for block in section.blocks if isinstance(block, Table)]
    assert [tuple(map(cell_text, row)) for row in means.rows] == [
        ("mutation = 0.0", "2", "15.00", "3.50"),
        ("mutation = 0.1", "2", "25.00", "6.00"),
    ]
    ((condition, pairs, coverage, score),) = differences.rows
    assert (condition, pairs) == ("mutation = 0.1", "2 pairs")
    assert isinstance(coverage, Measured)
    assert isinstance(score, Measured)
    assert (round(coverage.value, 9), score.value) == (10.0, 2.5)
    assert coverage.low is not None
    assert score.low is not None
    assert [tuple(map(cell_text, row)) for row in runs.rows] == [
        ("a1", "mutation = 0.0", "1", "2", "20", "3.00"),
        ("a2", "mutation = 0.0", "2", "1", "10", "4.00"),
        ("b1", "mutation = 0.1", "1", "2", "20", "6.00"),
        ("b2", "mutation = 0.1", "2", "3", "30", "6.00"),
    ]
    assert section.data["quality_diversity"] == _data(MAPS).quality_diversity


def test_coverage_has_the_digits_of_its_interval() -> None:
    """R: m = 0.2; 100 * plogis(qlogis(m) -+ qt(.975, 4) * sd(x) / sqrt(5) / (m * (1 - m))) is 12.6 to 30.2."""
    maps = {f"a{seed}": _map(*[1.0] * cells) for seed, cells in enumerate((1, 2, 3, 2, 2), start=1)}
    data = comparison_of([learning_run(name, [1.0, 2.0], seed=int(name[1:])) for name in maps])
    section = describe(replace(data, find_archive=lambda stored: maps[stored.snapshot.experiment.id]))
    means, _ = [block for block in section.blocks if isinstance(block, Table)]
    assert [cell_text(row[2]) for row in means.rows] == ["20.0 [12.6, 30.2]"]
    chart, _ = [block for block in section.blocks if isinstance(block, Chart)]
    assert isinstance(chart.plot, IntervalPlot)
    assert [row.text for row in chart.plot.rows] == ["20.0 %"]


def test_one_cell_changes_the_coverage_of_a_large_archive() -> None:
    """One of 300 cells is 0.33 %."""
    maps = {name: replace(each, size=300, coverage=len(each.cells) / 300) for name, each in MAPS.items()}
    *_, runs = [block for block in describe(_data(maps)).blocks if isinstance(block, Table)]
    assert {cell_text(row[4]) for row in runs.rows} == {"0.3", "0.7", "1.0"}


def test_charts_show_the_runs() -> None:
    """Each run is a dot."""
    coverage, score = [block for block in describe(_data(MAPS)).blocks if isinstance(block, Chart)]
    assert isinstance(coverage.plot, IntervalPlot)
    assert isinstance(score.plot, IntervalPlot)
    assert [row.values for row in coverage.plot.rows] == [(0.2, 0.1), (0.2, 0.3)]
    assert [(row.label, row.values) for row in score.plot.rows] == [
        ("mutation = 0.0", (3.0, 4.0)),
        ("mutation = 0.1", (6.0, 6.0)),
    ]
    assert "2 of at least 5 values" in score.caption


def test_offset_is_stated() -> None:
    """The lowest fitness depends on the compared runs, and the smallest possible fitness does not."""
    (lowest, fixed) = (describe(_data(MAPS, fitness)).blocks[0] for fitness in ("reward", "kills"))
    assert isinstance(lowest, Paragraph)
    assert isinstance(fixed, Paragraph)
    assert "offset of all runs is 0, the lowest fitness of any agent of these runs" in lowest.text
    assert "offset of all runs is 0, the smallest possible fitness" in fixed.text
    assert "10 cells: movement (10 cells, 0 to 1.00)" in fixed.text


def test_run_without_an_archive_is_named() -> None:
    """All compared runs need an archive."""
    missing = Unavailable(missing="genetic does not keep an archive")
    section = describe(_data({**MAPS, "b1": missing}))
    assert section.blocks == (Unavailable(missing="b1 has no archive: genetic does not keep an archive"),)
    assert section.data["quality_diversity"] == section.blocks[0]
