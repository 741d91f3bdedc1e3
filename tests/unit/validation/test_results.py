"""Tests of the verdicts on simulated error rates."""

from pathlib import Path

import pytest

from validation.grid import Cell, grid
from validation.procedures import Groups
from validation.results import Result, markdown, read_results, verdict, write_result


def cell(procedure: str) -> Cell:
    return Cell(procedure=procedure, distribution="normal", groups=Groups(sizes=(10,)))


def result(errors: int, withheld: int = 0) -> Result:
    return Result(cell="c", result="r", tables=2000, withheld=withheld, errors=errors)


@pytest.mark.parametrize(
    ("procedure", "errors", "withheld", "expected"),
    [
        ("mean", 100, 0, "ok"),
        ("mean", 165, 0, "ok"),  # 8.25 %: the 99 % interval begins at 6.7 %
        ("mean", 180, 0, "high"),  # 9 %: it begins at 7.4 %
        ("mean", 30, 0, "low"),  # 1.5 %: it ends at 2.4 %
        ("superiority", 30, 0, "conservative"),
        ("table", 100, 0, "ok"),
        ("table", 170, 0, "high"),
        ("mean", 0, 1500, "withheld"),
        ("mean", 180, 1500, "high"),
    ],
)
def test_verdict(procedure: str, errors: int, withheld: int, expected: str) -> None:
    """A cell fails if the Clopper-Pearson interval of its rate lies outside the limits."""
    assert verdict(cell(procedure), result(errors, withheld)) == expected


def test_results_continue_after_an_interruption(tmp_path: Path) -> None:
    """Finished cells are read again; a line that was not written completely is ignored."""
    path = tmp_path / "results.jsonl"
    write_result(path, [result(100), result(90)])
    with path.open("a") as file:
        file.write('[{"cell": "d", "res')
    assert read_results(path) == {"c": [result(100), result(90)]}
    assert read_results(tmp_path / "missing.jsonl") == {}


def test_cells_have_unique_names() -> None:
    """The name of a cell seeds its random stream and marks it as finished."""
    names = [each.name for each in grid()]
    assert len({*names}) == len(names) > 400


def test_table_names_exceptions() -> None:
    """Verdicts are counted by procedure, and cells with too many errors are listed."""
    failing = cell("mean")
    found = markdown([failing], {failing.name: [result(300)]})
    assert "| interval of a mean | 0 | 0 | 0 | 0 | 1 |" in found
    assert "| interval of a mean | r | normal | n = 10 | 15.0 | 0 |" in found
