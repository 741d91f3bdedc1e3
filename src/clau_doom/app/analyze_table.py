"""Analysis of any table: ANOVA of one to four factors, or a comparison of methods over tasks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from clau_doom.analysis.document import Document
from clau_doom.analysis.task_document import task_document
from clau_doom.app.table_document import table_document
from clau_doom.errors import ConfigError
from clau_doom.parameter_names import argument, parameter
from clau_doom.statistics.task_comparison import TaskComparison, compare_over_tasks
from clau_doom.table_analysis import (
    METHODS,
    DataTable,
    Method,
    SumsOfSquares,
    analyze_design,
    make_design,
    make_task_scores,
    rows_where,
    task_generator,
)

__all__ = ["TableQuestion", "describe_table"]

_SQUARES: tuple[SumsOfSquares, ...] = get_args(SumsOfSquares)


@dataclass(frozen=True, kw_only=True)
class TableQuestion:
    """Columns of a table and the method of their analysis.

    Attributes:
        response: Column of numbers.
        factors: One to four columns of groups. With `task`, one column of methods.
        where: Condition that selects rows. None: all rows.
        block: Column of blocks, or None.
        covariates: Columns of numbers with a linear effect.
        task: Column of tasks, for a comparison of methods over tasks. None: an analysis of factors.
        normalize: Scale of the scores with `task`; see `make_task_scores`.
        baseline: Method that the others are compared with, with `task`. None: all pairs.
        method: One of `METHODS`.
        sums_of_squares: Type for the method ``classical``.
        order: Column with the order of the rows, for a test of independence. None: no test.
        margin: Smallest difference of interest, for equivalence tests. None: no such tests.

    Raises:
        ConfigError: A value is unknown, or does not fit another one.
    """

    response: str
    factors: tuple[str, ...]
    where: str | None = None
    block: str | None = None
    covariates: tuple[str, ...] = ()
    task: str | None = None
    normalize: str | None = None
    baseline: str | None = None
    method: Method = "default"
    sums_of_squares: SumsOfSquares = "III"
    order: str | None = None
    margin: float | None = None

    def __post_init__(self) -> None:
        for name, value, known in (
            ("test", self.method, METHODS),
            ("sums_of_squares", self.sums_of_squares, _SQUARES),
        ):
            if value not in known:
                raise ConfigError(f"{argument(name, value)}: choose one of {', '.join(known)}")
        if self.task is None:
            self._refuse_without_task()
        else:
            self._refuse_with_task()

    def _refuse_without_task(self) -> None:
        for name, value in (("normalize", self.normalize), ("baseline", self.baseline)):
            if value is not None:
                needed = parameter("task", metavar="COLUMN")
                raise ConfigError(f"{parameter(name)} needs {needed}: add it, or omit {parameter(name)}")

    def _refuse_with_task(self) -> None:
        task = parameter("task")
        if len(self.factors) != 1:
            one = parameter("factors", option="factor", metavar="COLUMN")
            raise ConfigError(f"{task} needs exactly one {one}, the methods")
        given = {
            parameter("block"): self.block is not None,
            parameter("covariates", option="covariate"): bool(self.covariates),
            parameter("order"): self.order is not None,
            parameter("test"): self.method != "default",
            parameter("sums_of_squares"): self.sums_of_squares != "III",
        }
        for name, has in given.items():
            if has:
                raise ConfigError(f"{name} excludes {task}: omit one of them")


def describe_table(table: DataTable, question: TableQuestion, *, source: str | None) -> Document:
    """Analyse a table, and describe the results.

    Args:
        table: The table.
        question: The columns and the method.
        source: File of the table, for JSON. None: the table is not from a file.

    Raises:
        ConfigError: The columns do not allow the analysis. The message names the remedy.
    """
    where = question.where
    chosen = table if where is None else rows_where(table, where)
    rows = f"{len(chosen)} rows of {table.name}" + (f" where {where}" if where else "")
    about: dict[str, object] = {"data": source, "where": where, "rows": len(chosen)}
    if question.task is not None:
        return _task_document(chosen, question, question.task, rows, about)
    design = make_design(
        chosen,
        response=question.response,
        factors=question.factors,
        block=question.block,
        covariates=question.covariates,
    )
    analysis = analyze_design(
        design,
        question.method,
        sums_of_squares=question.sums_of_squares,
        order=None if question.order is None else _order(chosen, question.order),
        margin=question.margin,
    )
    return table_document(design, analysis, rows=rows, about=about)


def _order(table: DataTable, name: str) -> NDArray[np.float64]:
    """Return the values of the column that orders the rows.

    Raises:
        ConfigError: It is not a column of numbers without missing values.
    """
    values, text = table.column(name).floats()
    if text is not None or not all(map(math.isfinite, values.tolist())):
        raise ConfigError(f"{argument('order', name)}: the column must have a number in each row")
    return values


def _task_document(
    chosen: DataTable, question: TableQuestion, task: str, rows: str, about: Mapping[str, object]
) -> Document:
    (method,) = question.factors
    return task_document(
        _compared(chosen, question, method, task),
        title=f"{question.response} by {method} over {task}",
        rows=rows,
        scale=_scale(question.normalize),
        about={
            **about,
            "response": question.response,
            "factor": method,
            "task": task,
            "normalize": question.normalize,
            "confidence": 0.95,
        },
    )


def _compared(chosen: DataTable, question: TableQuestion, method: str, task: str) -> TaskComparison:
    scores = make_task_scores(
        chosen, response=question.response, method=method, task=task, normalize=question.normalize
    )
    baseline = question.baseline
    if baseline is not None and baseline not in scores.methods:
        names = ", ".join(scores.methods)
        raise ConfigError(f"{argument('baseline', baseline)} is not a level of {method}: choose one of {names}")
    return compare_over_tasks(scores, task_generator(), control=baseline, margin=question.margin or 0.0)


def _scale(normalize: str | None) -> str:
    """Describe the scale of the scores."""
    if normalize is None:
        return "Higher scores are better. They are not normalised: means need tasks with a common scale."
    if normalize == "range":
        return "In each task, the lowest score is 0 and the highest 1."
    low, high = (name.strip() for name in normalize.split(","))
    return f"In each task, {low} is 0 and {high} is 1."
