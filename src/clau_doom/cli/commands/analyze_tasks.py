"""Output of `clau-doom analyze --data --task`: comparison of methods over tasks, as text, JSON or HTML."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clau_doom.cli.document_output import print_document, write_report
from clau_doom.cli.table_options import SumsOfSquares, TableRequest, Test
from clau_doom.errors import ConfigError

if TYPE_CHECKING:
    from clau_doom.statistics.task_comparison import TaskComparison
    from clau_doom.table_analysis import DataTable

__all__ = ["TaskRequest", "analyze_tasks"]


@dataclass(frozen=True, kw_only=True)
class TaskRequest:
    """A comparison of methods over tasks.

    Attributes:
        control: Method that the others are compared with. None: all pairs are compared.
        report: HTML file to write, or None.
        force: Whether the report may replace another file.
    """

    control: str | None
    report: Path | None
    force: bool

    def refuse_without_task(self) -> None:
        """Refuse options of a comparison over tasks in an analysis without --task.

        Raises:
            ConfigError: One is given.
        """
        given = {"baseline": self.control, "report": self.report}
        for option, value in given.items():
            if value is not None:
                raise ConfigError(f"--{option} with --data needs --task COLUMN: add it, or omit --{option}")


def analyze_tasks(data: Path, table: TableRequest, tasks: TaskRequest, *, as_json: bool) -> None:
    """Compare the methods of a table over its tasks, and print the comparison.

    Args:
        data: The table.
        table: The columns; the factor's levels are the methods.
        tasks: The comparison.
        as_json: Whether to print JSON.

    Raises:
        ConfigError: The file cannot be read, its columns do not allow the comparison, or the report cannot be written.
    """
    response, method, task = _columns(table)
    from clau_doom.analysis.report import render
    from clau_doom.analysis.task_document import task_document
    from clau_doom.app.report import check_report_target
    from clau_doom.table_analysis import read_table, rows_where

    if tasks.report is not None:
        check_report_target(tasks.report, force=tasks.force)
    read = read_table(data, table.csv_options)
    chosen = read if table.where is None else rows_where(read, table.where)
    found = _compared(chosen, (response, method, task), table, tasks.control)
    document = task_document(
        found,
        title=f"{response} by {method} over {task}",
        rows=f"{len(chosen)} rows of {data.name}" + (f" where {table.where}" if table.where else ""),
        scale=_scale(table.normalize),
        about={
            "data": str(data),
            "where": table.where,
            "rows": len(chosen),
            "response": response,
            "factor": method,
            "task": task,
            "normalize": table.normalize,
            "confidence": 0.95,
        },
    )
    if tasks.report is not None:
        write_report(tasks.report, render(document))
    print_document(document, as_json=as_json)


def _columns(table: TableRequest) -> tuple[str, str, str]:
    """Return the columns of response, method and task.

    Raises:
        ConfigError: An option is missing, or does not fit --task.
    """
    if table.response is None or table.task is None or not table.factors or len(table.factors) > 1:
        raise ConfigError("--task needs --response COLUMN and exactly one --factor COLUMN, the methods")
    others = {
        "block": table.block,
        "covariate": table.covariates or None,
        "order": table.order,
        "test": None if table.method is Test.DEFAULT else table.method,
    }
    others["sums-of-squares"] = None if table.sums_of_squares is SumsOfSquares.III else table.sums_of_squares
    for option, value in others.items():
        if value is not None:
            raise ConfigError(f"--{option} excludes --task: omit one of them")
    return table.response, table.factors[0], table.task


def _compared(
    chosen: "DataTable", columns: tuple[str, str, str], table: TableRequest, control: str | None
) -> "TaskComparison":
    from clau_doom.statistics.task_comparison import compare_over_tasks
    from clau_doom.table_analysis import make_task_scores, task_generator

    response, method, task = columns
    scores = make_task_scores(chosen, response=response, method=method, task=task, normalize=table.normalize)
    if control is not None and control not in scores.methods:
        names = ", ".join(scores.methods)
        raise ConfigError(f"--baseline {control!r} is not a level of {method}: choose one of {names}")
    return compare_over_tasks(scores, task_generator(), control=control, margin=table.margin or 0.0)


def _scale(normalize: str | None) -> str:
    """Describe the scale of the scores."""
    if normalize is None:
        return "Higher scores are better. They are not normalised: means need tasks with a common scale."
    if normalize == "range":
        return "In each task, the lowest score is 0 and the highest 1."
    low, high = (name.strip() for name in normalize.split(","))
    return f"In each task, {low} is 0 and {high} is 1."
