"""Scores of methods on tasks, from the columns of a table."""

from collections.abc import Callable
from typing import Any

import pytest

from clau_doom.errors import ConfigError
from clau_doom.statistics.task_comparison import TaskScores
from clau_doom.table_analysis import DataTable, make_task_scores, task_generator

Make = Callable[..., DataTable]

METHODS = ["a", "a", "b", "b", "b"]
TASKS = ["x", "y", "x", "y", "y"]
SCORES = [1.0, 20.0, 3.0, 10.0, 30.0]


def scores(table: DataTable, normalize: str | None = None) -> TaskScores:
    return make_task_scores(table, response="score", method="method", task="task", normalize=normalize)


@pytest.fixture
def runs(table: Make) -> Callable[..., DataTable]:
    def made(**columns: Any) -> DataTable:
        return table(**({"method": METHODS, "task": TASKS, "score": SCORES} | columns))

    return made


def test_each_row_is_a_run_of_a_method_on_a_task(runs: Make) -> None:
    """Methods and tasks may have different numbers of runs."""
    found = scores(runs())
    assert (found.methods, found.tasks, found.normalized) == (("a", "b"), ("x", "y"), False)
    assert found.runs == (((1.0,), (20.0,)), ((3.0,), (10.0, 30.0)))
    assert found.means.tolist() == [[1.0, 3.0], [20.0, 20.0]]


def test_columns_of_references_scale_each_task(runs: Make) -> None:
    """By hand: x from 1 to 5, y from 40 to 0, as for an error, which is better if it is less."""
    found = scores(runs(low=[1, 40, 1, 40, 40], high=[5, 0, 5, 0, 0]), "low, high")
    assert found.normalized
    assert found.runs == (((0.0,), (0.5,)), ((0.5,), (0.75, 0.25)))


def test_the_range_scales_each_task(runs: Make) -> None:
    """The lowest score of a task becomes 0, the highest 1."""
    assert scores(runs(), "range").runs == (((0.0,), (0.5,)), ((1.0,), (0.0, 1.0)))


@pytest.mark.parametrize(
    ("columns", "normalize", "complaint"),
    [
        ({"task": ["x", "x", "x", "y", "y"]}, None, "no row has method 'a' and task 'y': each method needs a run of"),
        ({"task": ["x"] * 5}, None, "the task task has only one level, 'x'"),
        ({"score": [1, 2, "x", 4, 5]}, None, "row 3: the response score is not a number but 'x'"),
        ({}, "low", "normalize='low': give two columns as LOW,HIGH, or range"),
        ({}, "low,high", "t.csv has no column 'low'"),
        ({"low": [0, 1, 2, 1, 1], "high": [9] * 5}, "low,high", "low has several values in task 'x', such as 0 and 2"),
        ({"low": [0, None, 0, 1, 1], "high": [9] * 5}, "low,high", "the column low must have a number in each row"),
        ({"low": [0] * 5, "high": [9, 0, 9, 0, 0]}, "low,high", "in task 'y' both ends of the scale are 0"),
        ({"score": [1, 2, 1, 3, 4]}, "range", "in task 'x' both ends of the scale are 1"),
    ],
)
def test_unsuitable_columns_are_refused(
    runs: Make, columns: dict[str, Any], normalize: str | None, complaint: str
) -> None:
    """The message names the level and the remedy."""
    with pytest.raises(ConfigError) as refused:
        scores(runs(**columns), normalize)
    assert complaint in str(refused.value)


def test_columns_must_differ(runs: Make) -> None:
    """A column has one role."""
    with pytest.raises(ConfigError, match="must be three different columns"):
        make_task_scores(runs(), response="score", method="task", task="task")


def test_the_number_of_methods_is_limited(table: Make) -> None:
    """All pairs are compared."""
    many = [f"m{number}" for number in range(21)]
    with pytest.raises(ConfigError, match="method has 21 levels: over tasks, at most 20 are compared"):
        scores(table(method=many * 2, task=["x"] * 21 + ["y"] * 21, score=range(42)))


def test_repeated_analyses_draw_the_same_numbers() -> None:
    """The seed is fixed."""
    assert task_generator().random() == task_generator().random()
