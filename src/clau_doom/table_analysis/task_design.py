"""Design of a comparison over tasks: scores of methods' runs on several tasks, from the columns of a table."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clau_doom.errors import ConfigError
from clau_doom.parameter_names import argument, parameter
from clau_doom.statistics.task_comparison import MOST_METHODS, TaskScores
from clau_doom.table_analysis.design import Factor, make_factor, response_values
from clau_doom.table_analysis.table import DataTable

__all__ = ["RANGE", "make_task_scores", "task_generator"]

RANGE = "range"
"""Normalisation by the lowest and the highest score of each task."""

_SEED = 1

_Values = NDArray[np.float64]


def task_generator() -> np.random.Generator:
    """Return a generator with a fixed seed, so that repeated analyses of a table have equal results."""
    return np.random.default_rng(_SEED)


def make_task_scores(
    table: DataTable, *, response: str, method: str, task: str, normalize: str | None = None
) -> TaskScores:
    """Return the scores of a table. Each row is one run of a method on a task.

    Args:
        table: The selected rows.
        response: The column of scores, the higher the better.
        method: The column of methods.
        task: The column of tasks.
        normalize: Scale of the scores: two columns as ``LOW,HIGH``, whose values become 0 and 1 in each task, or
            `RANGE`. None: the scores are not normalised.

    Raises:
        ConfigError: A column is missing or unsuitable, there are too many methods, a method has no run of a task, or
            the scores of a task cannot be normalised.
    """
    if len({response, method, task}) < 3:
        raise ConfigError(f"response {response!r}, factor {method!r} and task {task!r} must be three different columns")
    values = response_values(table.column(response), table)
    methods = make_factor(table.column(method), table, "factor")
    tasks = make_factor(table.column(task), table, "task")
    if len(methods.levels) > MOST_METHODS:
        count = len(methods.levels)
        raise ConfigError(
            f"{method} has {count} levels: over tasks, at most {MOST_METHODS} are compared; select some with "
            f"{parameter('where')}"
        )
    _check_cells(methods, tasks)
    if normalize is not None:
        values = _normalized(values, tasks, table, normalize)
    runs = tuple(
        tuple(
            tuple(values[(methods.codes == method_code) & (tasks.codes == task_code)].tolist())
            for task_code in range(len(tasks.levels))
        )
        for method_code in range(len(methods.levels))
    )
    return TaskScores(methods=methods.levels, tasks=tasks.levels, runs=runs, normalized=normalize is not None)


def _check_cells(methods: Factor, tasks: Factor) -> None:
    counts = np.zeros((len(methods.levels), len(tasks.levels)), dtype=int)
    np.add.at(counts, (methods.codes, tasks.codes), 1)
    for method, task in np.argwhere(counts == 0).tolist():
        raise ConfigError(
            f"no row has {methods.name} {methods.levels[method]!r} and {tasks.name} {tasks.levels[task]!r}: each "
            f"method needs a run of each task; exclude the method or the task with {parameter('where')}"
        )


def _normalized(values: _Values, tasks: Factor, table: DataTable, normalize: str) -> _Values:
    low, high = _range(values, tasks) if normalize == RANGE else _references(table, tasks, _reference_names(normalize))
    for code, level in enumerate(tasks.levels):
        if low[code] == high[code]:
            raise ConfigError(
                f"{argument('normalize', normalize)}: in {tasks.name} {level!r} both ends of the scale are "
                f"{low[code]:g}; exclude the task with {parameter('where')}"
            )
    found: _Values = (values - low[tasks.codes]) / (high - low)[tasks.codes]
    return found


def _range(values: _Values, tasks: Factor) -> tuple[_Values, _Values]:
    groups = [values[tasks.codes == code] for code in range(len(tasks.levels))]
    return np.array([group.min() for group in groups]), np.array([group.max() for group in groups])


def _reference_names(normalize: str) -> tuple[str, str]:
    names = [name.strip() for name in normalize.split(",")]
    if len(names) != 2 or not all(names):
        raise ConfigError(f"{argument('normalize', normalize)}: give two columns as LOW,HIGH, or {RANGE}")
    return names[0], names[1]


def _references(table: DataTable, tasks: Factor, names: Sequence[str]) -> tuple[_Values, _Values]:
    """Return the values of two columns in each task."""
    found = []
    for name in names:
        values, text = table.column(name).floats()
        if text is not None or not np.isfinite(values).all():
            raise ConfigError(f"{parameter('normalize')}: the column {name} must have a number in each row")
        for code, level in enumerate(tasks.levels):
            different = np.unique(values[tasks.codes == code])
            if len(different) > 1:
                raise ConfigError(
                    f"{parameter('normalize')}: {name} has several values in {tasks.name} {level!r}, such as "
                    f"{different[0]:g} and {different[1]:g}; it must have one for each task"
                )
        found.append(np.array([values[tasks.codes == code][0] for code in range(len(tasks.levels))]))
    return found[0], found[1]
